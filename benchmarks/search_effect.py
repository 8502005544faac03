"""What a training recipe does to the search: the front that a person would see, and what halving would have kept of it.

    python -m benchmarks.search_effect --data ../shared/data/quickdraw_train.npz#8000 --home /tmp/effect

The same pool of sampled networks is trained by each recipe, by the product. Hypervolume (moocore): the area between
the front and a reference point, of error (1 - validation accuracy) and log10 of the parameters; the reference point is
guessing, with as many parameters as the cap allows. Larger is better; 0.01 is one point of accuracy over a factor of
ten in parameters. "Chosen by": the networks on the front that one recipe finds, with their accuracies by the last one.
Below, the report of `remap halving` on each recipe's trainings.

What was trained stays in --home: a run that was broken off goes on.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from math import log10
from pathlib import Path

import moocore
from scipy.stats import spearmanr

import remap_core as remap
from remap_core.cli.halving_lines import halving_lines
from remap_core.lab.designs.new_designs import design_of
from remap_core.lab.lab import Lab
from remap_core.services.comparison import front
from remap_core.services.halving_report import halving_replay
from remap_core.services.proposals import plan_of
from remap_core.space.architecture import Architecture
from remap_core.trials.training_recipe import RECIPES
from remap_core.trials.trial import Origin

Accuracies = Mapping[Architecture, float]


def main() -> None:
    """Print the hypervolumes, then the reports."""
    parser = argparse.ArgumentParser(description="What a training recipe does to the search.")
    parser.add_argument("--data", default="../shared/data/quickdraw_train.npz#8000", help="a data set or its path")
    parser.add_argument("--home", required=True, type=Path, help="data folder, kept")
    parser.add_argument("--space", default="", help="search space; by default the one that fits the images")
    parser.add_argument("--models", type=int, default=40)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--max-parameters", type=int, default=100_000)
    parser.add_argument("--max-multiply-adds", type=int, default=10_000_000)
    parser.add_argument("--recipes", nargs="+", default=["paper", "quick"], choices=RECIPES)
    options = parser.parse_args()
    pools = {recipe: _pool(options, recipe) for recipe in options.recipes}
    _print_fronts(pools, options.max_parameters)
    for recipe, lab in pools.items():
        trials, replay = halving_replay(lab.catalogue, lab.dataset)
        print(f"\nHalving by {recipe}. ", end="")
        print("\n".join(halving_lines(lab.dataset, trials, replay)))


def _pool(options: argparse.Namespace, recipe: str) -> Lab:
    """The lab of a recipe, with its pool trained; each recipe's pool has the same networks."""
    lab = remap.open(
        options.home / recipe,
        dataset=options.data,
        recipe=recipe,
        epochs=options.epochs,
        max_parameters=options.max_parameters,
        max_multiply_adds=options.max_multiply_adds,
    )
    plan = plan_of(lab.settings, lab.card, options.space)
    designs = [design_of(one, Origin.INITIAL, plan.space.name) for one in plan.sample(options.models, seed=0)]
    lab.train(designs, progress=False)
    return lab


def _print_fronts(pools: Mapping[str, Lab], max_parameters: int) -> None:
    trials = {recipe: [model.trial for model in lab.models] for recipe, lab in pools.items()}
    accuracies = {
        recipe: {trial.architecture: trial.accuracy or 0.0 for trial in of_recipe}
        for recipe, of_recipe in trials.items()
    }
    *_, last = pools
    classes = pools[last].card.classes
    print(f"{len(accuracies[last])} networks of {pools[last].dataset}")
    for recipe, of_recipe in trials.items():
        chosen = [trial.architecture for trial in front(of_recipe)]
        own, by_last = accuracies[recipe], accuracies[last]
        ranks = spearmanr([own[one] for one in by_last], list(by_last.values())).statistic
        print(
            f"{recipe:9} best {max(own.values()):.1%}, {len(chosen):2} on the front, "
            f"hypervolume {_hypervolume(own, chosen, classes, max_parameters):.4f}; "
            f"chosen by {recipe}, trained by {last}: {_hypervolume(by_last, chosen, classes, max_parameters):.4f}; "
            f"rank correlation with {last} {ranks:.2f}"
        )


def _hypervolume(
    accuracies: Accuracies, architectures: Sequence[Architecture], classes: int, max_parameters: int
) -> float:
    points = [(1 - accuracies[one], log10(one.parameters)) for one in architectures]
    return float(moocore.hypervolume(points, ref=(1 - 1 / classes, log10(max_parameters))))


if __name__ == "__main__":
    main()
