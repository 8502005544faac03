"""The queue as rows: how trials wait, run and end. Callers check a trial's state and provide the transaction."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from remap_core.catalogue.connection import LiveConnection
from remap_core.catalogue.rows import new_trials
from remap_core.trials.trial import Place, Proposal, Trial, TrialId, TrialState

QUEUE = """
JOIN (
    SELECT id, 0 AS part, started AS rank, id AS tie FROM trials WHERE state = 'running'
    UNION ALL
    SELECT id, 1, position, id FROM trials WHERE state = 'waiting'
    UNION ALL
    (SELECT id, 2, -finished, -id FROM trials
     WHERE state NOT IN ('running', 'waiting')
     AND ($2::VARCHAR IS NULL OR dataset = $2 OR starts_with(dataset, $2 || '%'))
     ORDER BY finished DESC, id DESC LIMIT $1)
) USING (id) WHERE $2::VARCHAR IS NULL OR dataset = $2 OR starts_with(dataset, $2 || '%')
ORDER BY part, rank, tie
"""
"""Condition that selects running trials, then waiting ones, then so many ($1) of those that ended last; with a data
set ($2), only its trials and those on parts of it."""

_NEXT_ID = """
SELECT coalesce(max(id), 0) + 1 FROM (SELECT id FROM trials UNION ALL SELECT trial AS id FROM removed_trials)
"""
_NEXT = """
SELECT id FROM trials WHERE state = 'waiting' AND NOT (SELECT paused FROM trainer)
AND NOT list_contains(?::BIGINT[], id) ORDER BY position LIMIT 1
"""
_BEFORE = "SELECT id, position FROM trials WHERE state = 'waiting' AND position < ? ORDER BY position DESC LIMIT 1"
_AFTER = "SELECT id, position FROM trials WHERE state = 'waiting' AND position > ? ORDER BY position LIMIT 1"
_RESTART = """
UPDATE trials SET state = 'waiting', attempt = attempt + 1, position = ?, started = NULL, finished = NULL,
    error = NULL, epochs_done = 0, train_loss = NULL, train_accuracy = NULL, validation_loss = NULL,
    validation_accuracy = NULL, seconds = NULL
WHERE id = ?
"""
_CANCEL = "UPDATE trials SET state = 'cancelled', finished = ? WHERE id IN (SELECT unnest(?::BIGINT[]))"


def enqueue(live: LiveConnection, proposals: Sequence[Proposal], now: float) -> list[TrialId]:
    """Add WAITING trials at the end of the queue; returns their ids."""
    ((first,),) = live.rows(_NEXT_ID)
    live.insert("trials", new_trials(proposals, first, _end(live), now))
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


def restart(live: LiveConnection, trial: TrialId) -> None:
    """Move an ended trial to the end of the queue, as a new attempt without epochs."""
    live.change(_RESTART, _end(live), trial)


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


def move(live: LiveConnection, trial: Trial, place: Place) -> None:
    """Move a waiting trial within the queue; nothing changes where it is at that end already."""
    neighbours = _AFTER
    if place in (Place.TOP, Place.UP):
        neighbours = _BEFORE
    for neighbour, position in live.rows(neighbours, trial.position):
        match place:
            case Place.TOP:
                _set_position(live, trial.id, _front(live))
            case Place.BOTTOM:
                _set_position(live, trial.id, _end(live))
            case Place.UP | Place.DOWN:
                _set_position(live, trial.id, position)
                _set_position(live, neighbour, trial.position)


def _set_position(live: LiveConnection, trial: TrialId, position: float) -> None:
    live.change("UPDATE trials SET position = ? WHERE id = ?", position, trial)


def _front(live: LiveConnection) -> float:
    ((position,),) = live.rows("SELECT coalesce(min(position), 1) - 1 FROM trials WHERE state = 'waiting'")
    return float(position)


def _end(live: LiveConnection) -> float:
    ((position,),) = live.rows("SELECT coalesce(max(position), 0) + 1 FROM trials WHERE state = 'waiting'")
    return float(position)
