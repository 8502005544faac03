"""Which training recipe gives the best networks in the same epochs, and ranks them as a long training would.

    python -m benchmarks.recipes --data digits --networks 12 --epochs 10 30
    python -m benchmarks.recipes --data ../shared/data/cifar10_train.npz#8000 --space modern --recipes paper quick

Networks sampled from a search space are trained by each recipe for each number of epochs. The table compares final
validation accuracies with those of the first recipe on the same networks: mean, gain (mean, smallest, largest), the
best network, and Spearman's rank correlation with the longest training by the last recipe, after all epochs and after
epochs 1 and 3, where successive halving compares. A recipe is a name, or name:field=value:... for one of other values,
as in quick:learning_rate=0.01.
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from scipy.stats import spearmanr

from remap_core.datasets.dataset import Dataset, load_dataset
from remap_core.space.architecture import Architecture
from remap_core.space.caps import Cap, Cost
from remap_core.space.markov.sampler import sample_architectures
from remap_core.space.markov.search_spaces import SPACES
from remap_core.trials.training_config import TrainingConfig
from remap_core.trials.training_recipe import RECIPES, TrainingRecipe
from remap_core.trials.trial import Proposal, Trial, TrialState

PROCESSES = 2


class Run(NamedTuple):
    """A training: which network, by which recipe, for how many epochs."""

    network: int
    recipe: str
    epochs: int


Curves = dict[Run, list[float]]
"""Validation accuracy after each epoch."""


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="Which training recipe gives the best networks in the same epochs.")
    parser.add_argument("--data", default="digits", help="a data set, or an .npz file (#N for its first images)")
    parser.add_argument("--space", default="remap-2019", choices=SPACES)
    parser.add_argument("--networks", type=int, default=12)
    parser.add_argument("--max-parameters", type=int, default=100_000)
    parser.add_argument("--max-multiply-adds", type=int, default=10_000_000)
    parser.add_argument("--epochs", type=int, nargs="+", default=[10])
    parser.add_argument("--recipes", nargs="+", default=["paper", "quick", "thorough"])
    options = parser.parse_args()
    dataset = load_dataset(options.data)
    networks = _networks(dataset, options)
    recipes = {text: _recipe(text) for text in options.recipes}
    runs = [
        Run(network, recipe, epochs)
        for network in range(len(networks))
        for epochs in options.epochs
        for recipe in recipes
    ]
    curves: Curves = {}
    with ProcessPoolExecutor(PROCESSES) as pool:
        jobs = []
        for run in runs:
            config = _config(dataset, recipes[run.recipe], run.epochs)
            jobs.append((networks[run.network], options.data, config))
        for run, curve in zip(runs, pool.map(_train, jobs), strict=True):
            curves[run] = curve
            print(
                f"{run.network:3} {networks[run.network].parameters:8,} {run.epochs:3} {run.recipe:78} {curve[-1]:.4f}",
                flush=True,
            )
    print(f"\n{options.data}, {len(dataset.train):,} training images, {len(networks)} networks of {options.space}")
    _print_table(curves, list(recipes), options.epochs)


def _print_table(curves: Curves, recipes: Sequence[str], all_epochs: Sequence[int]) -> None:
    longest = _final(curves, recipes[-1], max(all_epochs))
    print(f"epochs  {'recipe':78}    mean   gain    min    max   best  rank: end      3      1")
    for epochs in all_epochs:
        base = _final(curves, recipes[0], epochs)
        for recipe in recipes:
            final = _final(curves, recipe, epochs)
            gains = [100 * (ours - theirs) for ours, theirs in zip(final, base, strict=True)]
            ranks = [spearmanr(after, longest).statistic for after in _after(curves, recipe, epochs, (epochs, 3, 1))]
            print(
                f"{epochs:6}  {recipe:78}  {100 * statistics.mean(final):6.2f} {statistics.mean(gains):+6.2f} "
                f"{min(gains):+6.1f} {max(gains):+6.1f} {100 * max(final):6.2f}     "
                + " ".join(f"{rank:6.3f}" for rank in ranks)
            )


def _final(curves: Curves, recipe: str, epochs: int) -> list[float]:
    return next(_after(curves, recipe, epochs, [epochs]))


def _after(curves: Curves, recipe: str, epochs: int, at: Sequence[int]) -> Iterator[list[float]]:
    """The accuracies of all networks after each of these epochs."""
    of_recipe = [curve for run, curve in curves.items() if (run.recipe, run.epochs) == (recipe, epochs)]
    for epoch in at:
        yield [curve[min(epoch, len(curve)) - 1] for curve in of_recipe]


def _networks(dataset: Dataset, options: argparse.Namespace) -> list[Architecture]:
    """Like a first population of the product, without those that take long, in order of their parameters."""
    sampled = sample_architectures(
        SPACES[options.space],
        dataset.input_shape,
        dataset.classes,
        options.networks,
        np.random.default_rng(5),
        caps=(
            Cap(Cost.PARAMETERS, options.max_parameters, "--max-parameters"),
            Cap(Cost.MULTIPLY_ADDS, options.max_multiply_adds, "--max-multiply-adds"),
        ),
    )
    return sorted(sampled, key=lambda one: one.parameters)


def _recipe(text: str) -> TrainingRecipe:
    name, *assignments = text.split(":")
    changes: dict[str, Any] = {}
    for assignment in assignments:
        field, value = assignment.split("=")
        read: Callable[[str], Any] = float
        if field == "augmentation":
            read = lambda names: tuple(names.split("+"))  # noqa: E731
        changes[field] = read(value)
    return replace(RECIPES[name], **changes)


def _config(dataset: Dataset, recipe: TrainingRecipe, epochs: int) -> TrainingConfig:
    return TrainingConfig(
        epochs=epochs,
        batch_size=TrainingConfig.default_batch_size(len(dataset.train)),
        recipe=recipe,
    )


@cache
def _dataset(name: str) -> Dataset:
    return load_dataset(name)


def _train(job: tuple[Architecture, str, TrainingConfig]) -> list[float]:
    """In a process of its own, with one thread as in the product."""
    import torch  # noqa: PLC0415 (only these processes import torch)

    from remap_core.training.training_loop import train  # noqa: PLC0415

    torch.set_num_threads(1)
    architecture, data, config = job
    dataset = _dataset(data)
    trial = Trial(1, Proposal(architecture, dataset.name, config), TrialState.RUNNING, 1.0, 1, 0.0)
    return [result.validation_accuracy for result in train(trial, dataset, device="cpu")]


if __name__ == "__main__":
    main()
