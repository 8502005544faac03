"""Trainings that wait or run, as the map shows them: where they are expected, and what they come from."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import streamlit as st

from remap_core.analysis.surrogate import Surrogate
from remap_core.catalogue.reader import Catalogue
from remap_core.drawing.charts.later_circles import Unfinished
from remap_core.formatting import model_tag, percent, pluralize
from remap_core.services.expected_time import FIRST_WAITING
from remap_core.services.lineage import edit_sentence
from remap_core.trials.training_config import TrainingConfig
from remap_core.trials.trial import Trial, TrialId, TrialState
from remap_core.ui.dataset_view import DatasetView

MAX_SHOWN = 100
"""Trainings without a result that are on the map: the running ones, then those that are next."""


def unfinished_trainings(catalogue: Catalogue, dataset: DatasetView) -> list[Unfinished]:
    """Running trainings at the accuracy of their last epoch, others at the predicted one; without retrainings."""
    first = catalogue.queue(0, dataset.name, waiting=FIRST_WAITING)
    trials = [trial for trial in first if not trial.proposal.is_retraining][:MAX_SHOWN]
    parents = _parents(catalogue, trials)
    return [_unfinished(dataset, trial, parents) for trial in trials]


def _parents(catalogue: Catalogue, trials: list[Trial]) -> dict[TrialId, Trial]:
    ids = {trial.proposal.parent for trial in trials if trial.proposal.parent is not None}
    return {parent.id: parent for parent in catalogue.trials(sorted(ids))}


def _unfinished(dataset: DatasetView, trial: Trial, parents: Mapping[TrialId, Trial]) -> Unfinished:
    parent = parents.get(trial.proposal.parent or 0)
    return Unfinished(
        trial=trial,
        accuracy=_accuracy(dataset, trial, parent),
        text=tuple(_lines(dataset, trial, parent)),
    )


def _accuracy(dataset: DatasetView, trial: Trial, parent: Trial | None) -> float:
    """Of the last epoch; before it the predicted one, the parent's, or the median of all models."""
    if trial.accuracy is not None:
        return trial.accuracy
    predicted = _predicted(dataset, trial)
    if predicted is not None:
        return predicted
    if parent and parent.accuracy is not None:
        return parent.accuracy
    return dataset.median_accuracy


_EVERY = 20
"""Predictions are refitted after this many finished models: a fit takes up to half a second."""

_CACHE_KEYS: dict[str | type, Callable[[Any], object]] = {
    DatasetView: lambda dataset: (dataset.name, len(dataset.population) // _EVERY),
    Trial: lambda trial: (trial.architecture.fingerprint, trial.proposal.config.title),
    TrainingConfig: lambda config: json.dumps(config.to_json()),
}


@st.cache_resource(max_entries=8, show_spinner=False, hash_funcs=_CACHE_KEYS)
def _surrogate(dataset: DatasetView, config: TrainingConfig) -> Surrogate | None:
    return dataset.surrogate(config)


@st.cache_resource(max_entries=1_000, show_spinner=False, hash_funcs=_CACHE_KEYS)
def _predicted(dataset: DatasetView, trial: Trial) -> float | None:
    surrogate = _surrogate(dataset, trial.proposal.config)
    if surrogate is None:
        return None
    return float(surrogate.predict([trial.architecture])[0, 0])


def _lines(dataset: DatasetView, trial: Trial, parent: Trial | None) -> Iterator[str]:
    parameters = pluralize(trial.architecture.parameters, "parameter")
    if trial.state is TrialState.RUNNING:
        yield f"epoch {trial.epochs_done} of {trial.proposal.config.epochs}"
    else:
        yield "waiting"
    if trial.accuracy is not None:
        yield f"validation {percent(trial.accuracy)} so far, {parameters}"
    else:
        expected = percent(_accuracy(dataset, trial, parent), decimals=0)
        yield f"about {expected} expected, {parameters}"
    if parent:
        yield f"{edit_sentence(parent, trial)}, from {model_tag(parent.id)}"
