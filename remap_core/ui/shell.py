"""The frame of every page: configuration, navigation, the drawer and the trainer in the sidebar, errors in words."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import streamlit as st

from remap_core import __version__, services
from remap_core.catalogue.reader import Catalogue
from remap_core.commands import Outcome
from remap_core.drawing import words
from remap_core.drawing.icon import icon_uri
from remap_core.drawing.snac import snac_alt
from remap_core.errors import FolderUnusable, NoCatalogue, RemapError
from remap_core.trials import Trial, TrialId, TrialState
from remap_core.ui import state
from remap_core.ui.batches import announce_finished
from remap_core.ui.leaving import leave_in_time
from remap_core.ui.objective import objective_line
from remap_core.ui.plain import plain

PAGES = {
    "overview": ("Overview", ":material/scatter_plot:"),
    "drawer": ("Drawer", ":material/inventory_2:"),
    "inspect": ("Inspect", ":material/search:"),
    "generate": ("Generate", ":material/call_split:"),
    "queue": ("Queue", ":material/format_list_numbered:"),
}
WITHOUT_A_POINTER = "<style>@media (pointer: coarse) { .js-plotly-plot .modebar { display: none } }</style>"
"""A thumb zooms by the browser; the buttons of a chart would only cover it."""
POLL = 1.0
"""Seconds between looks for something new."""
DRAWER_ROWS, DRAWER_HEIGHT = 12, 440
"""Models that the sidebar shows at once, and the pixels that it scrolls more of them in."""


@contextmanager
def page(name: str) -> Iterator[None]:
    """The frame around a page's body; what the body raises of our errors is shown as its sentence."""
    title, _ = PAGES[name]
    st.set_page_config(page_title=f"{title} - REMAP", page_icon="🧩", layout="wide")
    _require_a_data_folder(title)
    leave_in_time()
    _started_here(str(state.settings().home.absolute()))
    state.follow_address()
    with st.sidebar:
        _navigation()
        objective_line()
        _trainer_status()
        _drawer()
    st.title(title)
    st.html(WITHOUT_A_POINTER)
    with _errors_as_sentences():
        yield


def open_model(model: TrialId, page: str = "inspect") -> None:
    """Select a model and go to a page with it in the address."""
    state.session().selected = model
    st.switch_page(f"pages/{page}.py", query_params={"model": str(model)})


def _require_a_data_folder(title: str) -> None:
    """Without usable settings and a data folder there is nothing to show but the reason."""
    try:
        state.folder()
    except RemapError as error:
        st.title(title)
        st.error(plain(str(error)))
        st.stop()


@st.cache_resource(show_spinner=False)
def _started_here(home: str) -> list[subprocess.Popen[bytes]]:  # noqa: ARG001 (one list for a data folder)
    """The trainers that this process has started: at first one, where none is alive and the settings allow it."""
    allowed = state.settings().autostart and state.trainer() is None
    return _start_trainer() if allowed else []


def _start_trainer() -> list[subprocess.Popen[bytes]]:
    """The trainer; none where the folder does not allow it, which the sidebar then says."""
    state.session().unsent = ""
    try:
        return [services.start_trainer(state.settings(), state.folder())]
    except FolderUnusable as error:
        state.session().unsent = f"No trainer can start: {error}"
        return []


def _start_another() -> None:
    _started_here(str(state.settings().home.absolute())).extend(_start_trainer())


def _navigation() -> None:
    st.markdown("### REMAP")
    for name, (title, icon) in PAGES.items():
        st.page_link(f"pages/{name}.py", label=title, icon=icon)


@st.fragment(run_every=2 * POLL)
def _trainer_status() -> None:
    announce_finished()
    st.markdown("#### Trainer")
    if state.session().unsent:
        st.error(plain(state.session().unsent))
    trainer = state.trainer()
    if trainer is None:
        _no_trainer()
        return
    if trainer.version != __version__:
        st.warning(
            f"The trainer is of version {plain(trainer.version)}, this app is of version {__version__}: they may "
            "misunderstand each other. Restart the older of the two.",
            icon=":material/difference:",
        )
    if trainer.message:
        st.warning(plain(trainer.message))
    st.caption(_progress_sentence())


def _no_trainer() -> None:
    started = _started_here(str(state.settings().home.absolute()))
    if started and started[-1].poll() is None:
        st.caption("Starting …")
        return
    st.warning("No trainer is alive: what you ask for waits until one is.", icon=":material/bedtime:")
    if started and started[-1].returncode:
        st.error(plain(f"The last one ended: {services.last_words(state.folder())}"))
    st.button("Start a trainer", on_click=_start_another, key="start-trainer")


def _progress_sentence() -> str:
    try:
        catalogue = state.catalogue()
    except NoCatalogue:
        return "Preparing the first models …"
    counts = catalogue.counts()
    running, waiting = counts[TrialState.RUNNING], counts[TrialState.WAITING]
    done = f"{words.counted(counts[TrialState.COMPLETE], 'training')} done"
    if not running and not waiting:
        return f"Idle, {done}."
    paused = "Paused: " if catalogue.paused() else ""
    return f"{paused}{running} running, {waiting} waiting, {done}."


def _drawer() -> None:
    st.markdown("#### Drawer")
    state_of = state.session()
    if state_of.complaint:
        st.warning(plain(state_of.complaint))
    if not state_of.drawer:
        st.caption("Click a circle on the overview: the model is kept here.")
        return
    try:
        kept = state.catalogue().trials(state_of.drawer)
    except RemapError as error:
        st.caption(str(error))
        return
    if len(kept) < len(state_of.drawer):
        st.caption(f"{words.counted(len(state_of.drawer) - len(kept), 'model')} of it not in this catalogue.")
    blocks = max((len(trial.architecture.layers) for trial in kept), default=0) + 1
    height: Any = DRAWER_HEIGHT if len(kept) > DRAWER_ROWS else "content"
    with st.container(key="drawer-rows", gap=None, border=False, height=height):
        for trial in kept:
            _drawer_row(trial, blocks, selected=trial.id == state.shown_model())


def _drawer_row(trial: Trial, blocks: int, selected: bool) -> None:
    """One button: SNAC, number, accuracy and parameters in a line; it opens the model."""
    accuracy = words.accuracy(trial, otherwise=trial.state.value, brief=True)
    number = f":primary[**#{trial.id}**]" if selected else f"#{trial.id}"
    picture = f"![]({icon_uri(trial.architecture, blocks=blocks)})"
    size = words.compact(trial.architecture.parameters)
    if st.button(
        f"{picture} {number} {accuracy} · {size}",
        key=f"open-{trial.id}",
        type="secondary" if selected else "tertiary",
        help=snac_alt(trial.architecture),
    ):
        open_model(trial.id)


def asked_trial(catalogue: Catalogue) -> Trial | None:
    """The trial of the model in the address or else the selected one; None where there is neither.

    It becomes the selected one. Raises NotFound for a number that is none or names no model.
    """
    model = state.asked_model()
    if model is None:
        return None
    trial = catalogue.trial(model)
    state.session().selected = model
    return trial


def choose_dataset(catalogue: Catalogue) -> None:
    """A choice of the data set that is looked at, where there is more than one."""
    names = catalogue.datasets()
    if len(names) > 1:
        index = names.index(state.dataset())
        state.session().dataset = st.selectbox("Data set", names, index=index, format_func=dataset_title)


def dataset_title(name: str) -> str:
    """A data set's name for people: a file without its folders."""
    return name.rsplit("/", 1)[-1]


def watch(look: Callable[[], object], seen: object, every: float = POLL) -> None:
    """Draw the page anew once `look` no longer gives what was `seen`; looks after so many seconds each time."""

    @st.fragment(run_every=every)
    def watching() -> None:
        if look() != seen:
            st.rerun()

    watching()


def live(body: Callable[[Catalogue], None]) -> None:
    """Draw `body` now and every POLL seconds, each time with the newest catalogue."""

    @st.fragment(run_every=POLL)
    def living() -> None:
        with _errors_as_sentences():
            body(state.catalogue())

    living()


def show_receipts(catalogue: Catalogue) -> None:
    """The last commands of this visitor: sent, then applied, or refused and why."""
    for command in reversed(state.session().sent[-3:]):
        receipt = catalogue.receipt(command)
        if receipt is None and (reason := state.rejection(command)):
            st.warning(f"Not understood by the trainer: {plain(reason)}", icon=":material/block:")
        elif receipt is None:
            waits = "" if state.trainer() else ", and waits for a trainer"
            st.caption(f":material/outgoing_mail: Sent{waits}.")
        elif receipt.outcome is Outcome.APPLIED:
            st.caption(f":material/check: {plain(receipt.message)}")
        else:
            st.warning(f"Refused: {plain(receipt.message)}", icon=":material/block:")


@contextmanager
def _errors_as_sentences() -> Iterator[None]:
    try:
        yield
    except NoCatalogue as error:
        st.info(
            f"{error} The trainer samples a first population and trains it; models appear here by themselves.",
            icon=":material/hourglass_top:",
        )
        watch(state.published, None)
    except RemapError as error:
        st.error(plain(str(error)))
