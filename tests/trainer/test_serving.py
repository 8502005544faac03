import os
import signal
import threading

from fakes import MemoryStore
from trainer_doubles import ListInbox, describe
from trainings import proposal, train_well

from remap_core.errors import FolderUnusable
from remap_core.trainer.executors.inline import InlineExecutor
from remap_core.trainer.serving import parent_has_ended, serve, stop_on_signals
from remap_core.trainer.worker import Worker
from remap_core.trials.commands import Enqueue
from remap_core.trials.trial import TrialState


class Published:
    """Calls `act` at every publishing, and keeps the store's version of each."""

    def __init__(self, store, act=lambda: None):
        self.versions, self._store, self._act = [], store, act

    def publish_if_due(self, now):
        self.publish()

    def publish(self):
        self._act()
        self.versions.append(self._store.version)


def worker_with(train=train_well):
    store, inbox = MemoryStore(), ListInbox()
    return Worker(store, inbox, InlineExecutor(train), describe), store, inbox


def test_the_loop_ticks_until_it_is_stopped_and_publishes_a_last_time():
    worker, store, inbox = worker_with()
    inbox.send(Enqueue((proposal(3),)))
    stop = threading.Event()

    def stop_when_done():
        if store.fingerprints("toy") and store.trial(1).state is TrialState.COMPLETE:
            stop.set()

    published = Published(store, stop_when_done)
    serve(worker, published, lambda now, trouble: None, stop)
    assert store.trial(1).state is TrialState.COMPLETE
    assert published.versions[-1] == store.version


def test_a_full_disk_while_publishing_is_in_the_heartbeat_and_training_continues():
    worker, store, inbox = worker_with()
    inbox.send(Enqueue((proposal(3),)))
    stop, said = threading.Event(), []

    def fail_at_first():
        if len(said) < 6:
            raise FolderUnusable("The disk of .remap is full.")
        stop.set()

    serve(worker, Published(store, fail_at_first), lambda now, trouble: said.append(trouble), stop)
    assert said[1] == "The disk of .remap is full."
    assert said[-1] == ""
    assert store.trial(1).state is TrialState.COMPLETE


def test_sigterm_and_sigint_ask_the_loop_to_stop():
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        for number in before:
            stop = stop_on_signals()
            os.kill(os.getpid(), number)
            assert stop.wait(5)
    finally:
        for number, action in before.items():
            signal.signal(number, action)


def test_the_loop_ends_when_its_parent_has_ended():
    assert not parent_has_ended(None)
    assert not parent_has_ended(os.getppid())
    worker, store, _ = worker_with()
    serve(worker, Published(store), lambda now, trouble: None, threading.Event(), parent=os.getppid() + 1)


def test_the_loop_ends_when_it_is_over_with_what_runs_requeued():
    worker, store, inbox = worker_with()
    inbox.send(Enqueue((proposal(3), proposal(4))))
    moments = iter([1.0, 1.0, 2.0, 2.0, 3.0, 3.0, 4.0, 4.0])
    published = Published(store)
    serve(
        worker,
        published,
        lambda now, trouble: None,
        threading.Event(),
        is_over=lambda now: now >= 2,
        clock=lambda: next(moments),
    )
    assert published.versions[-1] == store.version
    assert not worker.is_busy


def test_what_goes_wrong_beside_the_trainings_is_in_the_heartbeat_and_training_continues():
    class Maps:
        problem = "A map was not updated: there is not enough memory."

        def tick(self):
            pass

    worker, store, inbox = worker_with()
    inbox.send(Enqueue((proposal(3),)))
    stop, said = threading.Event(), []

    def stop_when_done():
        if store.fingerprints("toy") and store.trial(1).state is TrialState.COMPLETE:
            stop.set()

    serve(worker, Published(store, stop_when_done), lambda now, trouble: said.append(trouble), stop, maps=Maps())
    assert set(said) == {Maps.problem}
    assert store.trial(1).state is TrialState.COMPLETE
