"""Use cases: what a page or a command asks for, in one call each."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from remap_core.catalogue.reader import Catalogue
from remap_core.children.previews import Children, Preview, Verdict, by_fingerprint, previews
from remap_core.children.times import estimate_time
from remap_core.errors import InvalidTrial, NotFound
from remap_core.geometry.mcnemar import PairedTest, paired_test
from remap_core.settings import Settings
from remap_core.space.sampler import SPACES, sample_architectures
from remap_core.trials import DatasetCard, Origin, Proposal, TrainingConfig, Trial


def propose_initial(
    settings: Settings, card: DatasetCard, n: int, seed: int, known: Collection[str] = ()
) -> tuple[Proposal, ...]:
    """n sampled architectures for a data set, none with a fingerprint in `known`; raises SpaceExhausted."""
    sampled = sample_architectures(
        SPACES[settings.space],
        card.input_shape,
        card.classes,
        n,
        np.random.default_rng(seed),
        max_parameters=settings.max_parameters,
        known=known,
    )
    config = TrainingConfig(
        epochs=settings.epochs,
        batch_size=settings.batch_size or TrainingConfig.fitting_batch(card.split[0]),
        learning_rate=settings.learning_rate,
        seed=settings.seed,
    )
    batch = f"initial, seed {seed}"
    return tuple(Proposal(architecture, card.name, config, batch=batch) for architecture in sampled)


def preview_children(catalogue: Catalogue, children: Children, max_parameters: int) -> list[Preview]:
    """The verdict on each candidate before anything is queued, by what the catalogue knows of its data set."""
    if not children:
        return []
    dataset = children[0][0].proposal.dataset
    wanted = [candidate.child.fingerprint for _, candidate in children if candidate.child]
    present = by_fingerprint(catalogue.trainings_of(dataset, wanted))
    return previews(children, present, estimate_time(catalogue.population(dataset)), max_parameters)


def propose_children(origin: Origin, chosen: Iterable[Preview], now: float) -> tuple[Proposal, ...]:
    """The chosen ones of those that can be trained, each exactly as its parent was; all are one batch."""
    fresh = [preview for preview in chosen if preview.verdict is Verdict.FRESH]
    parents = ", ".join(f"#{parent}" for parent in sorted({preview.parent.id for preview in fresh}))
    batch = f"{origin} of {parents}, {datetime.fromtimestamp(now, UTC):%d %b %H:%M:%S} UTC"
    return tuple(
        replace(
            preview.parent.proposal,
            architecture=preview.candidate.child,
            origin=origin,
            parent=preview.parent.id,
            edits=preview.candidate.edits,
            batch=batch,
        )
        for preview in fresh
        if preview.candidate.child
    )


def start_trainer(settings: Settings, log: Path) -> subprocess.Popen[bytes]:
    """A trainer daemon for the data folder that leaves when this process does; what it says goes into `log`."""
    command = [sys.executable, "-m", "remap_core.cli", "trainer", "--with-parent", str(os.getpid())]
    environment = os.environ | {
        f"REMAP_{name.upper()}": str(value) for name, value in settings.model_dump(mode="json").items()
    }
    with log.open("ab") as sink:
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=sink, stderr=sink, env=environment)


def compare_predictions(catalogue: Catalogue, first: Trial, second: Trial) -> PairedTest:
    """The paired test of two models on the validation images of their data set.

    Raises InvalidTrial with the reason where they were not judged on the same images, NotFound where one was not.
    """
    if first.proposal.dataset != second.proposal.dataset:
        raise InvalidTrial(f"#{first.id} and #{second.id} are models of different data sets: nothing can be paired.")
    gold, predicted = judged_images(catalogue, first)
    return paired_test(gold, predicted, judged_images(catalogue, second)[1])


def judged_images(catalogue: Catalogue, trial: Trial) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Gold and predicted class of each validation image of a model's data set, both (n,).

    Raises NotFound where the model has no predictions, InvalidTrial where they are of other images than the data set
    has by now.
    """
    evaluation = catalogue.evaluation(trial.id)
    if evaluation is None:
        raise NotFound(f"#{trial.id} has no predictions: it is {trial.state}.")
    gold, predicted = catalogue.dataset(trial.proposal.dataset).validation_labels, evaluation.predictions
    if len(gold) != len(predicted) or (gold == predicted).sum() != np.trace(evaluation.confusion):
        raise InvalidTrial(f"#{trial.id} was judged on other images than its data set has by now.")
    return gold, predicted


def ancestors(catalogue: Catalogue, trial: Trial, most: int = 20) -> list[Trial]:
    """Who a model comes from, its parent last; the nearest `most`. Ends where a parent is not in the catalogue."""
    chain: list[Trial] = []
    seen = {trial.id}
    while trial.proposal.parent is not None and trial.proposal.parent not in seen and len(chain) < most:
        found = catalogue.trials([trial.proposal.parent])
        if not found:
            break
        trial = found[0]
        seen.add(trial.id)
        chain.append(trial)
    return chain[::-1]


def architectures_json(trials: Iterable[Trial]) -> str:
    """The architectures of models as a JSON list of their public form, as `remap describe` reads it."""
    return json.dumps([trial.architecture.to_json() for trial in trials], indent=1)
