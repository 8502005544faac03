"""All trainings: running, waiting, failed, finished; and what came of commands."""

from remap_core.ui.model_map import first_paint

first_paint.begin()

from collections.abc import Sequence

import streamlit as st

from remap_core.access.roles import Role
from remap_core.catalogue.reader import Catalogue
from remap_core.formatting import dataset_title
from remap_core.services.expected_time import FIRST_WAITING
from remap_core.trials.commands import Resume
from remap_core.trials.trial import Trial, TrialState
from remap_core.ui import app_data, frame, live, sent_commands
from remap_core.ui.people import visitor
from remap_core.ui.people.role_captions import say_viewers_cannot_train
from remap_core.ui.queue.batches import choose_batch, show_batches
from remap_core.ui.queue.finished_table import show_complete
from remap_core.ui.queue.request_log import show_log
from remap_core.ui.queue.trainings import show_ended_early, show_running, show_waiting, summary
from remap_core.ui.sidebar.trainer_progress import show_no_trainer

FINISHED = 50  # ended trainings that are shown, the last ones


def show_queue(catalogue: Catalogue) -> None:
    dataset = choose_dataset(catalogue)
    trials = catalogue.queue(FINISHED, dataset, waiting=FIRST_WAITING)
    waiting = catalogue.queued(dataset)[TrialState.WAITING]
    estimates = app_data.time_estimates({trial.proposal.dataset for trial in trials if not trial.state.is_finished()})
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.markdown(summary(trials, estimates, waiting), width="content")
        with st.container(width=240):
            sent_commands.answers(catalogue)
        batch = choose_batch(trials)
    shown = trials
    if batch:
        shown = [trial for trial in trials if trial.proposal.batch == batch]
        waiting = catalogue.batch_states(batch)[TrialState.WAITING]
    say_viewers_cannot_train()
    show_why_nothing_starts(catalogue)
    show_batches(catalogue, shown)
    show_running(in_state(shown, TrialState.RUNNING), estimates)
    show_waiting(in_state(shown, TrialState.WAITING), waiting)
    show_ended_early("Failed or cancelled", in_state(shown, TrialState.FAILED, TrialState.CANCELLED), "Retry")
    show_complete(in_state(shown, TrialState.COMPLETE))
    show_ended_early("Pruned by halving", in_state(shown, TrialState.PRUNED), "Train in full")
    show_log(catalogue)


def show_why_nothing_starts(catalogue: Catalogue) -> None:
    """No trainer, or a paused queue: said here, too, because the sidebar may be closed."""
    with st.container(horizontal=True, vertical_alignment="center"):
        if app_data.trainer() is None:
            show_no_trainer("queue-start-trainer")
        if catalogue.paused():
            st.warning("The queue is paused: running trainings continue, waiting ones do not start.")
            if visitor.may(Role.ADMIN):
                st.button("Resume", key="queue-resume", on_click=sent_commands.send, args=(Resume(),))


def choose_dataset(catalogue: Catalogue) -> str | None:
    """The data set whose trainings are shown; None for all."""
    names = catalogue.datasets()
    if len(names) < 2:
        return None
    shown = app_data.looked_at()
    everything = st.segmented_control(
        "Data set",
        [False, True],
        format_func=lambda chosen: "All data sets" if chosen else dataset_title(shown or names[0]),
        default=False,
        required=True,
        key="queue-datasets",
        label_visibility="collapsed",
        persist_state="session",
    )
    if everything:
        return None
    return shown


def in_state(trials: Sequence[Trial], *states: TrialState) -> list[Trial]:
    return [trial for trial in trials if trial.state in states]


with frame.body():
    live.live(show_queue)
