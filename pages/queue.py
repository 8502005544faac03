"""All trainings: running, waiting, failed, finished; and what came of commands."""

from collections.abc import Sequence

import streamlit as st

from remap_core.catalogue.reader import Catalogue
from remap_core.formatting import dataset_title
from remap_core.trials.commands import CancelBatch, Pause, Resume
from remap_core.trials.trial import Trial, TrialState
from remap_core.ui import app_data, frame, live, sent_commands
from remap_core.ui.queue.trainings import show_complete, show_ended_early, show_running, show_waiting, summary

FINISHED = 50  # ended trainings that are shown, the last ones


def show_queue(catalogue: Catalogue) -> None:
    trials = catalogue.queue(FINISHED, choose_dataset(catalogue))
    estimates = app_data.time_estimates({trial.proposal.dataset for trial in trials if not trial.state.is_finished()})
    st.caption(summary(trials, estimates))
    pause_button(catalogue.paused())
    sent_commands.answers(catalogue)
    shown = choose_batch(trials)
    show_running(catalogue, in_state(shown, TrialState.RUNNING), estimates)
    show_waiting(in_state(shown, TrialState.WAITING))
    show_ended_early("Failed or cancelled", in_state(shown, TrialState.FAILED, TrialState.CANCELLED), "Retry")
    show_complete(in_state(shown, TrialState.COMPLETE))
    show_ended_early("Pruned by halving", in_state(shown, TrialState.PRUNED), "Train in full")


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


def pause_button(paused: bool) -> None:
    if paused:
        st.warning("The queue is paused: running trainings continue, waiting ones do not start.")
        label, icon, command = "Resume", "play_arrow", Resume()
    else:
        label, icon, command = "Pause queue", "pause", Pause()
    st.button(
        label,
        key="queue-pause",
        icon=f":material/{icon}:",
        on_click=sent_commands.send,
        args=(command,),
    )


def choose_batch(trials: Sequence[Trial]) -> list[Trial]:
    """The trainings of the chosen batch, which can be cancelled together; all if none is chosen."""
    batches = list(dict.fromkeys(trial.proposal.batch for trial in trials if trial.proposal.batch))
    if len(batches) < 2 and "queue-batch" not in st.session_state:
        return list(trials)
    choice, cancel = st.columns([4, 1], vertical_alignment="bottom")
    chosen = choice.selectbox(
        "Batch",
        batches,
        index=None,
        placeholder="All batches",
        key="queue-batch",
    )
    shown = [trial for trial in trials if chosen in (None, trial.proposal.batch)]
    cancel.button(
        "Cancel batch",
        key="queue-cancel-batch",
        icon=":material/cancel:",
        disabled=chosen is None or all(trial.state.is_finished() for trial in shown),
        on_click=sent_commands.send,
        args=(CancelBatch(chosen or ""),),
    )
    return shown


with frame.body():
    live.live(show_queue)
