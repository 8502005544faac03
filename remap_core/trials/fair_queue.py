"""The order of the queue: in turn from each person, as start-time fair queueing has it (Goyal, Vin and Cheng 1997).

A trial's position is the turn in which it is due. A person's trials are one turn apart, and the first of somebody who
has none waiting is due in the present turn: nobody waits behind more than one training of each other person.
"""

from __future__ import annotations

from math import floor

_IDS = 2**20


def next_position(last_own: float | None, first_waiting: float | None, trial: int) -> float:
    """The position of a person's next trial, or the first of several, which are 1 apart.

    last_own: of that person's last waiting trial; first_waiting: of the whole queue; None where nothing waits.
    trial: its id, which keeps positions of one turn apart, the older first.
    """
    due = 0.0 if first_waiting is None else first_waiting - 1
    if last_own is not None:
        due = max(due, last_own)
    return floor(due) + 1 + _offset(trial)


def last_position(last_waiting: float, trial: int) -> float:
    """A position behind all that wait."""
    return floor(last_waiting) + 1 + _offset(trial)


def _offset(trial: int) -> float:
    """Less than half a turn, and exact."""
    return (trial - 1) % _IDS / (2 * _IDS)
