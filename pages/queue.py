"""All trainings: running, waiting, finished, failed; and what was asked of the trainer."""

import streamlit as st

from remap_core.catalogue.reader import Catalogue
from remap_core.commands import Cancel, Move, Pause, Resume, Retry
from remap_core.drawing import words
from remap_core.drawing.snac import Size
from remap_core.drawing.svg import snac_data_uri
from remap_core.trials import Place, Trial, TrialState
from remap_core.ui import shell, state
from remap_core.ui.tables import model_table

SHOWN_WAITING = 20


def show(catalogue: Catalogue) -> None:
    trials = catalogue.queue(finished=50)
    pause_button(catalogue.paused())
    shell.show_receipts(catalogue)
    show_running([trial for trial in trials if trial.state is TrialState.RUNNING])
    show_waiting([trial for trial in trials if trial.state is TrialState.WAITING])
    show_finished([trial for trial in trials if trial.state.is_finished()])


def pause_button(paused: bool) -> None:
    if paused:
        st.warning("The queue is paused: no further training begins.")
    label, command = ("Go on", Resume()) if paused else ("Pause", Pause())
    st.button(label, key="queue-pause", on_click=state.send, args=(command,))


def show_running(trials: list[Trial]) -> None:
    st.markdown(f"##### Running: {len(trials)}")
    for trial in trials:
        columns = st.columns([3, 5, 1], vertical_alignment="center")
        snac(columns[0], trial)
        epochs = trial.proposal.config.epochs
        loss = f", validation loss {trial.last.validation_loss:.3f}" if trial.last else ""
        columns[1].progress(trial.epochs_done / epochs, f"#{trial.id}: epoch {trial.epochs_done} of {epochs}{loss}")
        action(columns[2], "Cancel", Cancel(trial.id))


def show_waiting(trials: list[Trial]) -> None:
    st.markdown(f"##### Waiting: {words.count(len(trials))}")
    for trial in trials[:SHOWN_WAITING]:
        columns = st.columns([3, 2, 1, 1, 1, 1, 1], vertical_alignment="center")
        snac(columns[0], trial)
        columns[1].markdown(f"#{trial.id} · {words.counted(trial.architecture.parameters, 'parameter')}")
        for column, place in zip(columns[2:6], Place, strict=True):
            action(column, place.value.capitalize(), Move(trial.id, place))
        action(columns[6], "Cancel", Cancel(trial.id))
    if len(trials) > SHOWN_WAITING:
        st.caption(f"... and {words.count(len(trials) - SHOWN_WAITING)} more behind these.")


def show_finished(trials: list[Trial]) -> None:
    for trial in [trial for trial in trials if trial.state in (TrialState.FAILED, TrialState.CANCELLED)]:
        columns = st.columns([3, 5, 1], vertical_alignment="center")
        snac(columns[0], trial)
        columns[1].markdown(f"#{trial.id} {trial.state.value}. ")
        columns[1].text(trial.error or "")
        action(columns[2], "Retry", Retry(trial.id))
    done = [trial for trial in trials if trial.state is TrialState.COMPLETE]
    st.markdown("##### Finished lately")
    model_table(done, key="queue-finished")


def snac(column: st.delta_generator.DeltaGenerator, trial: Trial) -> None:
    column.image(snac_data_uri(trial.architecture, blocks=len(trial.architecture.layers) + 1, size=Size.SMALL))


def action(column: st.delta_generator.DeltaGenerator, label: str, command: Cancel | Move | Retry) -> None:
    key = f"{label.lower()}-{command.trial}"
    column.button(label, key=key, type="tertiary", on_click=state.send, args=(command,))


with shell.page("queue"):
    shell.live(show)
