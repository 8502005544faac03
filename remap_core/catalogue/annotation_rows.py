"""Notes, tags and sealed tests as rows: what is stored about a trial in addition to its training."""

from __future__ import annotations

from collections.abc import Sequence

from remap_core.catalogue.connection import LiveConnection, Readable
from remap_core.catalogue.rows import possible_ids
from remap_core.errors import CommandRefused
from remap_core.formatting import model_name, percent
from remap_core.trials.annotations import Annotation
from remap_core.trials.evaluation import SealedScore, SealedTest
from remap_core.trials.trial import Trial, TrialId, TrialState

_ANNOTATIONS = """
SELECT trial, note, tags FROM annotations
WHERE trial IN (SELECT unnest(?::BIGINT[])) AND coalesce(person, '') = ?
"""
_SEALED_TEST = "SELECT asked, finished, images, correct, loss, error FROM sealed_tests WHERE trial = ?"
_PENDING = "SELECT trial FROM sealed_tests WHERE finished IS NULL ORDER BY asked, trial"
_FINISH = "UPDATE sealed_tests SET finished = ?, images = ?, correct = ?, loss = ?, error = ? WHERE trial = ?"


def read_annotations(catalogue: Readable, trials: Sequence[TrialId], person: str = "") -> dict[TrialId, Annotation]:
    """Return the annotation of each trial, an empty one where there is none. person: whose; empty: shared."""
    annotations = dict.fromkeys(trials, Annotation())
    for trial, note, tags in catalogue.rows(_ANNOTATIONS, possible_ids(trials), person):
        annotations[trial] = Annotation(note, tuple(tags))
    return annotations


def write_annotation(live: LiveConnection, trial: TrialId, annotation: Annotation, person: str = "") -> None:
    """Replace a trial's annotation, the shared one or a person's own; nothing changes where it is the same."""
    known = read_annotations(live, [trial], person)[trial]
    if annotation != known:
        live.change("DELETE FROM annotations WHERE trial = ? AND coalesce(person, '') = ?", trial, person)
        row = (trial, annotation.note, list(annotation.tags), person)
        live.change("INSERT INTO annotations VALUES (?, ?, ?, ?)", *row)


def read_sealed_test(catalogue: Readable, trial: TrialId) -> SealedTest | None:
    """Return the last request to score the trial on the sealed test images, None before the first."""
    for asked, finished, images, correct, loss, error in catalogue.rows(_SEALED_TEST, trial):
        score = None
        if images is not None:
            score = SealedScore(images, correct, loss)
        return SealedTest(asked, finished, score, error)
    return None


def pending_sealed_tests(catalogue: Readable) -> list[TrialId]:
    """Return the trials that wait for their score, the oldest request first."""
    return [trial for (trial,) in catalogue.rows(_PENDING)]


def request_sealed_test(live: LiveConnection, trial: Trial, now: float) -> None:
    """Store a request to score a trial; raises CommandRefused where it is not complete or was already requested."""
    _require_unscored(trial, read_sealed_test(live, trial.id))
    live.change("DELETE FROM sealed_tests WHERE trial = ?", trial.id)
    live.change("INSERT INTO sealed_tests (trial, asked) VALUES (?, ?)", trial.id, now)


def finish_sealed_test(live: LiveConnection, trial: TrialId, outcome: SealedScore | str, now: float) -> None:
    """Store a score, or the reason why there is none; raises CommandRefused where none was requested."""
    request = read_sealed_test(live, trial)
    if request is None or not request.is_pending:
        raise CommandRefused(f"No test score of {model_name(trial)} was requested.")
    if isinstance(outcome, SealedScore):
        live.change(_FINISH, now, outcome.images, outcome.right, outcome.loss, None, trial)
    else:
        live.change(_FINISH, now, None, None, None, outcome, trial)


def _require_unscored(trial: Trial, known: SealedTest | None) -> None:
    """Only a complete model is scored, and only once: a score that guided a choice would no longer be honest."""
    name = model_name(trial.id)
    if trial.state is not TrialState.COMPLETE:
        raise CommandRefused(f"{name} must be complete to be tested, but it is {trial.state}.")
    if known and known.is_pending:
        raise CommandRefused(f"The test score of {name} was already requested.")
    if known and known.score:
        raise CommandRefused(f"{name} was already tested: {percent(known.score.accuracy)} test accuracy.")
