"""What the URL of every page says: ?dataset=leaves&model=7&drawer=3,7,9, the view, and where the map is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from urllib.parse import parse_qsl

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from remap_core.datasets.naming import split_part
from remap_core.errors import NotFound, RemapError
from remap_core.formatting import count
from remap_core.trials.trial import TrialId
from remap_core.ui import app_data
from remap_core.ui.drawer_state import add, look_at
from remap_core.ui.generate import url_parts
from remap_core.ui.people import visitor
from remap_core.ui.people.own_drawer import follow_link, recall
from remap_core.ui.session import Dock, Tab, current_session
from remap_core.ui.view_state import current_view
from remap_core.views.view import KEYS as VIEW_PARTS

MAX_MODELS = 500
"""Models that a URL may name."""

COMPARED = "compare"
"""The second model of the inspect page."""

PARTS = ("dataset", "model", COMPARED, "tab", "drawer", "dock", *url_parts.PARTS, *VIEW_PARTS)

_MAX_DIGITS = 15

_EMBEDDING = ("embed", "embed_options")
"""Parts of a URL that Streamlit keeps to itself."""


def drawer_text(models: Sequence[TrialId]) -> str:
    """The drawer as a URL names it.

    >>> drawer_text([3, 7, 9])
    '3,7,9'
    """
    return ",".join(map(str, models[:MAX_MODELS]))


def parse_drawer(text: str) -> tuple[list[TrialId], str]:
    """The models that a text names, each once, and a sentence about what is ignored; empty if nothing is.

    >>> parse_drawer("3,7,7, 9")
    ([3, 7, 9], '')
    >>> parse_drawer("3,x,9")
    ([3, 9], "The URL must name the drawer by model numbers, like ?drawer=3,7,9, but got 'x', which is ignored.")
    """
    models: dict[TrialId, None] = {}
    unusable = []
    for part in text.split(","):
        number = part.strip()
        if _is_number(number):
            models[int(number)] = None
        elif number:
            unusable.append(number)
    used = list(models)[:MAX_MODELS]
    if unusable:
        return used, _unusable_sentence(unusable)
    if len(models) > MAX_MODELS:
        return used, f"The URL names {count(len(models))} models; only the first {MAX_MODELS} are used."
    return used, ""


def parse_model(text: str, name: str) -> TrialId:
    """The model that a URL parameter names; raises NotFound unless it is a number.

    >>> parse_model("7", "?model")
    7
    """
    if not _is_number(text):
        raise NotFound(f"A model is named by its number, like {name}=7, but got {name}={text[:40]}.")
    return int(text)


def read_url(page: str) -> None:
    """Follow what the URL asks for: at a visitor's first page, after Back and Forward, and in links of this app.

    A link of the navigation names a page and nothing else: everything then stays as it was. So it does where a visitor
    is faster than their browser, which still names the URL before. Parts that cannot be used are ignored;
    `url_warnings` of the session says why.
    """
    session = current_session()
    query = _query()
    asked = {key: query[key] for key in PARTS if key in query}
    is_first = session.url is None
    is_link = bool(asked) and page != session.page
    session.page = page
    if asked == session.url or not (is_first or is_link or _is_history_navigation()):
        return
    session.url = asked
    session.url_warnings = {}
    selected = _asked_model(asked, "model")
    compared = _asked_model(asked, COMPARED)
    with suppress(RemapError):  # what cannot be read is said by the page
        _follow_dataset(asked, selected, None if is_first else app_data.looked_at())
    if is_first:
        recall()
    session.selected, session.compared = selected, compared
    session.tab = _asked_tab(asked)
    _follow_drawer(asked, is_first=is_first)
    _follow_dock(asked)
    _follow_children(asked)
    session.asked_view = {key: text for key, text in asked.items() if key in VIEW_PARTS}


def _is_history_navigation() -> bool:
    """Whether the visitor pressed Back or Forward; True where an older Streamlit does not tell."""
    return getattr(get_script_run_ctx(), "is_history_navigation", True)


def write_url() -> None:
    """Write into the URL what this visitor sees, in one step: a link to it opens the same."""
    query, present = address(), _query()
    others = {key: text for key, text in present.items() if key not in PARTS}
    if present != others | query:
        st.query_params.from_dict(others | query)
    current_session().url = query


def _query() -> dict[str, str]:
    """What the URL says in the browser that asked for this run.

    `st.query_params` belongs to all runs of a visitor: one that another has overtaken still writes there, and the
    browser does not hear of it.
    """
    context = get_script_run_ctx()
    parts = parse_qsl(context.query_string if context else "", keep_blank_values=True)
    return {key: text for key, text in parts if key.lower() not in _EMBEDDING}


def address() -> dict[str, str]:
    """The parts of the URL of what this visitor sees."""
    session = current_session()
    parts = {
        "dataset": _dataset_text(),
        "model": _model_text(session.selected),
        COMPARED: _model_text(session.compared),
        "tab": "" if session.tab is Tab.PERFORMANCE else session.tab,
        "drawer": drawer_text(session.drawer),
        "dock": session.dock or "",
        **url_parts.parts(session.selected),
        **_view_parts(),
    }
    return {key: text for key, text in parts.items() if text}


def _model_text(model: TrialId | None) -> str:
    return str(model or "")


def _dataset_text() -> str:
    """The data set as the URL names it; empty where there is only one."""
    with suppress(RemapError):
        if len(app_data.known_datasets()) > 1:
            return app_data.looked_at() or ""
    return ""


def _view_parts() -> dict[str, str]:
    with suppress(RemapError):
        return current_view().to_query()
    return {}


def _asked_tab(asked: Mapping[str, str]) -> Tab:
    text = asked.get("tab")
    return Tab(text) if text in list(Tab) else Tab.PERFORMANCE


def _follow_dock(asked: Mapping[str, str]) -> None:
    text = asked.get("dock")
    current_session().dock = Dock(text) if text in list(Dock) else None


def _follow_children(asked: Mapping[str, str]) -> None:
    """The way to make children, chosen layers and a draft, of the selected model."""
    session = current_session()
    selected = None
    with suppress(RemapError):
        selected = next(iter(app_data.catalogue().trials([session.selected or 0])), None)
    session.url_warnings |= url_parts.follow(asked, selected)


def _follow_drawer(asked: Mapping[str, str], *, is_first: bool) -> None:
    """Where people sign in, a link opens its drawer beside one's own."""
    models, warning = parse_drawer(asked.get("drawer", ""))
    if is_first and not visitor.is_open():
        follow_link(models)
    else:
        add(models)
    if warning:
        current_session().url_warnings["drawer"] = warning


def _asked_model(asked: Mapping[str, str], part: str) -> TrialId | None:
    """The model in the URL; None, with a warning, if it is not a number or not in the catalogue."""
    if part not in asked:
        return None
    try:
        return app_data.catalogue().trial(parse_model(asked[part], f"?{part}")).id
    except NotFound as error:
        current_session().url_warnings[part] = str(error)
    except RemapError:  # nothing can be read, which the page itself says
        pass
    return None


def _follow_dataset(asked: Mapping[str, str], selected: TrialId | None, before: str | None) -> None:
    """Look at the data set of the model, else at the one that the URL names, else at that of the drawer."""
    name = asked.get("dataset", "")
    named = [known.name for known in app_data.known_datasets() if name in (known.name, known.title)]
    if name and not named:
        current_session().url_warnings["dataset"] = f"There is no data set {name:.60}."
    drawer, _ = parse_drawer(asked.get("drawer", ""))
    of_models = [
        split_part(trial.proposal.dataset)[0] for trial in app_data.catalogue().trials([selected or 0, *drawer[:1]])
    ]
    for dataset in (*of_models[: 1 if selected else 0], *named, *of_models):
        look_at(dataset, before)
        return


def _unusable_sentence(parts: Sequence[str]) -> str:
    example = repr(parts[0][:40])
    if len(parts) == 1:
        ignored = f"{example}, which is ignored"
    else:
        ignored = f"{example} and {len(parts) - 1} more, which are ignored"
    return f"The URL must name the drawer by model numbers, like ?drawer=3,7,9, but got {ignored}."


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS
