"""How good and how fast maps are, beside scikit-learn's.

    python -m benchmarks.maps --sizes 100 1000 5000 20000

Models are sampled chain networks, distances OTMANN's of the default convention. "Stress" is Kruskal's stress-1,
"neighbours" the share of each model's 5 nearest that are among its 5 nearest on the map. Where there are more models
than --judged, both are judged on so many drawn from them; above the size where maps are laid out by landmarks only
distances to landmarks and among the judged are computed, as the product does. Seconds are without the distances.
scikit-learn is run up to --sklearn models, from the classical start and from a random one.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist
from sklearn.manifold import MDS

from remap_core.geometry.embedding.layout import LANDMARKS_ABOVE, choose_landmarks, embed, embed_landmarks, recompute
from remap_core.geometry.embedding.placement import place_newcomers
from remap_core.geometry.embedding.smacof import stress_1
from remap_core.geometry.otmann.distances import OtmannIndex, distances
from remap_core.space.architecture import Architecture
from remap_core.space.caps import Cap, Cost
from remap_core.space.markov.sampler import sample_architectures
from remap_core.space.markov.search_spaces import REMAP_2019

Floats = NDArray[np.float64]


def main() -> None:
    """Print a table for each size."""
    parser = argparse.ArgumentParser(description="How good and how fast maps are.")
    parser.add_argument("--sizes", type=int, nargs="*", default=[100, 1000, 5000, 20_000], help="models on the map")
    parser.add_argument("--sklearn", type=int, default=1000, help="models up to which scikit-learn is run too")
    parser.add_argument("--judged", type=int, default=2000, help="models on which stress and neighbours are judged")
    options = parser.parse_args()
    print("models  how                             seconds   stress  neighbours")
    for n in options.sizes:
        models = _sampled(n)
        if n > LANDMARKS_ABOVE:
            _by_landmarks(models, options.judged)
        else:
            _whole(models, options.judged, n <= options.sklearn)


def _whole(models: list[Architecture], judged: int, beside_sklearn: bool) -> None:
    given = distances(models)
    rows = _judges(len(models), judged)

    def report(how: str, lay_out: Callable[[], Floats]) -> Floats:
        points, seconds = _timed(lay_out)
        _print(len(models), how, seconds, points[rows], given[np.ix_(rows, rows)])
        return points

    points = report("SMACOF", lambda: embed(given).points)
    some = max(1, len(models) // 20)
    base = embed(given[some:, some:]).points
    report(f"{some} placed among the others", lambda: np.vstack((place_newcomers(given[:some, some:], base), base)))
    report("recomputed from there", lambda: recompute(given, points).points)
    if beside_sklearn:
        options = {"metric": "precomputed", "normalized_stress": True, "n_init": 1}
        classical, chance = MDS(**options, init="classical_mds"), MDS(**options, init="random", random_state=0)
        report("scikit-learn, classical start", lambda: np.asarray(classical.fit_transform(given)))
        report("scikit-learn, random start", lambda: np.asarray(chance.fit_transform(given)))


def _by_landmarks(models: list[Architecture], judged: int) -> None:
    landmarks = choose_landmarks(len(models), np.random.default_rng(0))
    to_landmarks = OtmannIndex([models[row] for row in landmarks]).distances_to(models)
    rows = _judges(len(models), judged)
    points, seconds = _timed(lambda: embed_landmarks(to_landmarks, landmarks).points)
    given = distances([models[row] for row in rows])
    _print(len(models), f"{len(landmarks)} landmarks", seconds, points[rows], given)
    alone, seconds = _timed(lambda: embed(given).points)
    _print(len(rows), "SMACOF of those judged alone", seconds, alone, given)


def _print(n: int, how: str, seconds: float, points: Floats, given: Floats) -> None:
    print(f"{n:6}  {how:30} {seconds:8.2f} {stress_1(points, given):8.4f} {_kept_neighbours(points, given):11.3f}")


def _kept_neighbours(points: Floats, given: Floats, k: int = 5) -> float:
    near = [_nearest(table, k) for table in (given, cdist(points, points))]
    return float(np.mean([len(np.intersect1d(one, other)) / k for one, other in zip(*near, strict=True)]))


def _nearest(table: Floats, k: int) -> NDArray[np.intp]:
    others = table + np.diag(np.full(len(table), np.inf))
    return np.argsort(others, axis=1, kind="stable")[:, :k]


def _judges(n: int, judged: int) -> NDArray[np.intp]:
    return choose_landmarks(n, np.random.default_rng(1), judged)


def _sampled(n: int) -> list[Architecture]:
    rng = np.random.default_rng(0)
    return sample_architectures(REMAP_2019, (1, 28, 28), 10, n, rng, caps=(Cap(Cost.PARAMETERS, 1_000_000),))


def _timed(call: Callable[[], Floats]) -> tuple[Floats, float]:
    started = time.perf_counter()
    result = call()
    return result, time.perf_counter() - started


if __name__ == "__main__":
    main()
