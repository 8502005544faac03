"""All trainings: running, waiting, failed, finished; and what was asked of the trainer."""

from collections.abc import Sequence

import streamlit as st

from remap_core.catalogue.reader import Catalogue
from remap_core.trials.commands import CancelBatch, Pause, Resume
from remap_core.trials.trial import Trial, TrialState
from remap_core.ui import app_data, frame, live, receipts, sent_commands
from remap_core.ui.queue.trainings import show_complete, show_ended_early, show_running, show_waiting, summary

FINISHED = 50  # ended trainings that are shown, the last first


def show(catalogue: Catalogue) -> None:
    trials = catalogue.queue(finished=FINISHED)
    estimates = app_data.time_estimates({trial.proposal.dataset for trial in trials if not trial.state.is_finished()})
    st.caption(summary(trials, estimates))
    pause_button(catalogue.paused())
    receipts.show_receipts(catalogue)
    shown = of_batch(trials)
    show_running(catalogue, [trial for trial in shown if trial.state is TrialState.RUNNING], estimates)
    show_waiting([trial for trial in shown if trial.state is TrialState.WAITING])
    failed = [trial for trial in shown if trial.state in (TrialState.FAILED, TrialState.CANCELLED)]
    show_ended_early("Failed or cancelled", failed, again="Retry")
    show_complete([trial for trial in shown if trial.state is TrialState.COMPLETE])
    pruned = [trial for trial in shown if trial.state is TrialState.PRUNED]
    show_ended_early("Pruned by halving", pruned, again="Train in full")


def pause_button(paused: bool) -> None:
    if paused:
        st.warning("The queue is paused: running trainings go on, no further one begins.")
    label, icon, command = ("Go on", "play_arrow", Resume()) if paused else ("Pause all", "pause", Pause())
    st.button(label, key="queue-pause", icon=f":material/{icon}:", on_click=sent_commands.send, args=(command,))


def of_batch(trials: Sequence[Trial]) -> list[Trial]:
    """Those of the batch that is looked at, which can be cancelled whole; all where none is."""
    batches = list(dict.fromkeys(trial.proposal.batch for trial in trials if trial.proposal.batch))
    if len(batches) < 2 and "queue-batch" not in st.session_state:
        return list(trials)
    columns = st.columns([4, 1], vertical_alignment="bottom")
    chosen = columns[0].selectbox("Batch", batches, index=None, placeholder="All batches", key="queue-batch")
    shown = [trial for trial in trials if chosen in (None, trial.proposal.batch)]
    columns[1].button(
        "Cancel batch",
        key="queue-cancel-batch",
        icon=":material/cancel:",
        disabled=chosen is None or all(trial.state.is_finished() for trial in shown),
        on_click=sent_commands.send,
        args=(CancelBatch(chosen or ""),),
    )
    return shown


with frame.page("queue"):
    live.live(show)
