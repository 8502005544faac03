"""A model that still trains: what is known is shown and updates by itself, the rest appears when it has finished."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from remap_core.catalogue.reader import Catalogue
from remap_core.trials.trial import Trial, TrialId, TrialState
from remap_core.ui import app_data, live


def show_live(trials: Sequence[Trial], body: Callable[[Catalogue, Sequence[Trial]], None]) -> None:
    """Draw `body`, again and again while one of the models is still to be trained."""
    ids = [trial.id for trial in trials]
    if all(trial.state.is_finished() for trial in trials):
        body(app_data.catalogue(), trials)
    else:
        live.live(lambda newest: body(newest, [newest.trial(model) for model in ids]))


def watch_states(trials: Sequence[Trial]) -> None:
    """Rerun the page as soon as one of the models has finished and its results are available."""
    if not all(trial.state.is_finished() for trial in trials):
        ids = [trial.id for trial in trials]
        live.watch(lambda: _finished(ids), [trial.state.is_finished() for trial in trials])


def _finished(models: Sequence[TrialId]) -> list[bool]:
    catalogue = app_data.catalogue()
    return [catalogue.trial(model).state.is_finished() for model in models]


def missing_sentence(trial: Trial) -> str:
    """Why a model has no evaluation."""
    if trial.state in (TrialState.WAITING, TrialState.RUNNING):
        return "Available once training finishes."
    return f"Only complete models are evaluated; this one is {trial.state}."
