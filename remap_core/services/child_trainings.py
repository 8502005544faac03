"""How children are trained: in full, like their parents, or for fewer epochs from their parents' weights."""

from __future__ import annotations

from dataclasses import replace

from remap_core.catalogue.reader import Catalogue
from remap_core.errors import InvalidTrial
from remap_core.formatting import model_name
from remap_core.trials.training_config import MAX_EPOCHS, TrainingConfig
from remap_core.trials.trial import Trial, TrialState

SHARE = 3
"""A training from the parent's weights takes one in so many epochs of a full one by default (decision 034)."""


def full_config(catalogue: Catalogue, parent: Trial) -> TrainingConfig:
    """How a model's children are trained in full: as itself, or as the nearest ancestor that began with new weights."""
    while parent.proposal.inherits and parent.proposal.parent is not None:
        parent = catalogue.trial(parent.proposal.parent)
    return parent.proposal.config


def child_config(catalogue: Catalogue, parent: Trial, epochs: int | None = None) -> TrainingConfig:
    """How a model's children are trained: in full, or for so many epochs from its weights.

    Raises InvalidTrial for other numbers of epochs, and for weights of a model that is not complete.
    """
    full = full_config(catalogue, parent)
    if epochs is None:
        return full
    if not 1 <= epochs <= MAX_EPOCHS:
        raise InvalidTrial(f"A child is trained for 1 to {MAX_EPOCHS} epochs, but got {epochs}.")
    model = catalogue.trial(parent.model)
    if model.state is not TrialState.COMPLETE:
        raise InvalidTrial(
            f"A model must be complete to pass on its weights, but {model_name(model.id)} is {model.state}."
        )
    return replace(full, epochs=epochs, start=model.id)


def short_epochs(full: TrainingConfig) -> int:
    """Epochs from the parent's weights that are suggested in place of a full training.

    >>> short_epochs(TrainingConfig(epochs=10))
    3
    """
    return max(1, round(full.epochs / SHARE))
