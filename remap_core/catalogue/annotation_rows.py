"""What is kept about a trial beside its training: note and tags, and its score on the sealed test images."""

from __future__ import annotations

from typing import Any

from remap_core.catalogue.connection import LiveConnection
from remap_core.errors import CommandRefused
from remap_core.formatting import model_name, percent
from remap_core.trials.annotations import Annotation
from remap_core.trials.evaluation import SealedScore, SealedTest
from remap_core.trials.trial import Trial, TrialId, TrialState

Row = tuple[Any, ...]

SELECT_ANNOTATION = "SELECT trial, note, tags FROM annotations"
SELECT_SEALED = "SELECT asked, finished, images, correct, loss, error FROM sealed_tests WHERE trial = ?"
SELECT_PENDING = "SELECT trial FROM sealed_tests WHERE finished IS NULL ORDER BY asked, trial"


def annotation_of(row: Row) -> Annotation:
    """The annotation of a row of SELECT_ANNOTATION."""
    _, note, tags = row
    return Annotation(note, tuple(tags))


def sealed_test_of(row: Row) -> SealedTest:
    """The request of a row of SELECT_SEALED."""
    asked, finished, images, right, loss, error = row
    return SealedTest(asked, finished, None if images is None else SealedScore(images, right, loss), error)


def write_annotation(live: LiveConnection, trial: TrialId, annotation: Annotation) -> None:
    """Replace what is written about a trial; nothing changes where it is the same."""
    known = [annotation_of(row) for row in live.rows(SELECT_ANNOTATION + " WHERE trial = ?", trial)]
    if annotation != (known[0] if known else Annotation()):
        live.change("DELETE FROM annotations WHERE trial = ?", trial)
        live.change("INSERT INTO annotations VALUES (?, ?, ?)", trial, annotation.note, list(annotation.tags))


def ask(live: LiveConnection, trial: Trial, now: float) -> None:
    """Note that a trial shall be scored; raises CommandRefused where it cannot be, or was asked for already."""
    found = live.rows(SELECT_SEALED, trial.id)
    _require_unscored(trial, sealed_test_of(found[0]) if found else None)
    live.change("DELETE FROM sealed_tests WHERE trial = ?", trial.id)
    live.change("INSERT INTO sealed_tests (trial, asked) VALUES (?, ?)", trial.id, now)


def finish(live: LiveConnection, trial: TrialId, outcome: SealedScore | str, now: float) -> None:
    """Store a score, or why there is none; raises CommandRefused where none is waited for."""
    score = (outcome.images, outcome.right, outcome.loss) if isinstance(outcome, SealedScore) else (None, None, None)
    error = outcome if isinstance(outcome, str) else None
    if not live.rows("SELECT trial FROM sealed_tests WHERE trial = ? AND finished IS NULL", trial):
        raise CommandRefused(f"No test score of {model_name(trial)} was requested.")
    live.change(
        "UPDATE sealed_tests SET finished = ?, images = ?, correct = ?, loss = ?, error = ? WHERE trial = ?",
        *(now, *score, error, trial),
    )


def _require_unscored(trial: Trial, known: SealedTest | None) -> None:
    """Refuse to score what is not complete, what is being scored, and what has a score: the test set is seen once."""
    if trial.state is not TrialState.COMPLETE:
        raise CommandRefused(f"{model_name(trial.id)} must be complete to be tested, but it is {trial.state}.")
    if known and known.is_pending:
        raise CommandRefused(f"The test score of {model_name(trial.id)} was already requested.")
    if known and known.score:
        raise CommandRefused(
            f"{model_name(trial.id)} was already tested: {percent(known.score.accuracy)} test accuracy."
        )
