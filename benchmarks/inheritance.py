"""What a short training from the parent's weights tells of a child, against a full one: accuracy, ranking and time.

    python -m benchmarks.inheritance --data digits --epochs 20
    python -m benchmarks.inheritance --data ../shared/data/quickdraw_train.npz#4000

A pool of networks is trained in full; the best of them become parents. Their children (ablations, merges and variations
of one edit) are trained in full, with another seed, and for a share of the epochs: from new weights and from the
parent's. The table compares each way with the full trainings: accuracy, how many points are lacking, Spearman's rank
correlation over all children and, on average, among the children of one parent, and the share of the seconds.
A data set that is not there is skipped. One process, one thread.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import torch
from scipy.stats import spearmanr

from remap_core.datasets.dataset import Dataset, load_dataset
from remap_core.space.architecture import Architecture
from remap_core.space.caps import Cap, Cost
from remap_core.space.edits import Candidate, ablations
from remap_core.space.markov.sampler import sample_architectures
from remap_core.space.markov.search_spaces import SPACES
from remap_core.space.merges import merges
from remap_core.space.text import layers_text
from remap_core.space.variations import VariationRequest, everything_allowed, variations
from remap_core.training.training_loop import train
from remap_core.trials.training_config import TrainingConfig
from remap_core.trials.training_recipe import RECIPES
from remap_core.trials.trial import Origin, Proposal, Trial, TrialState

SHARES = (10, 5, 3)
"""One in so many of the epochs."""
FULL, AGAIN = "full", "full, another seed"


@dataclass
class Measured:
    """What one way of training gave, child by child. parents: whose child each is."""

    accuracy: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description="What a short training from the parent's weights tells of a child.")
    parser.add_argument("--data", default="digits", help="a data set, or an .npz file (#N for its first images)")
    parser.add_argument("--space", default="remap-2019", choices=SPACES)
    parser.add_argument("--epochs", type=int, default=10, help="of a full training")
    parser.add_argument("--pool", type=int, default=8)
    parser.add_argument("--parents", type=int, default=4)
    parser.add_argument("--children", type=int, default=7, help="of each parent")
    parser.add_argument("--max-multiply-adds", type=int, default=2_000_000)
    parser.add_argument("--rates", type=float, nargs="+", default=[1.0], help="parts of the recipe's learning rate")
    parser.add_argument("--seed", type=int, default=3, help="of pool and children")
    options = parser.parse_args()
    if not _is_there(options.data):
        print(f"{options.data} is not there: skipped")
        return
    torch.set_num_threads(1)
    started = time.perf_counter()
    dataset = load_dataset(options.data)
    print(f"{options.data}: {len(dataset.train):,} training images, {options.epochs} epochs in full")
    with tempfile.TemporaryDirectory() as folder:
        study = Study(dataset, Path(folder), options)
        study.carry_out()
        study.print_table()
    print(f"{time.perf_counter() - started:.0f} s")


class Study:
    """The trainings on one data set, in a folder."""

    def __init__(self, dataset: Dataset, folder: Path, options: argparse.Namespace) -> None:
        self._dataset = dataset
        self._folder = folder
        self._options = options
        self._number = 0
        self._parent_of: list[int] = []
        self._measured: dict[str, Measured] = {}
        self._config = TrainingConfig(
            epochs=options.epochs,
            batch_size=TrainingConfig.default_batch_size(len(dataset.train)),
            recipe=RECIPES["quick"],
        )

    def carry_out(self) -> None:
        """Train everything, one after the other."""
        for parent in self._parents():
            rng = np.random.default_rng([self._options.seed, parent.id])
            for candidate in _children(parent.architecture, SPACES[self._options.space], rng, self._options):
                self._parent_of.append(parent.id)
                self._train_child(parent, candidate)

    def print_table(self) -> None:
        """One line for each way of training."""
        full = np.array(self._measured[FULL].accuracy)
        parents = np.array(self._parent_of)
        print(f"{len(full)} children of {len(set(self._parent_of))} parents")
        print(f"{'way':44} accuracy   minus full   rank (all)   rank (siblings)   share of the time")
        for way, measured in self._measured.items():
            accuracy = np.array(measured.accuracy)
            siblings = [spearmanr(accuracy[parents == one], full[parents == one]).statistic for one in set(parents)]
            print(
                f"{way:44} {100 * accuracy.mean():8.1f}   {100 * (accuracy - full).mean():+10.1f}   "
                f"{spearmanr(accuracy, full).statistic:10.2f}   {np.nanmean(siblings):15.2f}   "
                f"{sum(measured.seconds) / sum(self._measured[FULL].seconds):17.2f}"
            )

    def _parents(self) -> list[Trial]:
        """The best of a pool, trained in full."""
        architectures = sample_architectures(
            SPACES[self._options.space],
            self._dataset.input_shape,
            self._dataset.classes,
            self._options.pool,
            np.random.default_rng(self._options.seed),
            caps=(
                Cap(Cost.PARAMETERS, 100_000, "this benchmark"),
                Cap(Cost.MULTIPLY_ADDS, self._options.max_multiply_adds, "--max-multiply-adds"),
            ),
        )
        trained = []
        for architecture in architectures:
            trial = self._trial(architecture, self._config)
            trained.append((self._train(trial)[0], trial))
        best = sorted(trained, key=lambda one: -one[0])[: self._options.parents]
        for accuracy, trial in best:
            print(f"parent {trial.id}: {100 * accuracy:.1f} %, {layers_text(trial.architecture.layers)}", flush=True)
        return [trial for _, trial in best]

    def _train_child(self, parent: Trial, candidate: Candidate) -> None:
        assert candidate.child is not None
        for way, config in self._ways(parent):
            trial = self._trial(candidate.child, config, parent, candidate)
            accuracy, seconds = self._train(trial)
            measured = self._measured.setdefault(way, Measured())
            measured.accuracy.append(accuracy)
            measured.seconds.append(seconds)
        accuracies = " ".join(f"{100 * measured.accuracy[-1]:.1f}" for measured in self._measured.values())
        print(f"  {parent.id} {accuracies} {layers_text(candidate.child.layers)}", flush=True)

    def _ways(self, parent: Trial) -> Iterator[tuple[str, TrainingConfig]]:
        yield FULL, self._config
        yield AGAIN, replace(self._config, seed=1)
        for share in SHARES:
            epochs = max(1, round(self._options.epochs / share))
            short = replace(self._config, epochs=epochs)
            yield f"1/{share} of the epochs, new weights", short
            for rate in self._options.rates:
                recipe = short.recipe.with_learning_rate(rate * short.recipe.learning_rate)
                slower = f", {rate:g} of the rate" if rate != 1 else ""
                yield (
                    f"1/{share} of the epochs, parent's weights{slower}",
                    replace(short, recipe=recipe, start=parent.id),
                )

    def _trial(
        self,
        architecture: Architecture,
        config: TrainingConfig,
        parent: Trial | None = None,
        candidate: Candidate | None = None,
    ) -> Trial:
        self._number += 1
        proposal = Proposal(
            architecture,
            self._dataset.name,
            config,
            Origin.VARIATION if parent else Origin.INITIAL,
            parent=parent.id if parent else None,
            edits=candidate.edits if candidate else (),
        )
        return Trial(self._number, proposal, TrialState.RUNNING, 1.0, 1, 0.0)

    def _train(self, trial: Trial) -> tuple[float, float]:
        """Validation accuracy at the end, and seconds of all epochs."""
        folder = self._folder / str(trial.id)
        folder.mkdir()
        start = trial.proposal.config.start
        if start is not None:
            shutil.copyfile(self._folder / str(start) / "weights.safetensors", folder / "start.safetensors")
        results = list(train(trial, self._dataset, device="cpu", folder=folder, latencies=self._folder))
        if trial.proposal.parent is not None:
            shutil.rmtree(folder)
        return results[-1].validation_accuracy, sum(result.seconds for result in results)


def _children(
    parent: Architecture, space: object, rng: np.random.Generator, options: argparse.Namespace
) -> Sequence[Candidate]:
    """Ablations, merges and variations of one edit, some of each."""
    found = [one for one in (*ablations(parent), *merges(parent)) if one.child]
    wanted = options.children
    few = [found[row] for row in sorted(rng.permutation(len(found))[: wanted // 2])]
    caps = (Cap(Cost.MULTIPLY_ADDS, options.max_multiply_adds, "--max-multiply-adds"),)
    request = VariationRequest(min(20, 2 * wanted), 1, everything_allowed(parent))
    known = {one.child for one in few}
    others = [one for one in variations(parent, space, request, rng, caps=caps).children if one.child not in known]
    return [*few, *others][:wanted]


def _is_there(data: str) -> bool:
    path, _, _ = data.partition("#")
    return not path.endswith(".npz") or Path(path).exists()


if __name__ == "__main__":
    main()
