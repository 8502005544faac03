"""The trainings that are not complete: running, waiting, ended early; a row each, with its actions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import streamlit as st

from remap_core.access.roles import Role
from remap_core.analysis.durations import MIN_TRAININGS, TimeEstimate
from remap_core.drawing.snac.chips import Size, snac_alt
from remap_core.drawing.snac.svg import snac_data_uri
from remap_core.formatting import count, dataset_title, duration, model_tag, pluralize
from remap_core.services.expected_time import queue_time, workers_of
from remap_core.trials.commands import Cancel, Move, Retry
from remap_core.trials.trial import Place, Trial, TrialState
from remap_core.ui import app_data, sent_commands
from remap_core.ui.markdown import escape_markdown
from remap_core.ui.people import visitor
from remap_core.ui.people.role_captions import owner_name
from remap_core.ui.tables import origin_text, snac_blocks

MAX_WAITING = 20

NAME_WIDTH = 300
"""Pixels for what is said about a running training, so that the bars begin on one line."""


def summary(trials: Sequence[Trial], estimates: Mapping[str, TimeEstimate], waiting: int) -> str:
    """How much there is to do and how long it is expected to take.

    trials: the running ones and the first that wait. estimates: by data set. waiting: trainings that wait in all.
    """
    unfinished = [trial for trial in trials if not trial.state.is_finished()]
    if not unfinished:
        hint = " To train more, select a model and open Generate." if visitor.may(Role.BUILDER) else ""
        return f"The queue is empty.{hint}"
    trainer = app_data.trainer()
    started = sum(trial.state is TrialState.RUNNING for trial in unfinished)
    running = started if trainer else 0
    total = started + waiting
    counts = f"{count(running)} running, {count(total - running)} waiting"
    expected = queue_time(unfinished, estimates, workers=workers_of(trainer), more=total - len(unfinished))
    if expected is None:
        unknown = {trial.proposal.dataset for trial in unfinished} - estimates.keys()
        return f"{counts}; expected time unknown until {MIN_TRAININGS} trainings {_on(unknown)}are finished."
    most = "at most " if app_data.settings().halving else ""
    condition = "" if trainer else " once a trainer runs"
    return f"{counts}: {most}{expected.text}{condition}."


def _on(datasets: set[str]) -> str:
    """Which data set lacks trainings; empty if there is only one data set."""
    if len(app_data.catalogue().datasets()) == 1:
        return ""
    return f"on {escape_markdown(dataset_title(min(datasets)))} "


def show_running(trials: Sequence[Trial], estimates: Mapping[str, TimeEstimate]) -> None:
    """One row per running training: epoch, time left, validation loss, and a bar."""
    if not trials:
        return
    is_alive = app_data.trainer() is not None
    title = "Running" if is_alive else "Interrupted"  # what a trainer left behind when it was killed
    st.markdown(f"##### {title}: {count(len(trials))}")
    with _rows("queue-running"):
        blocks = snac_blocks(trial.architecture for trial in trials)
        for trial in trials:
            row = _row(trial, blocks)
            text = _running_text(trial, estimates.get(trial.proposal.dataset)) if is_alive else _interrupted_text(trial)
            row.markdown(text, width=NAME_WIDTH, help=_whole_owner(trial))
            row.progress(trial.epochs_done / trial.proposal.config.epochs)
            _action(row, trial, "Cancel", Cancel(trial.id))


def tag_text(trial: Trial) -> str:
    """A training in Markdown: its number, its data set where the visitor looks at another one, whose it is."""
    parts = [model_tag(trial.id)]
    dataset = trial.proposal.dataset
    if dataset != app_data.looked_at():
        parts.append(escape_markdown(dataset_title(dataset)))
    owner = owner_name(trial.owner)
    if owner:
        parts.append(owner.text)
    return " · ".join(parts)


def _whole_owner(trial: Trial) -> str | None:
    """The owner's name for a tooltip, where the row has no room for it."""
    owner = owner_name(trial.owner)
    return owner.whole if owner else None


def _running_text(trial: Trial, estimate: TimeEstimate | None) -> str:
    parts = [tag_text(trial), f"epoch {trial.epochs_done} of {trial.proposal.config.epochs}"]
    if estimate:
        parts.append(f"{duration(estimate.remaining_seconds(trial))} left")
    if trial.last:
        parts.append(f"loss {trial.last.validation_loss:.3f}")
    return " · ".join(parts)


def _interrupted_text(trial: Trial) -> str:
    return f"{tag_text(trial)} · continues after epoch {trial.epochs_done} of {trial.proposal.config.epochs}"


def show_waiting(trials: Sequence[Trial], waiting: int) -> None:
    """The queue in its order, each training with buttons that move it. waiting: trainings that wait in all."""
    if not trials:
        return
    st.markdown(f"##### Waiting: {count(waiting)}")
    shown = trials[:MAX_WAITING]
    with _rows("queue-waiting"):
        blocks = snac_blocks(trial.architecture for trial in shown)
        for trial in shown:
            row = _row(trial, blocks)
            row.markdown(_waiting_text(trial), width="stretch", help=_whole_owner(trial))
            for place in Place:
                _action(row, trial, place.value.capitalize(), Move(trial.id, place))
            _action(row, trial, "Cancel", Cancel(trial.id))
    if waiting > len(shown):
        st.caption(f"… and {count(waiting - len(shown))} more.")


def _waiting_text(trial: Trial) -> str:
    proposal = trial.proposal
    parts = [tag_text(trial), pluralize(trial.architecture.parameters, "parameter")]
    if proposal.parent is not None:
        parts.append(origin_text(trial))
    if trial.epochs_done:
        parts.append(f"{trial.epochs_done} of {proposal.config.epochs} epochs done")
    return " · ".join(parts)


def show_ended_early(title: str, trials: Sequence[Trial], action: str) -> None:
    """Trainings that ended before their last epoch, and why; `action`: label of the button that trains them again."""
    if not trials:
        return
    st.markdown(f"##### {title}: {count(len(trials))}")
    with _rows(f"queue-{action.lower().replace(' ', '-')}"):
        blocks = snac_blocks(trial.architecture for trial in trials)
        for trial in trials:
            row = _row(trial, blocks)
            row.markdown(f"{tag_text(trial)} {_ending(trial)}", width="stretch", help=_whole_owner(trial))
            _action(row, trial, action, Retry(trial.id))


def _ending(trial: Trial) -> str:
    ending = trial.state.value
    if trial.state is TrialState.PRUNED:
        ending = f"at {trial.accuracy_text(otherwise='no accuracy')}"
    if trial.error:
        return f"{ending}. {escape_markdown(trial.error)}"
    return ending


@contextmanager
def _rows(key: str) -> Iterator[None]:
    with st.container(key=key, gap=None):
        yield


def _row(trial: Trial, blocks: int) -> st.delta_generator.DeltaGenerator:
    """A line that begins with the SNAC; on a narrow screen it wraps."""
    row = st.container(horizontal=True, vertical_alignment="center", gap="small")
    uri = snac_data_uri(trial.architecture, blocks=blocks, size=Size.SMALL)
    row.image(uri, alt=snac_alt(trial.architecture), width=Size.SMALL.width(blocks))
    return row


def _action(
    place: st.delta_generator.DeltaGenerator,
    trial: Trial,
    label: str,
    command: Cancel | Move | Retry,
) -> None:
    """A button, for who may press it."""
    if not visitor.may_change(trial.owner):
        return
    slug = label.lower().replace(" ", "-")
    place.button(
        label,
        key=f"{slug}-{trial.id}",
        type="tertiary",
        on_click=sent_commands.send,
        args=(command,),
    )
