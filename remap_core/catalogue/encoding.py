"""Evaluations and data sets as rows: arrays become compressed blobs, which keeps commits and checkpoints short."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from remap_core.catalogue.connection import Row
from remap_core.catalogue.rows import architecture_of
from remap_core.errors import InvalidTrial
from remap_core.formatting import model_name
from remap_core.trials.class_labels import Labels, as_labels, label_dtype, shortened_names
from remap_core.trials.dataset_card import DatasetCard
from remap_core.trials.evaluation import Evaluation, Latency
from remap_core.trials.model_maps import MappedModel
from remap_core.trials.trial import Trial

EVALUATION = """
SELECT classes, confusion, predictions, latency_1_ms, latency_256_ms, device, threads, dtype, label_sets.labels
FROM evaluations LEFT JOIN label_sets ON digest = evaluations.labels WHERE trial = ?
"""
MAPPED_MODELS = """
SELECT trials.id, architecture, evaluations.classes, predictions, label_sets.labels FROM trials
JOIN evaluations ON evaluations.trial = trials.id LEFT JOIN label_sets ON digest = evaluations.labels
WHERE trials.id IN (SELECT unnest(?::BIGINT[]))
"""
EVALUATED_MODELS = """
SELECT id FROM trials WHERE dataset = ? AND state = 'complete' AND origin NOT IN ('repeat', 'finish')
AND EXISTS (SELECT 1 FROM evaluations WHERE evaluations.trial = trials.id) ORDER BY finished, id
"""
JUDGING_MODELS = """
SELECT evaluations.trial FROM evaluations JOIN trials ON trials.id = evaluations.trial
JOIN datasets ON datasets.name = trials.dataset
WHERE datasets.name = ? AND coalesce(evaluations.labels, datasets.labels) = datasets.labels
"""
"""Selects the trials that were evaluated on the images that their data set has now, as far as that is known."""
DATASET = """
SELECT name, input_shape, class_names, split, label_sets.labels, examples, examples_shape, coalesce(recipe, '')
FROM datasets JOIN label_sets ON digest = datasets.labels WHERE name = ?
"""
LABEL_SET = """
SELECT digest, label_sets.labels, len(class_names)
FROM label_sets JOIN datasets ON digest = datasets.labels WHERE name = ?
"""


class LabelSet(NamedTuple):
    """The true classes of a data set's validation images, (n,), and the SHA-256 that they are stored under."""

    digest: str
    labels: Labels

    @classmethod
    def of(cls, card: DatasetCard) -> LabelSet:
        """Return the label set of a data set."""
        labels = as_labels(card.validation_labels, card.classes)
        return cls(hashlib.sha256(labels.tobytes()).hexdigest(), labels)


def evaluation_row(trial: Trial, evaluation: Evaluation, label_set: LabelSet | None) -> Row:
    """Return the row of `evaluations`.

    Predictions are stored as differences from the labels, where these are known: most are correct, so most
    differences are 0, which compresses to almost nothing. Raises InvalidTrial where the evaluation does not fit the
    trial's classes and images.
    """
    _require_evaluation(trial, evaluation, label_set)
    classes = trial.architecture.classes
    digest = None
    differences = evaluation.predictions.astype(np.int32)
    if label_set and label_set.labels.dtype == label_dtype(classes):  # a data set may have got many more classes since
        digest = label_set.digest
        differences = (differences - label_set.labels) % classes
    latency = evaluation.latency
    return (
        trial.id,
        classes,
        zlib.compress(evaluation.confusion.astype("<i8").tobytes()),
        _compressed(as_labels(differences, classes)),
        digest,
        latency.batch_1_ms,
        latency.batch_256_ms,
        latency.device,
        latency.threads,
        latency.dtype,
    )


def evaluation_of(row: Row) -> Evaluation:
    """Return the evaluation of a row of EVALUATION."""
    classes, confusion, differences, *latency, labels = row
    counts = np.frombuffer(zlib.decompress(confusion), "<i8").reshape(classes, classes)
    return Evaluation(
        confusion=counts.astype(np.int64),
        predictions=_predictions(differences, labels, classes),
        latency=Latency(*latency),
    )


def mapped_model_of(row: Row) -> MappedModel:
    """Return the model of a row of MAPPED_MODELS."""
    trial, architecture, classes, differences, labels = row
    predictions = _predictions(differences, labels, classes)
    return MappedModel(trial, architecture_of(architecture), predictions)


def dataset_row(card: DatasetCard, place: int) -> Row:
    """Return the row of `datasets`."""
    return (
        card.name,
        place,
        list(card.input_shape),
        list(card.class_names),
        list(card.split),
        LabelSet.of(card).digest,
        _compressed(card.examples),
        list(card.examples.shape),
        card.recipe,
    )


def dataset_of(row: Row) -> DatasetCard:
    """Return the card of a row of DATASET."""
    name, input_shape, class_names, split, labels, examples, examples_shape, recipe = row
    return DatasetCard(
        name=name,
        input_shape=tuple(input_shape),
        class_names=shortened_names(class_names),
        split=tuple(split),
        validation_labels=_labels_of(labels, len(class_names)),
        examples=_pixels_of(examples, examples_shape),
        recipe=recipe,
    )


def label_row(label_set: LabelSet) -> Row:
    """Return the row of `label_sets`."""
    return label_set.digest, _compressed(label_set.labels)


def label_set_of(row: Row) -> LabelSet:
    """Return the label set of a row of LABEL_SET."""
    digest, labels, classes = row
    return LabelSet(digest, _labels_of(labels, classes))


def _require_evaluation(trial: Trial, evaluation: Evaluation, label_set: LabelSet | None) -> None:
    name = model_name(trial.id)
    classes = trial.architecture.classes
    predictions = evaluation.predictions
    if evaluation.confusion.shape != (classes, classes):
        shape = " x ".join(map(str, evaluation.confusion.shape))
        raise InvalidTrial(f"The confusion counts of {name} must be {classes} x {classes}, but are {shape}.")
    if len(predictions) and predictions.max() >= classes:
        raise InvalidTrial(
            f"The predictions of {name} must be classes below {classes}, but one is {predictions.max()}."
        )
    if label_set and len(predictions) != len(label_set.labels):
        raise InvalidTrial(
            f"{name} must have one prediction for each of the {len(label_set.labels)} validation images of "
            f"{trial.proposal.dataset}, but has {len(predictions)}."
        )


def _predictions(differences: bytes, labels: bytes | None, classes: int) -> Labels:
    predictions = _labels_of(differences, classes)
    if labels is None:
        return predictions
    shifted = predictions.astype(np.int32) + _labels_of(labels, classes)
    return as_labels(shifted % classes, classes)


def _compressed(values: NDArray[Any]) -> bytes:
    return zlib.compress(values.tobytes())


def _labels_of(blob: bytes, classes: int) -> Labels:
    return np.frombuffer(zlib.decompress(blob), label_dtype(classes))


def _pixels_of(blob: bytes, shape: Sequence[int]) -> NDArray[np.uint8]:
    return np.frombuffer(zlib.decompress(blob), np.uint8).reshape(shape)
