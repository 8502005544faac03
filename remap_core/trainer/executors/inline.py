"""Training in the caller's thread, one epoch per poll: for notebooks, scripts and tests."""

from __future__ import annotations

from remap_core.errors import TrainingStopped
from remap_core.trainer.executors.base import (
    EpochDone,
    Event,
    Failed,
    Finished,
    Run,
    Scored,
    Stopped,
    failure_sentence,
    score_nothing,
)
from remap_core.trainer.ports import ScoreFunction, TrainFunction, Training
from remap_core.trials.trial import Trial


class InlineExecutor:
    """One training at a time; every poll trains one epoch."""

    slots = 1
    device = "inline"

    def __init__(self, train: TrainFunction, score: ScoreFunction = score_nothing) -> None:
        self._train = train
        self._score = score
        self._current: tuple[Run, Training] | None = None
        self._events: list[Event] = []

    @property
    def free_slots(self) -> int:
        """1 or 0."""
        return int(self._current is None)

    def start(self, trial: Trial) -> None:
        """Start a training; the next poll trains its first epoch."""
        self._current = (Run.of(trial), self._train(trial, should_stop=lambda: False))

    def score(self, trial: Trial) -> None:
        """Score at once; the next poll returns the event."""
        run = Run.of(trial)
        try:
            self._events.append(Scored(run, self._score(trial)))
        except Exception as error:
            self._events.append(Failed(run, failure_sentence(error)))

    def stop(self, run: Run) -> None:
        """Stop the training before its next epoch."""
        if self._current is None:
            return
        current_run, training = self._current
        if current_run == run:
            training.close()
            self._current = None
            self._events.append(Stopped(run))

    def poll(self) -> list[Event]:
        """Train one epoch of the current training and return its event."""
        if self._current is not None:
            self._events.append(self._train_epoch(*self._current))
        return self._take_events()

    def close(self, grace: float) -> list[Event]:
        """Stop the current training at once."""
        if self._current is not None:
            run, _ = self._current
            self.stop(run)
        return self._take_events()

    def _take_events(self) -> list[Event]:
        events = self._events
        self._events = []
        return events

    def _train_epoch(self, run: Run, training: Training) -> Event:
        try:
            return EpochDone(run, next(training))
        except StopIteration as end:
            event: Event = Finished(run, end.value)
        except TrainingStopped:
            event = Stopped(run)
        except Exception as error:
            event = Failed(run, failure_sentence(error))
        self._current = None
        return event
