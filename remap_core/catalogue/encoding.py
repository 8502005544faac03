"""Evaluations and data sets as rows: arrays become compressed blobs, which keeps commits and checkpoints short."""

from __future__ import annotations

import hashlib
import zlib
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from remap_core.errors import InvalidTrial
from remap_core.formatting import model_name
from remap_core.trials.dataset_card import DatasetCard
from remap_core.trials.evaluation import Evaluation, Latency
from remap_core.trials.trial import Trial

Row = tuple[Any, ...]


class LabelSet(NamedTuple):
    """Gold classes of a data set's validation images: (n,) uint8, and the SHA-256 that they are stored under."""

    digest: str
    labels: NDArray[np.uint8]

    @classmethod
    def of(cls, labels: NDArray[np.uint8]) -> LabelSet:
        """The label set of (n,) labels."""
        return cls(hashlib.sha256(labels.tobytes()).hexdigest(), labels)


def evaluation_row(trial: Trial, evaluation: Evaluation, gold: LabelSet | None) -> Row:
    """The row of `evaluations`; predictions are kept as what they are off the `gold` labels, where these are known.

    Most are right, so that most of it is zeros, which zlib shrinks to next to nothing. Raises InvalidTrial where the
    evaluation is none of this trial's classes and images.
    """
    classes = trial.architecture.classes
    _require_evaluation(trial, evaluation, gold)
    labels = gold.labels if gold else np.zeros_like(evaluation.predictions)
    off = (evaluation.predictions.astype(np.int16) - labels) % classes
    latency = evaluation.latency
    return (
        trial.id,
        classes,
        zlib.compress(evaluation.confusion.astype("<i8").tobytes()),
        _compressed(off),
        gold.digest if gold else None,
        *(latency.batch_1_ms, latency.batch_256_ms, latency.device, latency.threads, latency.dtype),
    )


def evaluation_of(row: Row) -> Evaluation:
    """The evaluation of its row and its label set's compressed labels (None: all 0), in that order, without trial."""
    classes, confusion, predictions, *latency, labels = row
    off = _bytes(predictions)
    gold = np.zeros_like(off) if labels is None else _bytes(labels)
    counts = np.frombuffer(zlib.decompress(confusion), "<i8").reshape(classes, classes).astype(np.int64)
    return Evaluation(counts, ((off.astype(np.int16) + gold) % classes).astype(np.uint8), Latency(*latency))


def dataset_row(card: DatasetCard, place: int) -> Row:
    """The row of `datasets`."""
    return (
        card.name,
        place,
        list(card.input_shape),
        list(card.class_names),
        list(card.split),
        LabelSet.of(card.validation_labels).digest,
        _compressed(card.examples),
        list(card.examples.shape),
    )


def label_row(gold: LabelSet) -> Row:
    """The row of `label_sets`."""
    return gold.digest, _compressed(gold.labels)


def label_set_of(row: Row) -> LabelSet:
    """The label set of its row."""
    digest, labels = row
    return LabelSet(digest, _bytes(labels))


def dataset_of(row: Row) -> DatasetCard:
    """The card of name, input_shape, class_names, split, its compressed labels, examples and their shape."""
    name, (channels, height, width), class_names, (train, validation, test), labels, examples, shape = row
    images = _bytes(examples).reshape(shape)
    split = (train, validation, test)
    return DatasetCard(name, (channels, height, width), tuple(class_names), split, _bytes(labels), images)


def _require_evaluation(trial: Trial, evaluation: Evaluation, gold: LabelSet | None) -> None:
    classes, predictions = trial.architecture.classes, evaluation.predictions
    if evaluation.confusion.shape != (classes, classes):
        shape = " x ".join(map(str, evaluation.confusion.shape))
        raise InvalidTrial(
            f"The confusion counts of {model_name(trial.id)} must be {classes} x {classes}, but are {shape}."
        )
    if len(predictions) and predictions.max() >= classes:
        raise InvalidTrial(
            f"The predictions of {model_name(trial.id)} must be classes below {classes}, but one is "
            f"{predictions.max()}."
        )
    if gold and len(predictions) != len(gold.labels):
        raise InvalidTrial(
            f"{model_name(trial.id)} must have one prediction for each of the {len(gold.labels)} validation images of "
            f"{trial.proposal.dataset}, but has {len(predictions)}."
        )


def _compressed(values: NDArray[Any]) -> bytes:
    return zlib.compress(values.astype(np.uint8).tobytes())


def _bytes(blob: bytes) -> NDArray[np.uint8]:
    return np.frombuffer(zlib.decompress(blob), np.uint8)
