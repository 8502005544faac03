"""The queue as rows: how trials wait, run and end. Callers check a trial's state and provide the transaction."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from remap_core.catalogue.connection import LiveConnection, Row
from remap_core.catalogue.rows import new_trials
from remap_core.trials.fair_queue import last_position, next_position
from remap_core.trials.trial import Place, Proposal, Trial, TrialId, TrialState

QUEUE = """
JOIN (
    SELECT id, 0 AS part, started AS rank, id AS tie FROM trials WHERE state = 'running'
    UNION ALL
    (SELECT id, 1, position, id FROM trials
     WHERE state = 'waiting' AND ($2::VARCHAR IS NULL OR dataset = $2 OR starts_with(dataset, $2 || '%'))
     ORDER BY position, id LIMIT $3)
    UNION ALL
    (SELECT id, 2, -finished, -id FROM trials
     WHERE state NOT IN ('running', 'waiting')
     AND ($2::VARCHAR IS NULL OR dataset = $2 OR starts_with(dataset, $2 || '%'))
     ORDER BY finished DESC, id DESC LIMIT $1)
) USING (id) WHERE $2::VARCHAR IS NULL OR dataset = $2 OR starts_with(dataset, $2 || '%')
ORDER BY part, rank, tie
"""
"""Condition that selects running trials, then the first ($3, NULL: all) waiting ones, then so many ($1) of those that
ended last; with a data set ($2), only its trials and those on parts of it."""

_NEXT_ID = """
SELECT coalesce(max(id), 0) + 1 FROM (SELECT id FROM trials UNION ALL SELECT trial AS id FROM removed_trials)
"""
_NEXT = """
SELECT id FROM trials WHERE state = 'waiting' AND NOT (SELECT paused FROM trainer)
AND NOT list_contains(?::BIGINT[], id) ORDER BY position LIMIT 1
"""
_WAITING = "SELECT id, position FROM trials WHERE state = 'waiting' AND ($1::VARCHAR IS NULL OR owner = $1) "
_BEFORE = _WAITING + "AND position < $2 ORDER BY position DESC"
_AFTER = _WAITING + "AND position > $2 ORDER BY position"
_ENDS = """
SELECT min(position), max(position), max(position) FILTER (coalesce(owner, '') = ?) FROM trials WHERE state = 'waiting'
"""
_RESTART = """
UPDATE trials SET state = 'waiting', attempt = attempt + 1, position = ?, started = NULL, finished = NULL,
    error = NULL, epochs_done = 0, train_loss = NULL, train_accuracy = NULL, validation_loss = NULL,
    validation_accuracy = NULL, seconds = NULL
WHERE id = ?
"""
_CANCEL = "UPDATE trials SET state = 'cancelled', finished = ? WHERE id IN (SELECT unnest(?::BIGINT[]))"


def enqueue(live: LiveConnection, proposals: Sequence[Proposal], now: float, owner: str) -> list[TrialId]:
    """Add WAITING trials to the queue, behind those of the same owner; returns their ids."""
    ((first,),) = live.rows(_NEXT_ID)
    live.insert("trials", new_trials(proposals, first, _next(live, owner, first), now, owner))
    return list(range(first, first + len(proposals)))


def claim(live: LiveConnection, now: float, on_hold: Collection[TrialId]) -> TrialId | None:
    """Start the first waiting trial that is not on hold; None where there is none or the queue is paused."""
    for (trial,) in live.rows(_NEXT, list(on_hold)):
        live.change("UPDATE trials SET state = 'running', started = ? WHERE id = ?", now, trial)
        return int(trial)
    return None


def requeue(live: LiveConnection, trial: TrialId) -> None:
    """Move a running trial back to the front of the queue; its epochs stay."""
    live.change("UPDATE trials SET state = 'waiting', started = NULL, position = ? WHERE id = ?", _front(live), trial)


def restart(live: LiveConnection, trial: Trial) -> None:
    """Queue an ended trial behind those of its owner, as a new attempt without epochs."""
    live.change(_RESTART, _next(live, trial.owner, trial.id), trial.id)


def end(live: LiveConnection, trial: TrialId, state: TrialState, sentence: str, now: float) -> None:
    """End a trial with a reason."""
    live.change("UPDATE trials SET state = ?, error = ?, finished = ? WHERE id = ?", state.value, sentence, now, trial)


def cancel(live: LiveConnection, trials: Sequence[TrialId], now: float) -> None:
    """End trials without a reason."""
    live.change(_CANCEL, now, list(trials))


def running_trials(live: LiveConnection) -> list[TrialId]:
    """Return the running trials in the order in which they were started."""
    rows = live.rows("SELECT id FROM trials WHERE state = 'running' ORDER BY started, position")
    return [trial for (trial,) in rows]


def move(live: LiveConnection, trial: Trial, place: Place, owner: str | None = None) -> None:
    """Move a waiting trial within the queue; nothing changes where it is at that end already.

    owner: only past the trials of that person.
    """
    towards = _BEFORE if place in (Place.TOP, Place.UP) else _AFTER
    passed = live.rows(towards, owner, trial.position)
    if not passed:
        return
    if place in (Place.UP, Place.DOWN):
        _shift(live, trial, passed[:1])
    elif owner is not None:
        _shift(live, trial, passed)
    else:
        ((first, last, _),) = live.rows(_ENDS, "")
        _set_position(live, trial.id, first - 1 if place is Place.TOP else last_position(last, trial.id))


def waiting_trials(live: LiveConnection, owner: str | None = None) -> int:
    """Return how many trials wait, of one person or in all."""
    sql = "SELECT count(*) FROM trials WHERE state = 'waiting' AND ($1::VARCHAR IS NULL OR owner = $1)"
    ((waiting,),) = live.rows(sql, owner)
    return int(waiting)


def _shift(live: LiveConnection, trial: Trial, passed: Sequence[Row]) -> None:
    """Give a trial the place of the last that it passes, and each of these the place next to its own."""
    place = trial.position
    for ident, position in passed:
        _set_position(live, ident, place)
        place = position
    _set_position(live, trial.id, place)


def _set_position(live: LiveConnection, trial: TrialId, position: float) -> None:
    live.change("UPDATE trials SET position = ? WHERE id = ?", position, trial)


def _front(live: LiveConnection) -> float:
    ((position,),) = live.rows("SELECT coalesce(min(position), 1) - 1 FROM trials WHERE state = 'waiting'")
    return float(position)


def _next(live: LiveConnection, owner: str, trial: TrialId) -> float:
    ((first, _, last_own),) = live.rows(_ENDS, owner)
    return next_position(last_own, first, trial)
