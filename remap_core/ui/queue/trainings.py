"""The parts of the queue: what runs, what waits, what has finished; each training with its actions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from remap_core.analysis.durations import MIN_TRAININGS, TimeEstimate
from remap_core.catalogue.reader import Catalogue
from remap_core.drawing.snac.chips import Size, snac_alt
from remap_core.drawing.snac.svg import snac_data_uri
from remap_core.formatting import NOT_AVAILABLE, count, dataset_title, duration, model_tag, pluralize
from remap_core.services.expected_time import queue_time, workers_of
from remap_core.trials.commands import Cancel, Move, Retry
from remap_core.trials.evaluation import EpochResult
from remap_core.trials.trial import Place, Trial, TrialState
from remap_core.ui import app_data, sent_commands
from remap_core.ui.markdown import escape_markdown
from remap_core.ui.tables import ACCURACY, MODEL, PARAMETERS, ROW_HEIGHT, model_rows, snac_column

MAX_WAITING = 20
ICONS = {
    Place.TOP: "vertical_align_top",
    Place.UP: "arrow_upward",
    Place.DOWN: "arrow_downward",
    Place.BOTTOM: "vertical_align_bottom",
}
FINISHED_COLUMNS = ("Model", "SNAC", "Validation accuracy", "Over seeds", "Parameters", "Duration", "Epochs", "Origin")


def summary(trials: Sequence[Trial], estimates: Mapping[str, TimeEstimate]) -> str:
    """How much there is to do and how long it is expected to take. estimates: by data set."""
    unfinished = [trial for trial in trials if not trial.state.is_finished()]
    if not unfinished:
        return "The queue is empty."
    running = sum(trial.state is TrialState.RUNNING for trial in unfinished)
    counts = f"{count(running)} running, {count(len(unfinished) - running)} waiting"
    expected = queue_time(unfinished, estimates, workers=workers_of(app_data.trainer()))
    if expected is None:
        unknown = {trial.proposal.dataset for trial in unfinished} - estimates.keys()
        return f"{counts}; expected time unknown until {MIN_TRAININGS} trainings {_on(unknown)}are finished."
    if app_data.settings().halving:
        return f"{counts}: at most {expected.text}."
    return f"{counts}: {expected.text}."


def _on(datasets: set[str]) -> str:
    """Which data set lacks trainings; empty if there is only one data set."""
    if len(app_data.catalogue().datasets()) == 1:
        return ""
    return f"on {escape_markdown(dataset_title(min(datasets)))} "


def show_running(catalogue: Catalogue, trials: Sequence[Trial], estimates: Mapping[str, TimeEstimate]) -> None:
    """One row per running training: progress, remaining time, validation loss."""
    st.markdown(f"##### Running: {count(len(trials))}")
    curves = catalogue.epoch_curves([trial.id for trial in trials])
    for trial in trials:
        with st.container(border=True):
            snac, progress, loss, action = st.columns([3, 3, 3, 2], vertical_alignment="center")
            _snac(snac, trial)
            share = trial.epochs_done / trial.proposal.config.epochs
            progress.progress(share, _progress_text(trial, estimates.get(trial.proposal.dataset)))
            _loss(loss, curves[trial.id])
            _action(action, "Cancel", "cancel", Cancel(trial.id))


def tag_text(trial: Trial) -> str:
    """A training in Markdown: its number, and its data set where the visitor looks at another one."""
    dataset = trial.proposal.dataset
    if dataset == app_data.looked_at():
        return model_tag(trial.id)
    return f"{model_tag(trial.id)} · {escape_markdown(dataset_title(dataset))}"


def _finished_columns(trials: Sequence[Trial]) -> tuple[str, ...]:
    if {trial.proposal.dataset for trial in trials} <= {app_data.looked_at()}:
        return FINISHED_COLUMNS
    return (*FINISHED_COLUMNS, "Data set")


def _progress_text(trial: Trial, estimate: TimeEstimate | None) -> str:
    text = f"{tag_text(trial)}: epoch {trial.epochs_done} of {trial.proposal.config.epochs}"
    if estimate is None:
        return text
    return f"{text}, about {duration(estimate.remaining_seconds(trial))} left"


def _loss(column: st.delta_generator.DeltaGenerator, epochs: Sequence[EpochResult]) -> None:
    losses = [epoch.validation_loss for epoch in epochs]
    newest = f"{losses[-1]:.3f}" if losses else "not yet"
    curve = losses if len(losses) > 1 else None
    column.metric("Validation loss", newest, chart_data=curve, chart_type="line")


def show_waiting(trials: Sequence[Trial]) -> None:
    """The queue in its order, each training with buttons that move it."""
    st.markdown(f"##### Waiting: {count(len(trials))}")
    for trial in trials[:MAX_WAITING]:
        snac, text, actions = st.columns([3, 3, 4], vertical_alignment="center")
        _snac(snac, trial)
        text.markdown(_waiting_text(trial))
        row = actions.container(horizontal=True, gap="small")
        for place in Place:
            _action(row, place.value.capitalize(), ICONS[place], Move(trial.id, place))
        _action(row, "Cancel", "cancel", Cancel(trial.id))
    if len(trials) > MAX_WAITING:
        st.caption(f"… and {count(len(trials) - MAX_WAITING)} more.")


def _waiting_text(trial: Trial) -> str:
    proposal = trial.proposal
    parts = [tag_text(trial), pluralize(trial.architecture.parameters, "parameter")]
    if proposal.parent is not None:
        origin = f"{proposal.origin.value} of {model_tag(proposal.parent)}"
        if proposal.is_repeat:
            origin += f", seed {proposal.config.seed}"
        parts.append(origin)
    if trial.epochs_done:
        parts.append(f"{trial.epochs_done} of {proposal.config.epochs} epochs done")
    return " · ".join(parts)


def show_ended_early(title: str, trials: Sequence[Trial], action: str) -> None:
    """Trainings that ended before their last epoch, and why; `action`: label of the button that trains them again."""
    if not trials:
        return
    st.markdown(f"##### {title}: {count(len(trials))}")
    for trial in trials:
        snac, text, button = st.columns([3, 5, 2], vertical_alignment="center")
        _snac(snac, trial)
        text.markdown(f"{tag_text(trial)} {_ending(trial)}")
        _action(button, action, "replay", Retry(trial.id))


def _ending(trial: Trial) -> str:
    ending = trial.state.value
    if trial.state is TrialState.PRUNED:
        ending = f"at {trial.accuracy_text(otherwise='no accuracy')}"
    if trial.error:
        return f"{ending}. {escape_markdown(trial.error)}"
    return ending


def show_complete(trials: Sequence[Trial]) -> None:
    """Finished trainings, the last first, with how long they took."""
    st.markdown("##### Recently finished")
    if not trials:
        st.caption("No training has finished yet.")
        return
    rows = model_rows(trials)
    for row, trial in zip(rows, trials, strict=True):
        row["Duration"] = _duration(trial)
        row["Data set"] = dataset_title(trial.proposal.dataset)
    st.dataframe(
        rows,
        key="queue-finished",
        hide_index=True,
        row_height=ROW_HEIGHT,
        column_order=_finished_columns(trials),
        column_config={
            "SNAC": snac_column(trial.architecture for trial in trials),
            "Model": MODEL,
            "Validation accuracy": ACCURACY,
            "Parameters": PARAMETERS,
        },
        alt="Recently finished models.",
    )


def _duration(trial: Trial) -> str:
    if trial.started is None or trial.finished is None:
        return NOT_AVAILABLE
    return duration(trial.finished - trial.started)


def _snac(column: st.delta_generator.DeltaGenerator, trial: Trial) -> None:
    blocks = len(trial.architecture.layers) + 1
    uri = snac_data_uri(trial.architecture, blocks=blocks, size=Size.SMALL)
    column.image(uri, alt=snac_alt(trial.architecture))


def _action(
    place: st.delta_generator.DeltaGenerator,
    label: str,
    icon: str,
    command: Cancel | Move | Retry,
) -> None:
    slug = label.lower().replace(" ", "-")
    place.button(
        label,
        key=f"{slug}-{command.trial}",
        icon=f":material/{icon}:",
        type="tertiary",
        on_click=sent_commands.send,
        args=(command,),
    )
