"""What models say about training images: each image is judged by models that were trained without it.

The best models are trained again on all but one of three parts of the training images, three times each; the part that
was left out is their validation set, so its predictions are stored like any others. Together they are predictions for
every training image by models that have not seen it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np

from remap_core.analysis.class_pairs import confused_pairs
from remap_core.analysis.image_votes import MIN_MODELS, ImageVotes
from remap_core.catalogue.reader import Catalogue
from remap_core.datasets.naming import TrainingPart, part_name
from remap_core.datasets.splits import Part, Rows
from remap_core.errors import NotFound
from remap_core.formatting import dataset_title, pluralize
from remap_core.services.data.data_issues import DataIssues
from remap_core.services.proposals import moment
from remap_core.trials.class_labels import Labels, as_labels
from remap_core.trials.trial import Origin, Proposal, Trial, TrialId, TrialState

PARTS = 3
"""Models are trained on two thirds of the images: close to all of them, for the price of two trainings each."""
HELD_OUT = tuple(TrainingPart(number, PARTS, held_out=True) for number in range(1, PARTS + 1))
MODELS = MIN_MODELS
_LOST = (TrialState.FAILED, TrialState.CANCELLED, TrialState.PRUNED)


@dataclass(frozen=True)
class HeldOutTrainings:
    """The trainings without a part of the images, of the models that judge.

    complete: by model, those of each part. unfinished: how many wait or run. missing: those that nobody asked for yet,
    or that failed.
    """

    dataset: str
    complete: Mapping[TrialId, Sequence[Trial]]
    unfinished: int
    missing: tuple[Proposal, ...]

    @property
    def judges(self) -> tuple[TrialId, ...]:
        """The models that have been trained without each part."""
        return tuple(model for model, trainings in self.complete.items() if len(trainings) == PARTS)

    @property
    def needs(self) -> str:
        """What is lacking, in a sentence; empty where nothing is."""
        if self.missing:
            trainings = pluralize(len(self.missing), "training")
            return f"Needs {trainings} of the {MODELS} best models, each without one of {PARTS} parts of the images."
        if self.unfinished:
            return f"{pluralize(self.unfinished, 'training')} not finished yet."
        return ""


def held_out_trainings(catalogue: Catalogue, dataset: str, now: float) -> HeldOutTrainings:
    """What there is of the best models, and what is missing, as one batch; now: seconds since 1970 (UTC).

    Models that were asked before go on to judge, even where there are better ones now. Raises NotFound for fewer than
    5 models that were trained in full, and for a data set that is not known.
    """
    population = catalogue.population(dataset)
    rows = np.flatnonzero(population.in_full & np.isfinite(population.accuracy))
    if len(rows) < MODELS:
        raise NotFound(
            f"What models say about training images needs at least {MODELS} finished models, but "
            f"{dataset_title(dataset)} has {pluralize(len(rows), 'model')}."
        )
    known = [one for one in catalogue.part_trainings(dataset) if one.state not in _LOST]
    best_first = population.id[rows[np.argsort(-population.accuracy[rows], kind="stable")]].tolist()
    models = {model.id: model for model in catalogue.trials(best_first)}
    found = {model: _trainings_of(models[model], known) for model in best_first}
    asked = sorted(best_first, key=lambda model: -sum(one is not None for one in found[model]))[:MODELS]
    batch = f"training images of {dataset_title(dataset)}, {moment(now)}"
    return HeldOutTrainings(
        dataset=dataset,
        complete={model: [one for one in found[model] if one and one.state is TrialState.COMPLETE] for model in asked},
        unfinished=sum(
            one.state is not TrialState.COMPLETE for one in chain(*(found[model] for model in asked)) if one
        ),
        missing=tuple(
            _held_out(models[model], part, batch)
            for model in asked
            for part, one in zip(HELD_OUT, found[model], strict=True)
            if one is None
        ),
    )


def training_votes(catalogue: Catalogue, trainings: HeldOutTrainings, rows: Sequence[Rows]) -> ImageVotes:
    """The votes of the models on the training images, each by the training that has not seen the image.

    rows: the images of each part, see `datasets.dataset.rows_by_part`. Raises NotFound with what is missing.
    """
    if trainings.needs:
        raise NotFound(trainings.needs)
    images = sum(map(len, rows))
    labels = np.zeros(images, np.int64)
    predictions = np.zeros((len(trainings.judges), images), np.int64)
    for number, part in enumerate(HELD_OUT):
        known = catalogue.dataset(part_name(trainings.dataset, part)).validation_labels
        if len(known) != len(rows[number]):
            raise NotFound(f"{dataset_title(trainings.dataset)} has other training images now than these models know.")
        labels[rows[number]] = known
        for judge, model in enumerate(trainings.judges):
            predictions[judge, rows[number]] = _predictions(catalogue, trainings.complete[model][number])
    classes = catalogue.dataset(trainings.dataset).classes
    models = np.array(trainings.judges, np.int64)
    return ImageVotes(models, as_labels(labels, classes), as_labels(predictions, classes))


def training_issues(catalogue: Catalogue, trainings: HeldOutTrainings, rows: Sequence[Rows]) -> DataIssues:
    """What the models say about the training images, which are numbered in their order; see `training_votes`."""
    votes = training_votes(catalogue, trainings, rows)
    return DataIssues(
        dataset=trainings.dataset,
        class_names=catalogue.dataset(trainings.dataset).class_names,
        models=trainings.judges,
        images=len(votes.labels),
        suspected=tuple(votes.suspected()),
        hard=tuple(votes.hard()),
        pairs=confused_pairs(votes),
        part=Part.TRAIN,
    )


def _predictions(catalogue: Catalogue, training: Trial) -> Labels:
    evaluation = catalogue.evaluation(training.id)
    if evaluation is None:
        raise NotFound(f"Training {training.id} has no predictions.")
    return evaluation.predictions


def _trainings_of(model: Trial, known: Sequence[Trial]) -> list[Trial | None]:
    """The training of a model without each part; a complete one where there are several."""
    found: list[Trial | None] = []
    for part in HELD_OUT:
        wanted = _held_out(model, part, "")
        same = [one for one in known if one.proposal.same_training(wanted)]
        complete = [one for one in same if one.state is TrialState.COMPLETE]
        found.append(next(iter(complete or same), None))
    return found


def _held_out(model: Trial, part: TrainingPart, batch: str) -> Proposal:
    proposal = model.proposal
    return Proposal(
        proposal.architecture,
        part_name(proposal.dataset, part),
        proposal.config,
        Origin.INITIAL,
        batch=batch,
        space=proposal.space,
    )
