"""A trainer with everything around its worker in memory."""

from itertools import count

import numpy as np
from fakes import MemoryStore
from trainings import train_well

from remap_core.errors import DatasetError
from remap_core.trainer.executors.inline import InlineExecutor
from remap_core.trainer.worker import Worker
from remap_core.trials.dataset_card import DatasetCard

TOY = DatasetCard(
    "toy", (1, 2, 2), ("no", "yes"), (8, 8, 8), np.zeros(8, np.uint8), np.zeros((2, 1, 2, 2, 1), np.uint8)
)


def describe(name):
    if name != "toy":
        raise DatasetError(f"{name} is not a data set.")
    return TOY


class ListInbox:
    """Commands in memory, as an inbox."""

    problem = ""

    def __init__(self):
        self.waiting, self.rejected = {}, {}
        self.names = (f"{number:06}" for number in count())

    def send(self, command, sender=None):
        name = next(self.names)
        self.waiting[name] = command, sender
        return name

    def pending(self):
        return [(name, *self.waiting[name]) for name in sorted(self.waiting)]

    def discard(self, command):
        del self.waiting[command]

    def reject(self, command, reason):
        self.rejected[command] = reason
        del self.waiting[command]


class FakeTrainer:
    """A worker with everything around it in memory."""

    def __init__(self, train=train_well, store=None, **options):
        self.store, self.inbox, self.executor = store or MemoryStore(), ListInbox(), InlineExecutor(train)
        self.worker = Worker(self.store, self.inbox, self.executor, describe, **options)
        self.now = 100.0

    def tick(self, times=1):
        for _ in range(times):
            self.now += 1
            self.worker.tick(self.now)

    def apply(self, command, sender=None):
        name = self.inbox.send(command, sender)
        self.tick()
        return self.store.apply_once(name, command.kind, self.now, lambda: "applied again")

    def state(self, trial):
        return self.store.trial(trial).state
