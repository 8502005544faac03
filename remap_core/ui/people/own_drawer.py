"""A person's own drawers: remembered across sign-ins, and left alone by a link that names another one."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from threading import Lock

from remap_core.data_folder.own_drawers import Drawers, read_drawers, write_drawers
from remap_core.errors import FolderUnusable, RemapError
from remap_core.trials.trial import TrialId
from remap_core.ui import app_data
from remap_core.ui.people import visitor
from remap_core.ui.session import Drawer, current_session

_KEEPING = Lock()
"""Two tabs of one person write one after the other."""


def recall() -> None:
    """Take out the drawers of who looks at the page, as they left them; once for each person who signs in."""
    session = current_session()
    name = visitor.person().name
    if not name or session.drawers_of == name:
        return
    kept = read_drawers(app_data.folder(), name)
    session.drawers_of, session.kept_drawers = name, kept
    shown = _dataset()
    session.own_drawer, session.removed, session.drawer_before_removal = None, (), ()
    session.drawer = list(kept.get(shown, ()))
    session.put_away = {
        dataset: Drawer(list(models), (), (), None) for dataset, models in kept.items() if dataset != shown
    }


def follow_link(models: Sequence[TrialId]) -> None:
    """Show the drawer that a link names in place of one's own, if it is another one."""
    session = current_session()
    if models and set(models) != set(session.drawer):
        session.own_drawer, session.drawer = session.drawer, list(models)


def keep() -> None:
    """Write down what has changed of a person's drawers. If that fails, the sidebar says why."""
    recall()
    session = current_session()
    if not session.drawers_of:
        return
    before, now = session.kept_drawers, _present()
    if before == now:
        return
    session.kept_drawers = now
    folder = app_data.folder()
    try:
        with _KEEPING:
            stored = read_drawers(folder, session.drawers_of)
            for dataset in before.keys() | now.keys():
                stored[dataset] = _merged(stored.get(dataset, []), before.get(dataset, []), now.get(dataset, []))
            write_drawers(folder, session.drawers_of, stored)
    except FolderUnusable as error:
        session.send_error = f"The drawer is not remembered: {error}"


def _present() -> Drawers:
    session = current_session()
    own = session.drawer if session.own_drawer is None else session.own_drawer
    drawers = {dataset: drawer.models for dataset, drawer in session.put_away.items()}
    drawers[_dataset()] = own
    return {dataset: list(models) for dataset, models in drawers.items() if dataset and models}


def _merged(stored: Sequence[TrialId], before: Sequence[TrialId], now: Sequence[TrialId]) -> list[TrialId]:
    """What is stored, with what this session has added and without what it has removed since.

    Another tab may have changed what is stored.

    >>> _merged(stored=[3, 7, 9], before=[3, 7], now=[7, 5])
    [7, 9, 5]
    """
    if stored == before:
        return list(now)
    kept = [model for model in stored if model in now or model not in before]
    return kept + [model for model in now if model not in before and model not in stored]


def _dataset() -> str:
    """The data set that is looked at; empty while none is known."""
    with suppress(RemapError):
        return app_data.looked_at() or ""
    return ""
