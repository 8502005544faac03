"""`remap search`: suggestions trained one batch after the other, until an end is reached or Ctrl-C."""

from __future__ import annotations

import time
from contextlib import closing
from datetime import datetime, timedelta
from typing import Annotated

import typer

from remap_core.access.person import local_person
from remap_core.analysis.suggest.batch import PLAIN
from remap_core.cli.options import DatasetName, TargetName, target_for
from remap_core.cli.sent_proposals import newest_catalogue
from remap_core.cli.suggestions.suggestion_commands import Explore, MaxParameters, Step, known_card
from remap_core.data_folder.folder import DataFolder
from remap_core.data_folder.heartbeat import read_trainer
from remap_core.errors import InvalidArgument, NotFound
from remap_core.formatting import model_tag, pluralize
from remap_core.services.suggestions.autopilot import (
    SearchState,
    search_name,
    search_state,
    start_search,
    stop_search,
)
from remap_core.services.suggestions.search_plan import MAX_BATCH, MAX_TRAININGS, SearchPlan
from remap_core.setting_sources import read_settings
from remap_core.space.text import layers_text
from remap_core.trials.trial import Trial
from remap_core.views.objective import Objective
from remap_core.views.view import View

POLL_SECONDS = 1.0
_TRAININGS = "Trainings in all."
_PATIENCE = "End after so many trainings in a row that did not move the front."


def search(
    trainings: Annotated[int, typer.Option(min=0, max=MAX_TRAININGS, help=_TRAININGS)] = 0,
    *,
    until: Annotated[str, typer.Option(metavar="HH:MM", help="Start no training after this time.")] = "",
    patience: Annotated[int, typer.Option(min=0, max=MAX_TRAININGS, help=_PATIENCE)] = 0,
    dataset: DatasetName = None,
    max_parameters: MaxParameters = None,
    target: TargetName = None,
    explore: Explore = PLAIN,
    step: Step = 1,
    batch: Annotated[int, typer.Option(min=1, max=MAX_BATCH, help="Trainings that are suggested at a time.")] = 2,
    stop: Annotated[bool, typer.Option("--stop", help="Stop the search that is going on.")] = False,
    detach: Annotated[bool, typer.Option("--detach", help="Do not wait for the end.")] = False,
) -> None:
    """Train suggestions by itself, one batch after the other, never over a cap.

    The trainer carries the search out, and goes on with it after a restart. Ctrl-C stops it: what runs is trained to
    its end. All its models are marked as suggested.
    """
    settings, _ = read_settings()
    folder = DataFolder(settings.home)
    if stop:
        _stop(folder)
        return
    now = time.time()
    card = known_card(settings, folder, newest_catalogue(folder), dataset)
    plan = SearchPlan(
        card.name,
        search_name(now),
        view=View(Objective(max_parameters=max_parameters, target=target_for(target, card))).to_query(),
        trainings=trainings,
        until=_time_of(until, now),
        patience=patience,
        batch=batch,
        explore=explore,
        step=step,
    )
    start_search(folder, plan, local_person())
    typer.echo(f"Search on {card.name} started.")
    if read_trainer(folder, now) is None:
        typer.echo("No trainer is running. Start one with: remap trainer")
    elif not detach:
        _follow(folder, plan)


def _follow(folder: DataFolder, plan: SearchPlan) -> None:
    """Show what is finished until the search ends; Ctrl-C stops it."""
    shown: set[int] = set()
    try:
        while True:
            state = _state(folder)
            if state is None or state.plan != plan:
                return
            for trial in state.trials:
                if trial.state.is_finished() and trial.id not in shown:
                    shown.add(trial.id)
                    typer.echo(_line(trial, state))
            if state.is_over:
                typer.echo(state.sentence)
                return
            time.sleep(POLL_SECONDS)
    except KeyboardInterrupt:
        _stop(folder)


def _state(folder: DataFolder) -> SearchState | None:
    catalogue = newest_catalogue(folder)
    if catalogue is None:
        return search_state(folder, None)
    with closing(catalogue):
        return search_state(folder, catalogue)


def _line(trial: Trial, state: SearchState) -> str:
    moved = ", moved the front" if trial.id in state.moved else ""
    size = pluralize(trial.architecture.parameters, "parameter")
    text = layers_text(trial.architecture.layers)
    return f"{model_tag(trial.id)} {trial.accuracy_text(trial.state.value)}, {size}{moved}: {text}"


def _stop(folder: DataFolder) -> None:
    catalogue = newest_catalogue(folder)
    stop_search(folder, catalogue, time.time(), local_person())
    state = search_state(folder, catalogue)
    if state is None:
        raise NotFound("No search is going on.")
    typer.echo(state.sentence)


def _time_of(text: str, now: float) -> float:
    """The next moment of a time of day, in seconds since 1970; 0 for none. Raises InvalidArgument."""
    if not text:
        return 0.0
    try:
        time_of_day = datetime.strptime(text, "%H:%M").time()
    except ValueError:
        raise InvalidArgument(f"until must be a time like 18:30, but got {text:.20}.") from None
    today = datetime.fromtimestamp(now).astimezone()
    moment = datetime.combine(today.date(), time_of_day, today.tzinfo)
    if moment.timestamp() <= now:
        moment += timedelta(days=1)
    return moment.timestamp()
