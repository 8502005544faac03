"""Trainings that wait or run, as the map shows them: where they are expected, and what they come from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import streamlit as st

from remap_core.analysis.surrogate import Surrogate
from remap_core.catalogue.reader import Catalogue
from remap_core.drawing.charts.later_circles import Unfinished
from remap_core.formatting import model_tag, percent, pluralize
from remap_core.services.expected_time import FIRST_WAITING
from remap_core.services.lineage import edit_sentence
from remap_core.services.proposals import surrogate_of
from remap_core.system.refreshing import Refreshing
from remap_core.trials.training_config import TrainingConfig
from remap_core.trials.trial import Trial, TrialId, TrialState
from remap_core.ui.dataset_view import DatasetView

MAX_SHOWN = 100
"""Trainings without a result that are on the map: the running ones, then those that are next."""


_LEAST, _SHARE = 20, 20
"""Predictions are refitted once so many models more have finished, and a share of one in so many."""

_CACHE_KEYS: dict[str | type, Callable[[Any], object]] = {
    Catalogue: lambda catalogue: catalogue.key,
    DatasetView: lambda dataset: f"{dataset.name} {dataset.stamp}",
}


@st.cache_resource(max_entries=4, show_spinner=False, hash_funcs=_CACHE_KEYS)
def unfinished_trainings(catalogue: Catalogue, dataset: DatasetView) -> list[Unfinished]:
    """Running trainings at the accuracy of their last epoch, others at the predicted one; without retrainings.

    The same list for all who look at this catalogue.
    """
    first = catalogue.queue(0, dataset.name, waiting=FIRST_WAITING)
    trials = [trial for trial in first if not trial.proposal.is_retraining][:MAX_SHOWN]
    parents = _parents(catalogue, trials)
    predicted = _predicted(dataset, [trial for trial in trials if trial.accuracy is None])
    return [_unfinished(dataset, trial, parents, predicted) for trial in trials]


def _parents(catalogue: Catalogue, trials: list[Trial]) -> dict[TrialId, Trial]:
    ids = {trial.proposal.parent for trial in trials if trial.proposal.parent is not None}
    return {parent.id: parent for parent in catalogue.trials(sorted(ids))}


def _predicted(dataset: DatasetView, trials: list[Trial]) -> dict[TrialId, float]:
    """Accuracies of those trained like models enough that have finished."""
    alike: dict[TrainingConfig, list[Trial]] = {}
    for trial in trials:
        alike.setdefault(replace(trial.proposal.config, seed=0), []).append(trial)
    predicted: dict[TrialId, float] = {}
    for config, group in alike.items():
        surrogate = _surrogate(dataset, config)
        if surrogate:
            means = surrogate.predict([trial.architecture for trial in group])[:, 0]
            predicted |= {trial.id: float(mean) for trial, mean in zip(group, means, strict=True)}
    return predicted


@st.cache_resource(show_spinner=False)
def _kept() -> Refreshing[Surrogate | None]:
    return Refreshing(keeps=8)


def _surrogate(dataset: DatasetView, config: TrainingConfig) -> Surrogate | None:
    """Fitted in the background, as it takes up to half a second, on a busy machine several."""
    population, card = dataset.population, dataset.card
    finished = len(population)
    news = finished - finished % max(_LEAST, finished // _SHARE)
    return _kept().get((dataset.name, config), news, lambda: surrogate_of(population, card, config))


def _unfinished(
    dataset: DatasetView, trial: Trial, parents: Mapping[TrialId, Trial], predicted: Mapping[TrialId, float]
) -> Unfinished:
    parent = parents.get(trial.proposal.parent or 0)
    accuracy = _accuracy(dataset, trial, parent, predicted)
    return Unfinished(trial, accuracy, tuple(_lines(trial, accuracy, parent)))


def _accuracy(dataset: DatasetView, trial: Trial, parent: Trial | None, predicted: Mapping[TrialId, float]) -> float:
    """Of the last epoch; before it the predicted one, the parent's, or the median of all models."""
    if trial.accuracy is not None:
        return trial.accuracy
    if trial.id in predicted:
        return predicted[trial.id]
    if parent and parent.accuracy is not None:
        return parent.accuracy
    return dataset.median_accuracy


def _lines(trial: Trial, accuracy: float, parent: Trial | None) -> Iterator[str]:
    parameters = pluralize(trial.architecture.parameters, "parameter")
    if trial.state is TrialState.RUNNING:
        yield f"epoch {trial.epochs_done} of {trial.proposal.config.epochs}"
    else:
        yield "waiting"
    if trial.accuracy is not None:
        yield f"validation {percent(trial.accuracy)} so far, {parameters}"
    else:
        yield f"about {percent(accuracy, decimals=0)} expected, {parameters}"
    if parent:
        yield f"{edit_sentence(parent, trial)}, from {model_tag(parent.id)}"
