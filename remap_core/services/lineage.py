"""Lineages: a model's ancestors, and the edits between them with their effects, in words."""

from __future__ import annotations

import numpy as np

from remap_core.analysis.uncertainty import SeedNoise
from remap_core.catalogue.reader import Catalogue
from remap_core.errors import RemapError
from remap_core.formatting import more_or_fewer, pluralize, points
from remap_core.services.comparison import compare_predictions
from remap_core.space.edits import sentences
from remap_core.trials.trial import Trial

MAX_ANCESTORS = 20


def ancestors(catalogue: Catalogue, trial: Trial, limit: int = MAX_ANCESTORS) -> list[Trial]:
    """The ancestors of a model, its parent last; the nearest `limit`. Ends at a parent that the catalogue lacks."""
    chain: list[Trial] = []
    seen = {trial.id}
    while len(chain) < limit:
        parent = trial.proposal.parent
        if parent is None or parent in seen:
            break
        known = catalogue.trials([parent])
        if not known:
            break
        trial = known[0]
        seen.add(trial.id)
        chain.append(trial)
    chain.reverse()
    return chain


def edit_sentence(parent: Trial, child: Trial) -> str:
    """The edits from the parent to the child."""
    return "; ".join(sentences(parent.architecture, child.proposal.edits))


def effect_sentence(catalogue: Catalogue, parent: Trial, child: Trial) -> str:
    """The effect of an edit on accuracy and parameters, marked where it is within noise.

    Noise is a difference that may well be chance on these images (McNemar), or, where one of the two models was
    repeated, one that seeds alone may make.

    For example "+1.2 points (within noise), 100 parameters fewer"; the child's state before it has an accuracy. Of
    repeated models the first trainings are compared, as they are the ones that are tested for noise. A child that
    started from its parent's weights is not compared: that is said instead.
    """
    if child.last is None or parent.last is None:
        return child.state.value
    difference = child.architecture.parameters - parent.architecture.parameters
    if child.proposal.inherits:
        return f"{inherited_sentence(child)}, {more_or_fewer(difference, 'parameter')}"
    change = points(child.last.validation_accuracy - parent.last.validation_accuracy)
    if child.score or parent.score:
        change += " between the first trainings"
    change += _noise(catalogue, parent, child)
    return f"{change}, {more_or_fewer(difference, 'parameter')}"


def inherited_sentence(child: Trial) -> str:
    """How a model was trained that started from its parent's weights; its accuracy does not compare with the parent's.

    For example "started from the weights of model 12, 3 epochs".
    """
    epochs = pluralize(child.proposal.config.epochs, "epoch")
    return f"started from the weights of model {child.proposal.config.start}, {epochs}"


def _noise(catalogue: Catalogue, parent: Trial, child: Trial) -> str:
    try:
        test = compare_predictions(catalogue, parent, child)
    except RemapError:
        return f" ({child.state})"
    if test.is_noise or _may_be_seeds(parent, child):
        return " (within noise)"
    return ""


def _may_be_seeds(parent: Trial, child: Trial) -> bool:
    """Whether the first trainings differ by no more than trainings with other seeds do."""
    scores = [trial.score for trial in (parent, child) if trial.score]
    noise = SeedNoise.pooled(
        np.array([score.deviation for score in scores]), np.array([score.seeds for score in scores], dtype=np.int64)
    )
    if noise is None or child.last is None or parent.last is None:
        return False
    return abs(child.last.validation_accuracy - parent.last.validation_accuracy) <= noise.band([1, -1], [1, 1])
