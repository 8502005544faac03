"""The models in this visitor's drawer: one drawer for each data set."""

from __future__ import annotations

from collections.abc import Sequence

from remap_core.trials.trial import TrialId
from remap_core.ui.session import Drawer, current_session


def look_at(dataset: str, before: str | None) -> None:
    """Look at another data set: its drawer and selection come out, those of the one `before` are put away."""
    session = current_session()
    session.dataset = dataset
    if before != dataset:
        back_to_own()
    if before is None or before == dataset:
        return
    session.put_away[before] = Drawer(session.drawer, session.removed, session.drawer_before_removal, session.selected)
    drawer = session.put_away.pop(dataset, Drawer([], (), (), None))
    session.drawer, session.removed, session.drawer_before_removal, session.selected = drawer
    session.compared = None
    session.url_warnings.pop("drawer", None)


def back_to_own() -> None:
    """Put the drawer of a link away, and take out one's own; nothing without such a link."""
    session = current_session()
    if session.own_drawer is not None:
        session.drawer, session.own_drawer = session.own_drawer, None
        session.removed, session.drawer_before_removal = (), ()


def add_link_to_own() -> None:
    """Add the models of a link's drawer to one's own."""
    linked = current_session().drawer
    back_to_own()
    add(linked)


def select(model: TrialId) -> None:
    """Select a model and add it to the drawer."""
    current_session().selected = model
    add([model])


def add(models: Sequence[TrialId]) -> None:
    """Add models to the end of the drawer; those already in it keep their place."""
    session = current_session()
    session.url_warnings.pop("drawer", None)
    for model in models:
        if model not in session.drawer:
            session.drawer.append(model)


def remove(models: Sequence[TrialId]) -> None:
    """Remove models from the drawer; `undo_removal` brings them back."""
    session = current_session()
    session.url_warnings.pop("drawer", None)
    session.drawer_before_removal = tuple(session.drawer)
    session.removed = tuple(model for model in models if model in session.drawer)
    session.drawer = [model for model in session.drawer if model not in session.removed]


def undo_removal() -> None:
    """Put the models that were removed last back in their places."""
    session = current_session()
    restored = {*session.drawer, *session.removed}
    drawer = [model for model in session.drawer_before_removal if model in restored]
    added_since = [model for model in session.drawer if model not in session.drawer_before_removal]
    session.drawer = drawer + added_since
    session.removed = ()
