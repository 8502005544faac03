"""A suggestion: a model that could be trained next, with what is expected of it and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from remap_core.space.architecture import Architecture
from remap_core.space.edits import Edit
from remap_core.space.text import layers_text
from remap_core.trials.trial import Proposal, TrialId

BAND = 0.8
"""The share of trainings that should end between `low` and `high`."""

BAND_DEVIATIONS = 1.2816
"""The band's reach to both sides of what is expected, in standard deviations."""


@dataclass(frozen=True)
class Suggestion:
    """A model to train next.

    proposal: its training, ready for the queue but for a batch. edit: its edits of the parent in words, empty without
    a parent. accuracy, low, high: the objective's value (0..1) that is expected of one training, and the 80 % band.
    seconds: expected, of the whole training. chance: of moving the Pareto front, 0..1. gain: expected improvement of
    its hypervolume, by which suggestions are ranked. reason: one or two sentences. is_guess: it is suggested for
    variety, because nothing can be predicted; the band is then that of what was trained so far.
    """

    proposal: Proposal
    edit: str
    accuracy: float
    low: float
    high: float
    seconds: float
    chance: float
    gain: float
    reason: str
    is_guess: bool = False

    @property
    def architecture(self) -> Architecture:
        """What would be trained."""
        return self.proposal.architecture

    @property
    def parent(self) -> TrialId | None:
        """The model that it is an edit of; None for a new sample."""
        return self.proposal.parent

    @property
    def edits(self) -> tuple[Edit, ...]:
        """The edits of the parent; none without a parent."""
        return self.proposal.edits

    @property
    def parameters(self) -> int:
        """Count of weights and biases."""
        return self.architecture.parameters

    def to_json(self) -> Mapping[str, Any]:
        """The public, stable JSON form."""
        return {
            "layers": layers_text(self.architecture.layers),
            "parent": self.parent,
            "edit": self.edit or None,
            "accuracy": round(self.accuracy, 4),
            "low": round(self.low, 4),
            "high": round(self.high, 4),
            "parameters": self.parameters,
            "seconds": round(self.seconds, 2),
            "chance": round(self.chance, 4),
            "reason": self.reason,
        }
