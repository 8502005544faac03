"""Which surrogate predicts the accuracy of a network best from those that were trained.

    python -m benchmarks.surrogates digits.parquet quickdraw.parquet --known 20 40 80

Tables are made by `benchmarks.trained_table`. So many networks of each are known, the others are predicted; the table
shows Spearman's rank correlation with what they reached, the median absolute error in points, the share within the
80 % band (where there is one), and milliseconds, each the mean over random splits. The last columns replay the search:
trainings after 15 known ones until one of the three best networks with at most the median of parameters, by expected
improvement, median and 90th percentile.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import product
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy.stats import spearmanr
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import BayesianRidge

from benchmarks.otmann_process import MIN_MODELS, SCALES, SOFTENING, fit_surrogate
from benchmarks.trained_table import read_table
from remap_core.analysis.suggest.features import features_of
from remap_core.analysis.suggest.hypervolume import expected_excess
from remap_core.analysis.suggest.process import MIN_SCALE, NOISES, Kernel, fit_process, left_out
from remap_core.geometry.otmann.distances import distances
from remap_core.space.architecture import Architecture
from remap_core.space.text import layer_text

BAND = 1.2816
START = 15


class Table(NamedTuple):
    """Networks, with all that the surrogates look at, computed once."""

    networks: Sequence[Architecture]
    accuracy: np.ndarray
    value: np.ndarray  # negative logarithm of the error rate
    features: np.ndarray
    words: np.ndarray
    paths: np.ndarray
    otmann: np.ndarray


Predicted = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Mean, deviation of a value, and deviation of a training."""
Surrogate = Callable[[Table, np.ndarray, np.ndarray], Predicted]


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description="Which surrogate predicts accuracies best.")
    parser.add_argument("tables", type=Path, nargs="+")
    parser.add_argument("--known", type=int, nargs="+", default=[20, 40, 80])
    parser.add_argument("--splits", type=int, default=20)
    parser.add_argument("--searches", type=int, default=0)
    parser.add_argument("--only", nargs="*", default=list(SURROGATES))
    options = parser.parse_args()
    for path in options.tables:
        table = prepared(path)
        print(
            f"\n{path.stem}: {len(table.networks)} networks, {table.accuracy.min():.3f} to {table.accuracy.max():.3f}"
        )
        print(f"{'surrogate':18} known   rank   error   in band      ms" + "   search" * bool(options.searches))
        for name in options.only:
            for known in options.known:
                line = _line(table, SURROGATES[name], known, options.splits)
                search = ""
                if options.searches and known == options.known[0]:
                    search = _search_text(table, SURROGATES[name], options.searches)
                print(f"{name:18} {known:5}  {line}   {search}", flush=True)


def prepared(path: Path) -> Table:
    """A table with features, Weisfeiler-Lehman words, paths and distances."""
    networks, accuracy = read_table(path)
    return Table(
        networks,
        accuracy,
        -np.log(1 - accuracy + SOFTENING),
        features_of(networks),
        _counted([_words(network) for network in networks]),
        _counted([_paths(network) for network in networks]),
        distances(networks),
    )


def _line(table: Table, surrogate: Surrogate, known: int, splits: int) -> str:
    ranks, errors, inside, times = [], [], [], []
    for split in range(splits):
        order = np.random.default_rng(split).permutation(len(table.networks))
        seen, hidden = order[:known], order[known:]
        started = time.perf_counter()
        mean, _, deviation = surrogate(table, seen, hidden)
        times.append(time.perf_counter() - started)
        ranks.append(spearmanr(mean, table.value[hidden]).statistic)
        predicted = np.clip(1 + SOFTENING - np.exp(-mean), 0, 1)
        errors.append(np.median(np.abs(predicted - table.accuracy[hidden])))
        inside.append(np.mean(np.abs(mean - table.value[hidden]) <= BAND * deviation))
    return (
        f"{np.nanmean(ranks):5.3f}  {100 * np.mean(errors):6.2f}  {100 * np.mean(inside):6.0f} %  "
        f"{1000 * np.mean(times):6.0f}"
    )


def _search_text(table: Table, surrogate: Surrogate, searches: int) -> str:
    parameters = np.array([network.parameters for network in table.networks])
    allowed = np.flatnonzero(parameters <= np.median(parameters))
    goal = set(allowed[np.argsort(-table.accuracy[allowed])[:3]].tolist())
    needed = []
    for seed in range(searches):
        rng = np.random.default_rng(1000 + seed)
        seen = rng.choice(len(table.networks), START, replace=False).tolist()
        steps = 0
        while not goal & set(seen):
            hidden = np.setdiff1d(allowed, seen)
            mean, deviation, _ = surrogate(table, np.array(seen), hidden)
            feasible = np.intersect1d(allowed, seen)
            best = table.value[feasible].max() if len(feasible) else table.value.min()
            seen.append(int(hidden[np.argmax(expected_excess(mean, deviation, best))]))
            steps += 1
        needed.append(steps)
    return f"{np.median(needed):5.1f} (90 %: {np.percentile(needed, 90):.0f})"


# Surrogates


def _plain(table: Table, seen: np.ndarray, hidden: np.ndarray) -> Predicted:
    return _process(table.features, table, seen, hidden)


def _weisfeiler_lehman(table: Table, seen: np.ndarray, hidden: np.ndarray) -> Predicted:
    return _process(table.words, table, seen, hidden)


def _path_encoding(table: Table, seen: np.ndarray, hidden: np.ndarray) -> Predicted:
    return _process(table.paths, table, seen, hidden)


def _process(features: np.ndarray, table: Table, seen: np.ndarray, hidden: np.ndarray) -> Predicted:
    posterior = fit_process(features[seen], table.value[seen]).posterior(features[hidden])
    return posterior.mean, np.sqrt(posterior.variance), np.sqrt(posterior.variance + posterior.noise)


def _otmann(table: Table, seen: np.ndarray, hidden: np.ndarray) -> Predicted:
    if len(seen) < MIN_MODELS:
        raise SystemExit(f"The process on OTMANN needs {MIN_MODELS} known networks.")
    fitted = fit_surrogate([table.networks[row] for row in seen], table.accuracy[seen])
    mean, deviation = fitted._fit.predict([table.networks[row] for row in hidden])
    return mean, deviation, deviation


def _sum_of_kernels(table: Table, seen: np.ndarray, hidden: np.ndarray) -> Predicted:
    """The product's process with exp(-dbar / scale) added to its kernel, with equal weights."""
    scale = np.maximum(table.features[seen].std(axis=0), MIN_SCALE)
    points = (table.features - table.features[seen].mean(axis=0)) / scale
    values = table.value[seen]
    best = None
    for length, linear, reach in product((1.0, 2.0), (0.2, 0.5, 0.9), SCALES[1:5]):
        gram = Kernel(length, linear).between(points, points[seen]) + np.exp(-table.otmann[:, seen] / reach)
        eigenvalues, vectors = np.linalg.eigh(gram[seen])
        for noise in NOISES:
            inverse = (vectors / (np.maximum(eigenvalues, 0) + noise)) @ vectors.T
            variance, _, density = left_out(inverse, values)
            if best is None or density > best[0]:
                best = (density, gram, inverse, variance, noise, Kernel(length, linear))
    _, gram, inverse, variance, noise, kernel = best
    cross = gram[hidden]
    middle = inverse.sum(axis=0) @ values / inverse.sum()
    mean = middle + cross @ inverse @ (values - middle)
    share = kernel.own(points[hidden]) + 1 - np.einsum("mi,ij,mj->m", cross, inverse, cross)
    share = np.maximum(share, 0)
    return mean, np.sqrt(variance * share), np.sqrt(variance * (share + noise))


def _ridge(table: Table, seen: np.ndarray, hidden: np.ndarray) -> Predicted:
    scale = np.maximum(table.features[seen].std(axis=0), MIN_SCALE)
    points = (table.features - table.features[seen].mean(axis=0)) / scale
    fitted = BayesianRidge().fit(points[seen], table.value[seen])
    mean, deviation = fitted.predict(points[hidden], return_std=True)
    return mean, deviation, deviation


def _forest(table: Table, seen: np.ndarray, hidden: np.ndarray) -> Predicted:
    forest = RandomForestRegressor(100, random_state=0, n_jobs=1).fit(table.features[seen], table.value[seen])
    trees = np.stack([tree.predict(table.features[hidden]) for tree in forest.estimators_])
    return trees.mean(axis=0), trees.std(axis=0), trees.std(axis=0)


SURROGATES: dict[str, Surrogate] = {
    "otmann (014)": _otmann,
    "plain features": _plain,
    "sum of kernels": _sum_of_kernels,
    "ridge, plain": _ridge,
    "forest, plain": _forest,
    "weisfeiler-lehman": _weisfeiler_lehman,
    "path encoding": _path_encoding,
}


def _words(network: Architecture) -> Counter[str]:
    """Labels of the layers after 0, 1 and 2 rounds of Weisfeiler and Lehman: a layer with its neighbours."""
    labels = ["input", *map(layer_text, network.layers), "head"]
    found = Counter(labels)
    for _ in range(2):
        padded = ["", *labels, ""]
        labels = [f"({padded[place - 1]}|{label}|{padded[place + 1]})" for place, label in enumerate(labels, start=1)]
        found.update(labels)
    return found


def _paths(network: Architecture) -> Counter[str]:
    """The truncated paths from the input: a chain has one path, of which each beginning counts (White et al., 2021)."""
    kinds = [layer.kind for layer in network.layers]
    return Counter(">".join(kinds[:length]) for length in range(1, len(kinds) + 1))


def _counted(words: Sequence[Counter[str]]) -> np.ndarray:
    """(n, d): how often each word occurs, of those that occur in at least two networks."""
    networks = Counter(word for counter in words for word in counter)
    shared = [word for word, times in networks.items() if times > 1]
    return np.array([[counter[word] for word in shared] for counter in words], dtype=np.float64)


if __name__ == "__main__":
    main()
