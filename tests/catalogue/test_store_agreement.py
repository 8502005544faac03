"""Both stores must give the same answers to any sequence of calls."""

from contextlib import suppress
from dataclasses import replace

import duckdb
from fakes import MemoryStore
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from trainings import EVALUATION, epoch, proposal

from remap_core.catalogue.store import CatalogueStore
from remap_core.errors import CommandRefused, RemapError
from remap_core.trials.trial import Place, TrialState

trials = st.integers(1, 6)
actions = st.one_of(
    st.builds(lambda units: ("enqueue", [proposal(number) for number in units], 1.0), st.lists(st.integers(2, 4))),
    st.builds(lambda trial, place: ("move", trial, place), trials, st.sampled_from(Place)),
    *(st.builds(lambda trial, name=name: (name, trial, 2.0), trials) for name in ("cancel", "retry")),
    st.builds(lambda paused: ("set_paused", paused), st.booleans()),
    st.builds(lambda name: ("remove_dataset", name), st.sampled_from(["toy", "another"])),
    st.builds(lambda batch: ("cancel_batch", batch, 2.0), st.sampled_from(["", "another"])),
)


def answer(store, name, *arguments):
    try:
        return getattr(store, name)(*arguments)
    except RemapError as error:
        return type(error), str(error)


class Agreement(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        self.stores = MemoryStore(), CatalogueStore(duckdb.connect)
        self.now = 0.0
        self.commands = 0

    def both(self, name, *arguments):
        self.now += 1
        versions = [store.version for store in self.stores]
        memory, catalogue = (answer(store, name, *arguments) for store in self.stores)
        assert without_position(memory) == without_position(catalogue)
        grown = [store.version > version for store, version in zip(self.stores, versions, strict=True)]
        assert grown[0] == grown[1]

    @rule(action=actions)
    def change_the_queue(self, action):
        self.both(*action)

    @rule(times=st.integers(1, 3))
    def claim(self, times):
        for _ in range(times):
            self.both("claim", self.now)

    @rule(trial=trials, number=st.integers(1, 3))
    def record(self, trial, number):
        self.both("record_epoch", trial, replace(epoch(number), seconds=self.now))

    @rule(trial=trials, ending=st.sampled_from(["complete", "fail", "requeue"]))
    def end(self, trial, ending):
        more = {"complete": (EVALUATION, self.now), "fail": (f"At {self.now}.", self.now), "requeue": ()}
        self.both(ending, trial, *more[ending])

    @rule()
    def restart(self):
        self.both("requeue_running")

    @rule(several=st.lists(actions, max_size=4), ending=st.sampled_from(["well", "refused", "broken"]))
    def command(self, several, ending):
        self.commands += 1

        def apply(store):
            for name, *arguments in several:
                answer(store, name, *arguments)
            if ending == "refused":
                raise CommandRefused("No.")
            return str(1 // (ending == "well"))

        receipts = []
        for store in self.stores:
            with suppress(ZeroDivisionError):
                receipts.append(store.apply_once(str(self.commands), "any", self.now, lambda store=store: apply(store)))
        assert len(set(receipts)) <= 1
        assert len(receipts) == (0 if ending == "broken" else 2)

    @invariant()
    def agree_on_every_trial_and_on_the_order_of_the_queue(self):
        memory, catalogue = ([answer(store, "trial", number) for number in range(1, 8)] for store in self.stores)
        assert [without_position(trial) for trial in memory] == [without_position(trial) for trial in catalogue]
        assert order(memory) == order(catalogue)

    def teardown(self):
        self.stores[1].close()


def without_position(answered):
    """Positions are compared by their order; each store chooses its own numbers."""
    return replace(answered, position=0.0) if hasattr(answered, "position") else answered


def order(answers):
    waiting = [trial for trial in answers if hasattr(trial, "state") and trial.state is TrialState.WAITING]
    return [trial.id for trial in sorted(waiting, key=lambda trial: trial.position)]


TestAgreement = Agreement.TestCase
TestAgreement.settings = settings(max_examples=25, stateful_step_count=20, deadline=None)
