"""How fast distances are: OTMANN against a loop over POT's exact solver, predictions against scipy.

    python -m benchmarks.distances --sizes 100 1000 --crowds 1000 10000 --convention default

Models are sampled chain networks. The loop over pairs has every advantage: nodes and positions are made once, and the
costs of a pair are one numpy expression. It is timed on some pairs, in turns with ours, and the best turn counts;
"off by" is the largest relative difference. New models are compared with others that were prepared before.
"""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import pdist, squareform

from remap_core.geometry.otmann.components import chains_of
from remap_core.geometry.otmann.conventions import CONVENTIONS, Convention
from remap_core.geometry.otmann.distances import OtmannIndex, distances
from remap_core.geometry.otmann.nodes import Labels, nodes_of
from remap_core.geometry.otmann.reference import reference_cost
from remap_core.geometry.prediction_distances import PredictionIndex, prediction_distances
from remap_core.space.architecture import Architecture
from remap_core.space.caps import Cap, Cost
from remap_core.space.markov.sampler import sample_architectures
from remap_core.space.markov.search_spaces import REMAP_2019

TURNS = 3


def main() -> None:
    """Print the three tables."""
    options = _options()
    convention = CONVENTIONS[options.convention]
    print(f"OTMANN, convention {convention.name}, nu {convention.nu}, all pairs")
    print("models     pairs  seconds   pairs/s  POT loop/s  times faster   off by")
    for n in options.sizes:
        _all_pairs(n, convention, options.loop)
    print("\nOTMANN, one new model, milliseconds")
    print("others  prepare all  add one   median     95 %    worst")
    for n in options.crowds:
        _newcomers(n, convention)
    print(f"\nPredictions of {options.images:,} images, 10 classes, all pairs")
    print("models  seconds  scipy seconds  times faster    one new model")
    for n in options.sizes:
        _predictions(n, options.images)
    print(f"\nPeak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MB")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="How fast distances are.")
    parser.add_argument("--sizes", type=int, nargs="*", default=[100, 1000], help="models whose pairs are all compared")
    parser.add_argument(
        "--crowds", type=int, nargs="*", default=[1000, 10_000], help="models that a new one is compared with"
    )
    parser.add_argument("--loop", type=int, default=2000, help="pairs of each turn of the loop over POT")
    parser.add_argument("--images", type=int, default=10_000, help="validation images of the prediction distance")
    parser.add_argument("--convention", choices=list(CONVENTIONS), default="default")
    return parser.parse_args()


def _all_pairs(n: int, convention: Convention, loop: int) -> None:
    models = _sampled(n)
    labels = Labels(convention)
    chains = [chains_of([nodes_of(model, convention)], labels) for model in models]
    mismatches = labels.mismatches()
    some = np.random.default_rng(1).integers(0, n, (loop, 2))
    found, expected = np.zeros((n, n)), np.zeros(loop)

    def ours() -> None:
        found[:] = distances(models, convention, normalised=False)

    def by_loop() -> None:
        expected[:] = [reference_cost(chains[i], chains[j], mismatches, convention.nu) for i, j in some]

    seconds, loop_seconds = _best_of_turns(ours, by_loop)
    pairs = n * (n - 1) // 2
    rate, loop_rate = pairs / seconds, loop / loop_seconds
    off = (np.abs(found[some[:, 0], some[:, 1]] - expected) / np.maximum(expected, 1e-6)).max()
    print(f"{n:6} {pairs:9,} {seconds:8.2f} {rate:9,.0f} {loop_rate:11,.0f} {rate / loop_rate:13.1f} {off:8.0e}")


def _newcomers(n: int, convention: Convention) -> None:
    models, new = _sampled(n), _sampled(100, seed=2)
    index = OtmannIndex((), convention)
    prepare = _seconds(lambda: index.add(models))
    each = [_seconds(partial(index.distances_to, [model])) for model in new]
    add = _seconds(lambda: index.add(new[:1]))
    median, most, worst = np.quantile(each, (0.5, 0.95, 1.0))
    print(f"{n:6} {1e3 * prepare:12.0f} {1e3 * add:8.1f} {1e3 * median:8.1f} {1e3 * most:8.1f} {1e3 * worst:8.1f}")


def _predictions(n: int, images: int) -> None:
    rows: NDArray[np.uint8] = np.random.default_rng(0).integers(0, 10, (n, images), dtype=np.uint8)
    some = rows[: min(n, 100)]
    assert (prediction_distances(some) == squareform(pdist(some, "hamming"))).all()
    seconds, scipy_seconds = _best_of_turns(lambda: prediction_distances(rows), lambda: pdist(some, "hamming"))
    scipy_seconds *= n * (n - 1) / (len(some) * (len(some) - 1))
    index = PredictionIndex(rows)
    newcomer = min(_seconds(lambda: index.distances_to(rows[:1])) for _ in range(TURNS))
    times = scipy_seconds / seconds
    print(f"{n:6} {seconds:8.3f} {scipy_seconds:14.2f} {times:13.1f} {1e3 * newcomer:16.2f}")


def _sampled(n: int, seed: int = 0) -> Sequence[Architecture]:
    rng = np.random.default_rng(seed)
    return sample_architectures(REMAP_2019, (1, 28, 28), 10, n, rng, caps=(Cap(Cost.PARAMETERS, 1_000_000),))


def _best_of_turns(one: Callable[[], object], other: Callable[[], object]) -> tuple[float, float]:
    turns = [(_seconds(one), _seconds(other)) for _ in range(TURNS)]
    return min(turn[0] for turn in turns), min(turn[1] for turn in turns)


def _seconds(call: Callable[[], object]) -> float:
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
