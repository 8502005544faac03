"""The queue's parts: what runs, what waits, what has ended; each training with what can be done to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from remap_core import formatting
from remap_core.analysis.durations import TimeEstimate
from remap_core.catalogue.reader import Catalogue
from remap_core.drawing.snac.chips import Size, snac_alt
from remap_core.drawing.snac.svg import snac_data_uri
from remap_core.services.expected_time import queue_time, workers_of
from remap_core.trials.commands import Cancel, Move, Retry
from remap_core.trials.trial import Place, Trial, TrialState
from remap_core.ui import app_data, navigation, sent_commands
from remap_core.ui.markdown import escape_markdown
from remap_core.ui.tables import ACCURACY, MODEL, PARAMETERS, ROW_HEIGHT, model_rows, snac_column

SHOWN_WAITING = 20
ICONS = {
    Place.TOP: "vertical_align_top",
    Place.UP: "arrow_upward",
    Place.DOWN: "arrow_downward",
    Place.BOTTOM: "vertical_align_bottom",
}


def summary(trials: Sequence[Trial], estimates: Mapping[str, TimeEstimate]) -> str:
    """How much there is to do, and about how long it takes, by the estimates of data sets."""
    open_ones = [trial for trial in trials if not trial.state.is_finished()]
    if not open_ones:
        return "Nothing waits and nothing runs."
    running = sum(trial.state is TrialState.RUNNING for trial in open_ones)
    counted = f"{formatting.count(running)} running, {formatting.count(len(open_ones) - running)} waiting"
    expected = queue_time(open_ones, estimates, workers=workers_of(app_data.trainer()))
    if expected is None:
        unknown = {trial.proposal.dataset for trial in open_ones} - estimates.keys()
        of_which = f" on {escape_markdown(navigation.dataset_title(min(unknown)))}" if estimates else ""
        return f"{counted}; how long they take is not known before three trainings{of_which} are finished."
    at_most = "at most " if app_data.settings().halving else ""
    return f"{counted}: {at_most}{expected.text}."


def show_running(catalogue: Catalogue, trials: Sequence[Trial], estimates: Mapping[str, TimeEstimate]) -> None:
    """One row a training that runs: how far it is, its validation loss so far, and when it will be done."""
    st.markdown(f"##### Running: {formatting.count(len(trials))}")
    curves = catalogue.epoch_curves([trial.id for trial in trials])
    for trial in trials:
        with st.container(border=True):
            columns = st.columns([3, 3, 3, 2], vertical_alignment="center")
            _snac(columns[0], trial)
            losses = [result.validation_loss for result in curves[trial.id]]
            columns[1].progress(
                trial.epochs_done / trial.proposal.config.epochs,
                _progress_text(trial, estimates.get(trial.proposal.dataset)),
            )
            columns[2].metric(
                "Validation loss",
                f"{losses[-1]:.3f}" if losses else "not yet",
                chart_data=losses if len(losses) > 1 else None,
                chart_type="line",
            )
            _action(columns[3], "Cancel", "cancel", Cancel(trial.id))


def show_waiting(trials: Sequence[Trial]) -> None:
    """The queue in its order, each training with the ways to move it."""
    st.markdown(f"##### Waiting: {formatting.count(len(trials))}")
    for trial in trials[:SHOWN_WAITING]:
        columns = st.columns([3, 3, 4], vertical_alignment="center")
        _snac(columns[0], trial)
        parameters = formatting.pluralize(trial.architecture.parameters, "parameter")
        done = f" · {trial.epochs_done} of {trial.proposal.config.epochs} epochs done" if trial.epochs_done else ""
        columns[1].markdown(f"#{trial.id} · {parameters}{_origin(trial)}{done}")
        row = columns[2].container(horizontal=True, gap="small")
        for place in Place:
            _action(row, place.value.capitalize(), ICONS[place], Move(trial.id, place))
        _action(row, "Cancel", "cancel", Cancel(trial.id))
    if len(trials) > SHOWN_WAITING:
        st.caption(f"... and {formatting.count(len(trials) - SHOWN_WAITING)} more behind these.")


def show_ended_early(title: str, trials: Sequence[Trial], again: str) -> None:
    """What ended before its last epoch, with the sentence why; `again`: the words on the way to train it anew."""
    if not trials:
        return
    st.markdown(f"##### {title}: {formatting.count(len(trials))}")
    for trial in trials:
        columns = st.columns([3, 5, 2], vertical_alignment="center")
        _snac(columns[0], trial)
        columns[1].markdown(f"#{trial.id} {_ending(trial)}")
        _action(columns[2], again, "replay", Retry(trial.id))


def show_complete(trials: Sequence[Trial]) -> None:
    """What is trained, the last first, with how long that took."""
    st.markdown("##### Finished lately")
    if not trials:
        st.caption("Nothing is finished yet.")
        return
    rows = [
        {**row, "Duration": formatting.duration(_seconds(trial))}
        for row, trial in zip(model_rows(trials), trials, strict=True)
    ]
    st.dataframe(
        rows,
        key="queue-finished",
        hide_index=True,
        row_height=ROW_HEIGHT,
        column_order=(
            "Model",
            "SNAC",
            "Validation accuracy",
            "Over seeds",
            "Parameters",
            "Duration",
            "Epochs",
            "Origin",
        ),
        column_config={
            "SNAC": snac_column(trial.architecture for trial in trials),
            "Model": MODEL,
            "Validation accuracy": ACCURACY,
            "Parameters": PARAMETERS,
        },
        alt="Models that were finished lately.",
    )


def _ending(trial: Trial) -> str:
    if trial.state is TrialState.PRUNED:
        return f"at {trial.accuracy_text(otherwise='no accuracy')}. {escape_markdown(trial.error or '')}"
    return f"{trial.state.value}{'. ' + escape_markdown(trial.error) if trial.error else ''}"


def _progress_text(trial: Trial, estimate: TimeEstimate | None) -> str:
    text = f"#{trial.id}: epoch {trial.epochs_done} of {trial.proposal.config.epochs}"
    return f"{text}, about {formatting.duration(estimate.remaining_seconds(trial))} left" if estimate else text


def _origin(trial: Trial) -> str:
    parent, seed = trial.proposal.parent, trial.proposal.config.seed
    if parent is None:
        return ""
    return f" · {trial.proposal.origin.value} of #{parent}" + (f", seed {seed}" if trial.proposal.is_repeat else "")


def _seconds(trial: Trial) -> float:
    return float("nan") if trial.started is None or trial.finished is None else trial.finished - trial.started


def _snac(column: st.delta_generator.DeltaGenerator, trial: Trial) -> None:
    drawn = snac_data_uri(trial.architecture, blocks=len(trial.architecture.layers) + 1, size=Size.SMALL)
    column.image(drawn, alt=snac_alt(trial.architecture))


def _action(place: st.delta_generator.DeltaGenerator, label: str, icon: str, command: Cancel | Move | Retry) -> None:
    key = f"{label.lower().replace(' ', '-')}-{command.trial}"
    place.button(
        label, key=key, icon=f":material/{icon}:", type="tertiary", on_click=sent_commands.send, args=(command,)
    )
