"""The autopilot: suggestions trained one batch after the other, until an end is reached or somebody stops it.

All that it needs to go on is its plan, a file in the data folder, and the catalogue, so that it goes on where a trainer
died. The trainer carries it out (see `SearchRunner`); starting, stopping and looking at it is anybody's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import numpy as np

from remap_core.access.person import NOBODY, Person
from remap_core.access.signatures import SENDER, is_signed, sender_of, signed
from remap_core.analysis.suggest.process import MIN_VALUES
from remap_core.catalogue.reader import Catalogue
from remap_core.data_folder.folder import DataFolder
from remap_core.data_folder.inbox import Inbox
from remap_core.data_folder.search_file import Form, create_search, end_search, read_ended_search, read_search
from remap_core.data_folder.signing_key import signing_key
from remap_core.errors import CommandRefused, NotFound, RemapError
from remap_core.formatting import dataset_title, pluralize
from remap_core.services.proposals import caps_on_children
from remap_core.services.suggestions.search_plan import SearchPlan
from remap_core.services.suggestions.suggesting import outlook, propose_suggestions
from remap_core.settings import Settings
from remap_core.trials.commands import Cancel, Enqueue
from remap_core.trials.population import Population
from remap_core.trials.trial import Trial, TrialId, TrialState
from remap_core.views.view import View, read_view

STOPPED = "Stopped by a person."


@dataclass(frozen=True)
class SearchState:
    """A search and its trainings so far.

    moved: those that moved the front. ended: why it has; empty while it goes on. queued: trainings that it had queued
    when it ended; a snapshot may be older than that. owner: name of the person who started it; empty where nobody
    signs in.
    """

    plan: SearchPlan
    trials: tuple[Trial, ...]
    moved: frozenset[TrialId]
    ended: str = ""
    queued: int = 0
    owner: str = ""

    @property
    def is_over(self) -> bool:
        """Whether it has ended, and all that it queued is known to be finished."""
        return bool(self.ended) and self.finished >= self.queued

    @property
    def finished(self) -> int:
        """Number of trainings that are over."""
        return sum(trial.state.is_finished() for trial in self.trials)

    @property
    def sentence(self) -> str:
        """How far it is."""
        goal = f" of {self.plan.trainings}" if self.plan.trainings else ""
        moved = f"{self.finished}{goal} trainings finished, {len(self.moved)} moved the front."
        return f"{moved} {self.ended}".strip()


def search_name(now: float) -> str:
    """What the batches of a search begin with; to the millisecond, as no two searches may share it."""
    moment = datetime.fromtimestamp(now, UTC)
    return f"search, {moment:%d %b %H:%M:%S}.{moment.microsecond // 1000:03d} UTC"


def start_search(folder: DataFolder, plan: SearchPlan, sender: Person) -> None:
    """Have the trainer carry out a person's search; raises CommandRefused where one is going on, and FolderUnusable."""
    form = signed(plan.to_json(), _subject(plan.name), sender, signing_key(folder))
    if create_search(folder, form):
        return
    running = read_search(folder)
    about = f" on {dataset_title(str(running['dataset']))}" if running and "dataset" in running else ""
    raise CommandRefused(f"A search{about} is going on already: wait for its end, or stop it first.")


def search_sender(folder: DataFolder, form: Form) -> Person:
    """Who started a search; NOBODY where it is not signed. Raises ForgedCommand where the signature is not valid."""
    if not is_signed(form):
        return NOBODY
    return sender_of(form, _subject(str(form.get("name", ""))), signing_key(folder))


def _subject(name: str) -> str:
    return f"search {name}"


def stop_search(folder: DataFolder, catalogue: Catalogue | None, now: float, sender: Person) -> None:
    """Stop the search: what runs is trained to its end, what waits is cancelled. Raises NotFound without a search."""
    form = read_search(folder)
    if form is None:
        raise NotFound("No search is going on.")
    queued = len(search_trials(catalogue, form)) if catalogue else 0
    end_search(folder, form, STOPPED, queued)
    if catalogue:
        cancel_waiting(folder, catalogue, form, now, sender)


def search_trials(catalogue: Catalogue, form: Form) -> list[Trial]:
    """The trainings of a search, whether the rest of its file can be read or not; oldest first."""
    return catalogue.search_trials(str(form.get("name", "")))


def cancel_waiting(folder: DataFolder, catalogue: Catalogue, form: Form, now: float, sender: Person) -> None:
    """Take what waits of a search out of the queue."""
    inbox = Inbox(folder)
    for trial in search_trials(catalogue, form):
        if trial.state is TrialState.WAITING:
            inbox.send(Cancel(trial.id), now, sender)


def search_state(folder: DataFolder, catalogue: Catalogue | None) -> SearchState | None:
    """The search that is going on, else the one that ended last; None before any."""
    form = read_search(folder) or read_ended_search(folder)
    if form is None:
        return None
    plan = SearchPlan.from_json(form)
    ended, queued = str(form.get("ended", "")), int(form.get("queued", 0))
    owner = _owner(form)
    if catalogue is None or plan.dataset not in catalogue.datasets():
        return SearchState(plan, (), frozenset(), ended, queued, owner)
    trials = tuple(catalogue.search_trials(plan.name))
    population = catalogue.population(plan.dataset)
    moved = moved_front(population, view_of(plan, population), trials)
    return SearchState(plan, trials, moved, ended, queued, owner)


def _owner(form: Form) -> str:
    sender = form.get(SENDER)
    return str(sender.get("name", "")) if isinstance(sender, dict) else ""


def view_of(plan: SearchPlan, population: Population) -> View:
    """The objective and the filter of a plan."""
    view, _ = read_view(plan.view, len(population.class_names))
    return view


def moved_front(population: Population, view: View, trials: Sequence[Trial]) -> frozenset[TrialId]:
    """Those of the trials that were on the front of the allowed models when they finished."""
    allowed = view.objective.allows(population) & population.in_full
    value = np.where(allowed, view.objective.value(population), np.nan)
    own = {trial.id for trial in trials}
    moved = []
    for row in np.flatnonzero(np.isfinite(value)):
        model = int(population.id[row])
        before = value[:row][population.parameters[:row] <= population.parameters[row]]
        if model in own and not (before >= value[row]).any():
            moved.append(model)
    return frozenset(moved)


def next_batch(
    catalogue: Catalogue, settings: Settings, plan: SearchPlan, state: SearchState, now: float
) -> Enqueue | str | None:
    """What the search does next: a batch of trainings; None while it waits; why it ends, in a sentence.

    It waits for its own trainings, and for a person's while there are too few models to predict from. A training counts
    as soon as it is queued, whatever becomes of it, so that failures do not keep a search going.
    """
    if any(not trial.state.is_finished() for trial in state.trials):
        return None
    states = catalogue.states_of(plan.dataset)
    is_coming = states[TrialState.WAITING] + states[TrialState.RUNNING] > 0
    if is_coming and states[TrialState.COMPLETE] < MIN_VALUES and not catalogue.paused():
        return None
    reason = _end_of(plan, state, now)
    if reason:
        return reason
    n = plan.batch
    if plan.trainings:
        n = min(n, plan.trainings - len(state.trials))
    view = view_of(plan, catalogue.population(plan.dataset))
    try:
        ahead = outlook(catalogue, settings, catalogue.dataset(plan.dataset), view, step=plan.step)
        proposals = propose_suggestions(ahead.suggestions(n, plan.explore), now)
    except RemapError as error:
        return str(error)
    batch = f"{plan.name}, {len(state.trials) + 1}"
    proposals = tuple(replace(proposal, batch=batch) for proposal in proposals)
    return Enqueue(proposals, caps_on_children(settings, view.objective))


def _end_of(plan: SearchPlan, state: SearchState, now: float) -> str:
    """Why a search without unfinished trainings ends; empty where it goes on."""
    if plan.trainings and len(state.trials) >= plan.trainings:
        return f"All {pluralize(plan.trainings, 'training')} are finished."
    if plan.until and now >= plan.until:
        return "The time is over."
    if plan.patience and _without_a_move(state) >= plan.patience:
        return f"The front has not moved for {pluralize(plan.patience, 'training')}."
    return ""


def _without_a_move(state: SearchState) -> int:
    """Trainings since the last one that moved the front, in the order in which they finished."""
    in_order = sorted(state.trials, key=lambda trial: (trial.finished or 0.0, trial.id))
    moves = [number for number, trial in enumerate(in_order, start=1) if trial.id in state.moved]
    return len(in_order) - max(moves, default=0)
