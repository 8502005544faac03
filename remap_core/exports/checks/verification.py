"""How an exported file does on the validation images, next to the network that was trained."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from remap_core.exports.onnx_session import Logits
from remap_core.formatting import percent, pluralize, points
from remap_core.trials.class_labels import Labels

MAX_LOSS = 0.01
"""The accuracy (0..1) that a file may lose without a warning."""


@dataclass(frozen=True)
class Verification:
    """What came of running a file on all validation images.

    agreement: share of the images for which the file predicts what the trained network did. before, after: accuracy
    (0..1) of the trained network and of the file. difference: the largest one of logits, from those of `reference`;
    None where logits were not compared.
    """

    images: int
    agreement: float
    before: float
    after: float
    difference: float | None = None
    reference: str = ""

    @property
    def loss(self) -> float:
        """The accuracy that the file loses, negative for one that gains."""
        return self.before - self.after

    @property
    def is_lossy(self) -> bool:
        """Whether the file loses more than 1 point of accuracy."""
        return self.loss > MAX_LOSS

    @property
    def sentence(self) -> str:
        """The outcome, for people."""
        sentence = (
            f"Verified on {pluralize(self.images, 'validation image')}: {percent(self.agreement)} predicted as in "
            f"training, accuracy {percent(self.before)} before and {percent(self.after)} after"
        )
        if self.difference is None:
            return f"{sentence}."
        return f"{sentence}, largest logit difference {self.difference:.2g} from {self.reference}."

    @property
    def warning(self) -> str:
        """What must not go unnoticed; empty for a file that loses no more than 1 point."""
        if not self.is_lossy:
            return ""
        return (
            f"This file loses accuracy: {percent(self.before)} before, {percent(self.after)} after "
            f"({points(-self.loss)} on {pluralize(self.images, 'validation image')})."
        )


def verified(
    logits: Logits, predictions: Labels, labels: Labels, reference: tuple[str, Logits] | None = None
) -> Verification:
    """Compare a file's logits, (n, classes), with recorded predictions (n,), labels (n,) and a reference's logits.

    >>> logits = np.array([[2.0, 1.0], [0.0, 3.0]], np.float32)
    >>> labels = np.array([0, 0], np.uint8)
    >>> verified(logits, np.array([0, 1], np.uint8), labels, ("PyTorch", logits + 0.5)).sentence
    'Verified on 2 validation images: 100.0 % predicted as in training, accuracy 50.0 % before and 50.0 % after, \
largest logit difference 0.5 from PyTorch.'
    """
    classes = logits.argmax(axis=1)
    name, others = reference or ("", None)
    return Verification(
        images=len(labels),
        agreement=float(np.mean(classes == predictions)),
        before=float(np.mean(predictions == labels)),
        after=float(np.mean(classes == labels)),
        difference=None if others is None else float(np.abs(logits - others).max()),
        reference=name,
    )
