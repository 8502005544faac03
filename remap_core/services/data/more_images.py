"""Would more images help? A model trained on quarters and halves of its training images, and on all with other seeds.

A training on a part names the part in its data set, so nothing ever compares it with one on all images. Four quarters,
two halves and two trainings with other seeds cost as much as four trainings of the model.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from remap_core.analysis.data_growth import DataGrowth, data_growth
from remap_core.catalogue.reader import Catalogue
from remap_core.datasets.naming import TrainingPart, part_name, split_part
from remap_core.errors import InvalidTrial
from remap_core.formatting import count, model_name, percent, pluralize, points, points_interval
from remap_core.services.proposals import moment, propose_repeats
from remap_core.trials.dataset_card import DatasetCard
from remap_core.trials.trial import Origin, Proposal, Trial, TrialId, TrialState

PARTS = tuple(TrainingPart(number, parts) for parts in (4, 2) for number in range(1, parts + 1))
REPEATS = 2
"""Trainings on all images, besides the model's own, which was chosen because it is accurate."""
MIN_PER_CLASS = 2
"""Training images of a class, on average, in a quarter."""
_HELPS = 0.005
"""Of accuracy: less is not worth the images."""
_LOST = (TrialState.FAILED, TrialState.CANCELLED, TrialState.PRUNED)


@dataclass(frozen=True)
class MeasuredShare:
    """Trainings of a model on so many images. share: of all training images, in percent. accuracies: 0..1."""

    share: int
    images: int
    accuracies: tuple[float, ...]

    @property
    def mean(self) -> float:
        """The mean validation accuracy."""
        return float(np.mean(self.accuracies))


@dataclass(frozen=True, eq=False)
class MoreImages:
    """What is known of a model on fewer images. growth: the curve, once all trainings are complete.

    unfinished: trainings that wait or run. missing: trainings that were not asked for, or failed.
    """

    model: TrialId
    epochs: int
    measured: tuple[MeasuredShare, ...]
    unfinished: int
    missing: int
    growth: DataGrowth | None

    @property
    def sentence(self) -> str:
        """The answer, with its figures; without them, what it needs."""
        if self.growth is None:
            return self._needs
        growth = self.growth
        double = growth.double
        band = f"{percent(growth.low[double])} to {percent(growth.high[double])}"
        forecast = f"With twice as many images: {percent(growth.accuracy[double])} expected ({band})"
        gain = f"{points(growth.gain)} ({points_interval(growth.gain_low, growth.gain_high)})"
        return f"{self._verdict(growth)} {forecast}, {gain}."

    @property
    def _needs(self) -> str:
        if self.unfinished:
            return f"{pluralize(self.unfinished, 'training')} not finished yet."
        return f"Needs {pluralize(self.missing, 'training')}: on quarters, on halves and on all of the images."

    @staticmethod
    def _verdict(growth: DataGrowth) -> str:
        if growth.gain_low >= _HELPS:
            return "More images would help."
        if growth.gain_high < 2 * _HELPS:
            return "More images would hardly help."
        return "More images may help, but it is not certain."

    def to_json(self) -> dict[str, Any]:
        """Everything in plain values. Accuracies are 0..1."""
        form: dict[str, Any] = {
            "model": self.model,
            "epochs": self.epochs,
            "measured": [
                {"share": one.share / 100, "images": one.images, "accuracies": list(one.accuracies)}
                for one in self.measured
            ],
            "unfinished": self.unfinished,
            "missing": self.missing,
            "answer": self.sentence,
            "curve": None,
        }
        if self.growth:
            growth = self.growth
            columns = {"images": growth.images, "accuracy": growth.accuracy, "low": growth.low, "high": growth.high}
            form["curve"] = {name: column.round(4).tolist() for name, column in columns.items()}
            form["gain"] = {
                "of_twice_the_images": round(growth.gain, 4),
                "low": round(growth.gain_low, 4),
                "high": round(growth.gain_high, 4),
            }
        return form


def propose_more_images(catalogue: Catalogue, model: TrialId, now: float) -> tuple[Proposal, ...]:
    """The trainings that the answer still needs, as one batch; empty where all are there or queued.

    Raises InvalidTrial for a model that is not complete, that started from another one's weights, which have seen all
    images, and for too few images. NotFound for a model that does not exist.
    """
    trial = _whole_model(catalogue, model)
    batch = f"fewer images for {model_name(trial.id)}, {moment(now)}"
    known = [other.proposal for other in _useful(catalogue, trial)]
    proposals = [proposal for proposal in _on_parts(trial) if not any(proposal.same_training(one) for one in known)]
    repeats = sum(one.is_repeat for one in known)
    if repeats < REPEATS:
        proposals += propose_repeats(catalogue, trial, REPEATS - repeats, now)
    return tuple(replace(proposal, batch=batch) for proposal in proposals)


def more_images(catalogue: Catalogue, model: TrialId) -> MoreImages:
    """What is known so far. Raises as `propose_more_images`."""
    trial = _whole_model(catalogue, model)
    trainings = _useful(catalogue, trial)
    complete = [one for one in trainings if one.state is TrialState.COMPLETE]
    repeats = sum(one.proposal.is_repeat for one in trainings)
    missing = len(PARTS) - (len(trainings) - repeats) + max(0, REPEATS - repeats)
    unfinished = len(trainings) - len(complete)
    card = catalogue.dataset(trial.proposal.dataset)
    results = _Results.of(catalogue, complete, card)
    growth = None
    if not unfinished and not missing:
        growth = data_growth(card.split[0] // results.parts, results.correct)
    measured = results.measured(card.split[0])
    return MoreImages(trial.id, trial.proposal.config.epochs, measured, unfinished, missing, growth)


def _whole_model(catalogue: Catalogue, model: TrialId) -> Trial:
    trial = catalogue.trial(catalogue.trial(model).model)
    name = model_name(trial.id)
    if trial.state is not TrialState.COMPLETE:
        raise InvalidTrial(f"A model must be complete to be trained on fewer images, but {name} is {trial.state}.")
    if trial.proposal.dataset not in catalogue.datasets():
        raise InvalidTrial(f"{name} was trained on a part of the images itself.")
    if trial.proposal.config.start is not None:
        raise InvalidTrial(f"{name} started from the weights of another model, which has seen all images.")
    card = catalogue.dataset(trial.proposal.dataset)
    least = 4 * MIN_PER_CLASS * card.classes
    if card.split[0] < least:
        raise InvalidTrial(
            f"A quarter of the training images must have {MIN_PER_CLASS} of a class on average: {count(least)} in all, "
            f"but there are {count(card.split[0])}."
        )
    return trial


def _on_parts(model: Trial) -> list[Proposal]:
    proposal = model.proposal
    return [
        Proposal(
            proposal.architecture,
            part_name(proposal.dataset, part),
            proposal.config,
            Origin.INITIAL,
            space=proposal.space,
        )
        for part in PARTS
    ]


def _useful(catalogue: Catalogue, model: Trial) -> list[Trial]:
    """The trainings that count, each once: those on parts, and those on all images with other seeds."""
    wanted = _on_parts(model)
    known = [one for one in catalogue.part_trainings(model.proposal.dataset) if one.state not in _LOST]
    found = []
    for proposal in wanted:
        same = [one for one in known if one.proposal.same_training(proposal)]
        complete = [one for one in same if one.state is TrialState.COMPLETE]
        found += (complete or same)[:1]
    repeats = [one for one in catalogue.repeats(model.id) if one.state not in _LOST]
    return found + repeats


class _Results(NamedTuple):
    """Complete trainings, the fewest images first. parts: (k,) of which each had one. correct: (k, n)."""

    parts: NDArray[np.int64]
    correct: NDArray[np.bool_]

    @classmethod
    def of(cls, catalogue: Catalogue, complete: Sequence[Trial], card: DatasetCard) -> _Results:
        """Those with predictions for the validation images that the data set has now."""
        rows = []
        for trial in complete:
            evaluation = catalogue.evaluation(trial.id)
            _, part = split_part(trial.proposal.dataset)
            if evaluation and len(evaluation.predictions) == len(card.validation_labels):
                rows.append((part.parts if part else 1, evaluation.predictions == card.validation_labels))
        rows.sort(key=lambda row: -row[0])
        correct = np.array([row for _, row in rows], bool).reshape(len(rows), len(card.validation_labels))
        return cls(np.array([parts for parts, _ in rows], np.int64), correct)

    def measured(self, images: int) -> tuple[MeasuredShare, ...]:
        """images: in all."""
        found = []
        for parts in dict.fromkeys(self.parts.tolist()):
            accuracies = self.correct[self.parts == parts].mean(axis=1)
            found.append(MeasuredShare(100 // parts, images // parts, tuple(accuracies.tolist())))
        return tuple(found)
