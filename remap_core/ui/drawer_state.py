"""What is in this visitor's drawer."""

from __future__ import annotations

from collections.abc import Sequence

from remap_core.trials.trial import TrialId
from remap_core.ui.session import current_session


def select(model: TrialId) -> None:
    """Make a model the selected one and put it into the drawer."""
    current_session().selected = model
    add([model])


def add(models: list[TrialId]) -> None:
    """Put models into the drawer, those that are in it already stay where they are."""
    current_session().complaint = ""
    drawer = current_session().drawer
    drawer += [model for model in models if model not in drawer]


def remove(models: Sequence[TrialId]) -> None:
    """Take models out of the drawer; `undo_removal` puts them back."""
    state = current_session()
    state.complaint = ""
    state.before, state.removed = tuple(state.drawer), tuple(model for model in models if model in state.drawer)
    state.drawer = [kept for kept in state.drawer if kept not in state.removed]


def undo_removal() -> None:
    """Put back what was removed last, to where it was."""
    state = current_session()
    added = [model for model in state.drawer if model not in state.before]
    state.drawer = [model for model in state.before if model in state.drawer or model in state.removed] + added
    state.removed = ()
