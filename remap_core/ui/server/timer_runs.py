"""Runs that a timer of a page asks for: together they take a small share of a core, however many pages are open."""

from __future__ import annotations

import threading
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from math import inf

SHARE = 0.1
"""Of a core, for the runs of all timers of this process."""

BURST = 0.1
"""Seconds of a core that timers may take at once: when a model has finished, all of all pages have something to draw,
and a click would wait for them."""

EARLY = 0.25
"""Seconds: a timer that asks so much too early would else be put off by a whole period of its own."""

FORGOTTEN = 30.0
"""Seconds after which a timer that no longer asks belongs to a page that was left."""

RECKONED = 0.5
"""Seconds for which the pause between two runs of a timer is kept."""

_WEIGHT = 0.3
"""Of the last run in the mean cost of a timer's runs."""


@dataclass
class _Timer:
    asked: float
    ran: float
    cost: float = 0.0


class TimerBudget:
    """Decides which timers run: each as often as the share allows, no one more often than another, few at once.

    A timer that may not run yet is simply not run: it asks again. Any number of threads may ask.
    """

    def __init__(self, share: float = SHARE) -> None:
        self._share = share
        self._timers: dict[Hashable, _Timer] = {}
        self._lock = threading.Lock()
        self._reckoned = -inf
        self._kept_pause = 0.0
        self._credit, self._credited = BURST, -inf

    def may_run(self, timer: Hashable, now: float) -> bool:
        """Whether a timer that asks now runs. now: seconds of any clock that only goes on."""
        with self._lock:
            known = self._timers.setdefault(timer, _Timer(now, now - FORGOTTEN))
            known.asked = now
            self._credit = min(BURST, self._credit + (now - self._credited) * self._share)
            self._credited = now
            if self._credit <= 0 or now - known.ran < self._pause(now) - EARLY:
                return False
            known.ran = now
            self._credit -= known.cost
            return True

    def have_run(self, timers: Sequence[Hashable], seconds: float) -> None:
        """Note what one run of these timers has cost. seconds: of a processor."""
        with self._lock:
            self._credit -= seconds
            for timer in timers:
                known = self._timers.get(timer)
                if known:
                    self._credit += known.cost  # what was expected when it began
                    known.cost += (_WEIGHT if known.cost else 1.0) * (seconds / len(timers) - known.cost)

    def _pause(self, now: float) -> float:
        """Seconds between two runs of each timer."""
        if abs(now - self._reckoned) >= RECKONED:
            self._reckoned = now
            self._timers = {key: timer for key, timer in self._timers.items() if now - timer.asked < FORGOTTEN}
            self._kept_pause = sum(timer.cost for timer in self._timers.values()) / self._share
        return self._kept_pause
