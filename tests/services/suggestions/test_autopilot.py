from contextlib import closing
from dataclasses import replace

import pytest
from catalogues import CARD, changed, evaluation, write_learnt

from remap_core.access.person import NOBODY
from remap_core.catalogue.snapshot import open_snapshot
from remap_core.catalogue.store import CatalogueStore
from remap_core.data_folder.folder import DataFolder
from remap_core.data_folder.inbox import Inbox
from remap_core.data_folder.search_file import create_search, read_ended_search, read_search
from remap_core.errors import CommandRefused, InvalidArgument, NotFound
from remap_core.services.sampling import set_caps
from remap_core.services.suggestions import search_runner
from remap_core.services.suggestions.autopilot import (
    STOPPED,
    next_batch,
    search_name,
    search_state,
    start_search,
    stop_search,
)
from remap_core.services.suggestions.search_plan import SearchPlan
from remap_core.services.suggestions.search_runner import SearchRunner
from remap_core.settings import Settings
from remap_core.trainer.apply import apply
from remap_core.trials.commands import Cancel, Enqueue
from remap_core.trials.evaluation import EpochResult
from remap_core.views.objective import Objective
from remap_core.views.view import View

SETTINGS = Settings(epochs=2)
PLAN = SearchPlan("digits", "search, 01 Jan 00:00:00.000 UTC", trainings=5, batch=2)


@pytest.fixture
def folder(tmp_path):
    return write_learnt(tmp_path / "home")


class Machine:
    """A trainer by hand: a store with a search runner, whose inbox is applied and whose trainings end at once."""

    def __init__(self, folder, right=12, settings=SETTINGS):
        self.folder, self.right, self.now = folder, right, 1_000.0
        self.store = CatalogueStore.open(folder)
        self.runner = SearchRunner(self.store, folder, settings, lambda: self.now)

    def tick(self):
        """One second: the runner looks, thinks and sends, and the trainer applies what was sent."""
        for _ in range(2):
            self.runner.tick()
            if self.runner._running is not None:
                self.runner._running.exception()
        self.now += 1.5
        self.apply()

    def apply(self):
        inbox = Inbox(self.folder)
        for name, command, _ in inbox.pending():
            self.store.apply_once(
                name,
                command.kind,
                self.now,
                lambda command=command: apply(command, self.store, lambda _: CARD, self.now),
            )
            inbox.discard(name)

    def train_all(self):
        while trial := self.store.claim(self.now):
            self.store.record_epoch(trial.id, EpochResult(2, 1.0, 0.5, 1.2, self.right / 20, 0.5))
            self.store.complete(trial.id, evaluation(self.right), self.now)

    def run(self, times=20):
        for _ in range(times):
            self.tick()
            self.train_all()

    @property
    def trials(self):
        return self.store.catalogue().search_trials(PLAN.name)

    def close(self):
        self.runner.close()
        self.store.close()


@pytest.fixture
def machine(folder):
    with closing(Machine(folder)) as built:
        yield built


def test_a_search_trains_as_many_suggestions_as_asked_and_ends(folder, machine):
    start_search(folder, PLAN, NOBODY)
    machine.run()
    assert len(machine.trials) == 5
    assert all(trial.proposal.suggested for trial in machine.trials)
    assert {trial.proposal.batch for trial in machine.trials} == {f"{PLAN.name}, {first}" for first in (1, 3, 5)}
    assert len({trial.architecture for trial in machine.trials}) == 5
    state = search_state(folder, machine.store.catalogue())
    assert state.ended == "All 5 trainings are finished."
    assert (state.queued, state.is_over) == (5, True)
    assert not search_state(folder, open_snapshot(folder)).is_over  # published before the search
    assert state.sentence.startswith("5 of 5 trainings finished, ")
    assert read_search(folder) is None


def test_a_batch_is_suggested_only_after_the_one_before_it_has_ended(folder, machine):
    start_search(folder, PLAN, NOBODY)
    for _ in range(5):
        machine.tick()
    assert len(machine.trials) == 2


def test_no_model_of_a_search_is_over_its_cap(folder, machine):
    plan = replace(PLAN, view=View(Objective(max_parameters=1_500)).to_query())
    start_search(folder, plan, NOBODY)
    machine.run()
    assert len(machine.trials) == 5
    assert max(trial.architecture.parameters for trial in machine.trials) <= 1_500


def test_a_search_goes_on_after_its_trainer_died_and_trains_nothing_twice(folder):
    start_search(folder, PLAN, NOBODY)
    with closing(Machine(folder)) as first:
        first.tick()
        first.tick()
        assert len(first.trials) == 2
    with closing(Machine(folder)) as second:
        second.run()
        assert len(second.trials) == 5
        assert len({trial.architecture for trial in second.trials}) == 5


def test_a_trainer_that_dies_between_suggesting_and_queueing_queues_once(folder):
    start_search(folder, PLAN, NOBODY)
    with closing(Machine(folder)) as first:
        first.runner.tick()
        first.runner._running.exception()
        first.runner.tick()  # sent, but not applied
        assert len(Inbox(folder).pending()) == 1
    with closing(Machine(folder)) as second:
        second.runner.tick()
        second.runner._running.exception()
        second.runner.tick()  # the same again, as the catalogue knows nothing of it
        assert len(Inbox(folder).pending()) == 2
        second.apply()
        assert len(second.trials) == 2


def test_two_people_who_start_one_each_have_one_search(folder):
    start_search(folder, PLAN, NOBODY)
    with pytest.raises(CommandRefused, match="A search on digits is going on already"):
        start_search(folder, replace(PLAN, name="search, another"), NOBODY)
    assert SearchPlan.from_json(read_search(folder)) == PLAN


def test_a_search_that_is_stopped_cancels_what_waits_and_suggests_nothing_more(folder, machine):
    start_search(folder, PLAN, NOBODY)
    machine.tick()
    stop_search(folder, machine.store.catalogue(), machine.now, NOBODY)
    assert [type(command) for _, command, _ in Inbox(folder).pending()] == [Cancel, Cancel]
    machine.run()
    assert [trial.state for trial in machine.trials] == ["cancelled", "cancelled"]
    assert search_state(folder, machine.store.catalogue()).ended == STOPPED
    with pytest.raises(NotFound, match="No search is going on"):
        stop_search(folder, None, 0.0, NOBODY)
    start_search(folder, replace(PLAN, name="search, another"), NOBODY)


def test_a_batch_that_was_sent_before_the_stop_is_cancelled_after_it(folder, machine):
    start_search(folder, PLAN, NOBODY)
    machine.runner.tick()
    machine.runner._running.exception()
    machine.runner.tick()
    stop_search(folder, machine.store.catalogue(), machine.now, NOBODY)
    for _ in range(4):
        machine.now += 1.5
        machine.apply()
        machine.runner.tick()
    machine.apply()
    assert [trial.state for trial in machine.trials] == ["cancelled", "cancelled"]


def test_a_search_ends_when_the_front_has_not_moved_for_so_long(folder):
    plan = SearchPlan("digits", PLAN.name, patience=4, batch=2)
    start_search(folder, plan, NOBODY)
    with closing(Machine(folder, right=1)) as machine:  # worse than all that is known
        machine.run()
        state = search_state(folder, machine.store.catalogue())
    small = len(state.moved)  # a network smaller than all others is on the front however bad it is
    assert state.ended == "The front has not moved for 4 trainings."
    assert len(state.trials) <= 4 + 4 * small


def test_a_search_ends_at_its_time(folder, machine):
    start_search(folder, SearchPlan("digits", PLAN.name, until=1_004.0), NOBODY)
    machine.run()
    assert 0 < len(machine.trials) <= 8
    assert read_ended_search(folder)["ended"] == "The time is over."


def test_trainings_that_fail_count_so_that_a_search_ends(folder, machine):
    start_search(folder, PLAN, NOBODY)
    for _ in range(12):
        machine.tick()
        while trial := machine.store.claim(machine.now):
            machine.store.fail(trial.id, "It diverged.", machine.now)
    assert [trial.state for trial in machine.trials] == ["failed"] * 5
    assert read_ended_search(folder)["ended"] == "All 5 trainings are finished."


def test_a_cap_below_the_smallest_network_ends_a_search_with_the_reason(folder, machine):
    start_search(folder, replace(PLAN, view={"cap": "20"}), NOBODY)
    machine.run(3)
    assert "20 parameters (the objective's cap)" in read_ended_search(folder)["ended"]
    assert machine.trials == []


def test_a_batch_that_the_trainer_refuses_ends_a_search_with_the_reason(folder):
    start_search(folder, PLAN, NOBODY)
    with closing(Machine(folder)) as machine:
        machine.runner.tick()
        assert isinstance(machine.runner._running.result(), Enqueue)
        machine.runner.tick()
        name, command, _ = Inbox(folder).pending()[0]
        tight = SETTINGS.model_copy(update={"max_parameters": 100})
        machine.store.apply_once(
            name,
            command.kind,
            machine.now,
            lambda: apply(command, machine.store, lambda _: CARD, machine.now, caps=set_caps(tight)),
        )
        Inbox(folder).discard(name)
        machine.now += 2
        machine.runner.tick()
    assert "A model must have at most 100 parameters" in read_ended_search(folder)["ended"]


def test_it_waits_for_a_persons_models_while_there_are_too_few_to_predict_from(tmp_path):
    folder = write_learnt(tmp_path / "few", models=2)
    first = open_snapshot(folder).trial(1).proposal

    def more(store):
        store.enqueue([replace(first, architecture=first.architecture.with_layers(()))], 100.0)

    catalogue = changed(tmp_path / "few", more)
    start_search(folder, PLAN, NOBODY)
    assert next_batch(catalogue, SETTINGS, PLAN, search_state(folder, catalogue), 0.0) is None


def test_names_of_searches_differ_and_a_plan_comes_back_from_its_file():
    assert search_name(0.0) == "search, 01 Jan 00:00:00.000 UTC"
    assert search_name(0.0) != search_name(0.002)
    assert SearchPlan.from_json(PLAN.to_json() | {"ended": "Stopped.", "queued": 3}) == PLAN


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"trainings": 0}, "A search needs an end"),
        ({"trainings": -1}, "trainings must be a whole number from 0"),
        ({"batch": 0}, "batch must be a whole number from 1 to 100, but got 0"),
        ({"until": float("inf")}, "until must be a time"),
    ],
)
def test_a_plan_without_an_end_or_out_of_range_is_one_sentence(values, reason):
    with pytest.raises(InvalidArgument, match=reason):
        replace(PLAN, **values)


def test_without_any_search_there_is_no_state(tmp_path):
    assert search_state(DataFolder(tmp_path / "new"), None) is None


@pytest.mark.parametrize(
    ("form", "reason"),
    [
        ({}, "The file of the search cannot be read: "),
        ({"dataset": 3, "name": "x", "trainings": 2}, "dataset, name and view of a search must be texts."),
        ({**PLAN.to_json(), "view": 7}, "The file of the search cannot be read: "),
        ({**PLAN.to_json(), "x": 1}, "The file of the search cannot be read: "),
    ],
)
def test_a_file_that_is_no_search_ends_with_a_sentence_and_the_trainer_goes_on(folder, machine, form, reason):
    create_search(folder, form)
    machine.run(3)
    assert read_search(folder) is None
    assert read_ended_search(folder)["ended"].startswith(reason)


def test_what_nobody_expected_ends_the_search_and_not_the_trainer(folder, machine, monkeypatch):
    monkeypatch.setattr(search_runner, "next_batch", lambda *_: 1 / 0)
    start_search(folder, PLAN, NOBODY)
    machine.run(3)
    assert read_ended_search(folder)["ended"] == "The search failed: ZeroDivisionError: division by zero"


def test_a_file_that_cannot_be_read_can_be_stopped(folder):
    create_search(folder, {"dataset": 3})
    stop_search(folder, open_snapshot(folder), 0.0, NOBODY)
    assert read_search(folder) is None
