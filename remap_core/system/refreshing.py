"""Answers that take long to work out, and are asked for again and again while what they are made from changes."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from threading import Lock, Thread
from typing import Generic, TypeVar

Answer = TypeVar("Answer")


@dataclass
class _Subject(Generic[Answer]):
    """last: the last answer and what it was made from. lock: held by whoever works out the next one."""

    last: tuple[Hashable, Answer] | None = None
    lock: Lock = field(default_factory=Lock)


class Refreshing(Generic[Answer]):
    """Keeps the last answer of each subject. While a newer one is worked out, whoever asks gets the one before.

    Any number of threads may ask. keeps: subjects; those that were asked for longest ago are forgotten.
    """

    def __init__(self, keeps: int) -> None:
        self._keeps = keeps
        self._subjects: OrderedDict[Hashable, _Subject[Answer]] = OrderedDict()
        self._lock = Lock()

    def get(
        self, subject: Hashable, version: Hashable, work_out: Callable[[], Answer], *, may_be_old: bool = True
    ) -> Answer:
        """The answer of this version; if `may_be_old`, the last one while another thread works this one out.

        Raises what `work_out` raises. If that happens in the other thread, whoever asks next works it out again.
        """
        kept = self._subject(subject)
        last = kept.last
        if last and last[0] != version and may_be_old:
            if kept.lock.acquire(blocking=False):  # else somebody is at it
                Thread(target=self._refresh, args=(kept, version, work_out), daemon=True).start()
            return last[1]
        if last and last[0] == version:
            return last[1]
        with kept.lock:
            if kept.last is None or kept.last[0] != version:
                kept.last = (version, work_out())
            return kept.last[1]

    def _subject(self, subject: Hashable) -> _Subject[Answer]:
        with self._lock:
            kept = self._subjects.setdefault(subject, _Subject())
            self._subjects.move_to_end(subject)
            while len(self._subjects) > self._keeps:
                self._subjects.popitem(last=False)
        return kept

    @staticmethod
    def _refresh(kept: _Subject[Answer], version: Hashable, work_out: Callable[[], Answer]) -> None:
        """Releases the lock that whoever started this thread has taken."""
        try:
            kept.last = (version, work_out())
        except Exception:
            kept.last = None
        finally:
            kept.lock.release()
