"""The trainer's `Store` in DuckDB; `remap_core.trainer.ports.Store` says what each method does."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import astuple
from functools import partial
from pathlib import Path

import duckdb
from duckdb import DuckDBPyConnection

from remap_core.catalogue import annotation_rows, encoding, map_rows, queue_rows, removal_rows
from remap_core.catalogue.connection import (
    HOW_TO_RESTORE,
    LiveConnection,
    connect_live,
    disk_errors_as_unusable,
    first_line,
)
from remap_core.catalogue.encoding import LabelSet
from remap_core.catalogue.halving_rows import read_halving_groups
from remap_core.catalogue.migrations import keep_older, migrate
from remap_core.catalogue.reader import Catalogue
from remap_core.catalogue.rows import possible_ids, read_receipts, read_trials
from remap_core.data_folder.folder import DataFolder
from remap_core.errors import CatalogueError, CommandRefused, FolderInUse, FolderUnusable, NewerSchema, NotFound
from remap_core.formatting import model_name, model_tag
from remap_core.trials.annotations import Annotation
from remap_core.trials.commands import Outcome, Receipt
from remap_core.trials.dataset_card import DatasetCard
from remap_core.trials.evaluation import EpochResult, Evaluation, SealedScore, SealedTest
from remap_core.trials.halving import HalvingTrial
from remap_core.trials.model_maps import ModelMap, Relation
from remap_core.trials.trial import Place, Proposal, Trial, TrialId, TrialState

_SAME_ARCHITECTURE = """
WHERE fingerprint = ? AND dataset = ? AND state IN ('waiting', 'running', 'complete') ORDER BY id
"""
_LAST_EPOCH = """
UPDATE trials SET epochs_done = ?, train_loss = ?, train_accuracy = ?, validation_loss = ?, validation_accuracy = ?,
    seconds = ?
WHERE id = ? AND epochs_done <= ?
"""
_COMPLETE = """
UPDATE trials SET state = 'complete', finished = ?, accuracy = ?, class_accuracy = ?, latency_1_ms = ?,
    latency_256_ms = ?,
    mean_seconds = (SELECT avg(epochs.seconds) FROM epochs WHERE epochs.trial = ? AND epochs.attempt = ?)
WHERE id = ?
"""


class CatalogueStore:
    """The catalogue as its only writer sees it. For one thread; other threads read through `catalogue()`.

    Every method is one transaction, or part of the surrounding one inside the action of `apply_once`. Raises
    CommandRefused for a trial in the wrong state, NotFound for one that does not exist, and FolderUnusable for a
    disk that cannot be written.
    """

    def __init__(self, connect: Callable[[], DuckDBPyConnection]) -> None:
        self._live = LiveConnection(lambda: _migrated(connect()))

    @classmethod
    def open(cls, folder: DataFolder) -> CatalogueStore:
        """Open the catalogue of a data folder whose lock is held; creates or migrates it where needed.

        One that is migrated is kept as it was, too. Raises FolderInUse, NewerSchema, FolderUnusable, or CatalogueError
        for a file that is not a catalogue.
        """
        try:
            keep_older(folder)
            return cls(partial(connect_live, folder.live, folder.snapshots))
        except (FolderInUse, NewerSchema, FolderUnusable):
            raise
        except CatalogueError as error:
            raise CatalogueError(f"{error} {_way_on(folder)}") from error
        except duckdb.Error as error:
            raise CatalogueError(f"{folder.live} is no catalogue: {first_line(error)}. {_way_on(folder)}") from error

    def close(self) -> None:
        """Release the catalogue."""
        self._live.close()

    def catalogue(self) -> Catalogue:
        """Return the live catalogue for other threads of this process; its number is the current version."""
        return Catalogue(self._live.cursor(), self.version)

    @property
    def version(self) -> int:
        return self._live.version

    def checkpoint(self) -> None:
        """Move everything into the one file, so that a copy of it is complete."""
        self._live.checkpoint()

    def copy_to(self, path: Path) -> None:
        """Write everything to a new file. Ten times slower than copying the file, but works on any system."""
        self._live.copy_to(path)

    # Commands

    def apply_once(self, command: str, kind: str, now: float, action: Callable[[], str], sender: str = "") -> Receipt:
        for receipt in read_receipts(self._live, "WHERE id = ?", command):
            return receipt
        try:
            with self._live.transaction():
                message = action()
                return self._record_receipt(Receipt(command, kind, Outcome.APPLIED, message, now, sender))
        except (CommandRefused, NotFound) as refusal:
            return self._record_receipt(Receipt(command, kind, Outcome.REFUSED, str(refusal), now, sender))

    def _record_receipt(self, receipt: Receipt) -> Receipt:
        with self._live.transaction():
            self._live.change("INSERT INTO commands VALUES (?, ?, ?, ?, ?, ?)", *astuple(receipt))
        return receipt

    # The queue

    def enqueue(self, proposals: Sequence[Proposal], now: float, owner: str = "") -> list[TrialId]:
        if not proposals:
            return []
        with self._live.transaction():
            return queue_rows.enqueue(self._live, proposals, now, owner)

    def waiting(self, owner: str | None = None) -> int:
        return queue_rows.waiting_trials(self._live, owner)

    def claim(self, now: float, on_hold: Collection[TrialId] = ()) -> Trial | None:
        with self._live.transaction():
            trial = queue_rows.claim(self._live, now, on_hold)
            if trial is None:
                return None
            return self.trial(trial)

    def requeue(self, trial: TrialId) -> None:
        with self._live.transaction():
            self._require(trial, "requeue", TrialState.RUNNING)
            queue_rows.requeue(self._live, trial)

    def requeue_running(self) -> list[TrialId]:
        with self._live.transaction():
            running = queue_rows.running_trials(self._live)
            for trial in reversed(running):
                queue_rows.requeue(self._live, trial)
        return running

    def cancel(self, trial: TrialId, now: float) -> None:
        with self._live.transaction():
            self._require(trial, "cancel", TrialState.WAITING, TrialState.RUNNING)
            queue_rows.cancel(self._live, [trial], now)

    def cancel_batch(self, batch: str, now: float) -> list[TrialId]:
        with self._live.transaction():
            states = self._live.rows("SELECT id, state FROM trials WHERE batch = ? ORDER BY id", batch)
            if not states:
                raise NotFound(f"There is no batch {batch!r:.80}.")
            unfinished = [trial for trial, state in states if not TrialState(state).is_finished()]
            if not unfinished:
                raise CommandRefused(f"Couldn't cancel the batch {batch!r:.80}: all of it has already finished.")
            queue_rows.cancel(self._live, unfinished, now)
        return unfinished

    def retry(self, trial: TrialId, now: float) -> None:
        with self._live.transaction():
            ended = self._require(trial, "retry", TrialState.FAILED, TrialState.CANCELLED, TrialState.PRUNED)
            same = self.find_same_training(ended.proposal)
            if same is not None:
                raise CommandRefused(f"Couldn't retry {model_tag(trial)}: {model_tag(same)} is the same training.")
            queue_rows.restart(self._live, ended)

    def move(self, trial: TrialId, place: Place, owner: str | None = None) -> None:
        with self._live.transaction():
            waiting = self._require(trial, "move", TrialState.WAITING)
            queue_rows.move(self._live, waiting, place, owner)

    def batch_owners(self, batch: str) -> set[str]:
        owners = self._live.rows("SELECT DISTINCT coalesce(owner, '') FROM trials WHERE batch = ?", batch)
        return {owner for (owner,) in owners}

    def set_paused(self, paused: bool) -> None:
        with self._live.transaction():
            self._live.change("UPDATE trainer SET paused = ? WHERE paused <> ?", paused, paused)

    # Trials

    def trial(self, trial: TrialId) -> Trial:
        for ident in possible_ids([trial]):
            for found in read_trials(self._live, "WHERE id = ?", ident):
                return found
        raise NotFound(f"{model_name(trial)} does not exist.")

    def find_same_training(self, proposal: Proposal) -> TrialId | None:
        fingerprint = proposal.architecture.fingerprint
        for trial in read_trials(self._live, _SAME_ARCHITECTURE, fingerprint, proposal.dataset):
            if trial.proposal.same_training(proposal):
                return trial.id
        return None

    def record_epoch(self, trial: TrialId, result: EpochResult) -> None:
        with self._live.transaction():
            running = self._require(trial, "record an epoch of", TrialState.RUNNING)
            key = (trial, running.attempt, result.epoch)
            epoch, *measures = astuple(result)
            if epoch <= running.epochs_done:
                self._live.change("DELETE FROM epochs WHERE trial = ? AND attempt = ? AND epoch = ?", *key)
            self._live.change("INSERT INTO epochs VALUES (?, ?, ?, ?, ?, ?, ?, ?)", *key, *measures)
            self._live.change(_LAST_EPOCH, epoch, *measures, trial, epoch)

    def complete(self, trial: TrialId, evaluation: Evaluation, now: float) -> None:
        with self._live.transaction():
            running = self._require(trial, "complete", TrialState.RUNNING)
            label_set = self._label_set(running.proposal.dataset)
            row = encoding.evaluation_row(running, evaluation, label_set)
            self._live.change("INSERT INTO evaluations VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", *row)
            self._live.change(
                _COMPLETE,
                now,
                evaluation.accuracy,
                evaluation.class_accuracy.tolist(),
                evaluation.latency.batch_1_ms,
                evaluation.latency.batch_256_ms,
                trial,
                running.attempt,
                trial,
            )

    def fail(self, trial: TrialId, sentence: str, now: float) -> None:
        with self._live.transaction():
            self._require(trial, "fail", TrialState.RUNNING)
            queue_rows.end(self._live, trial, TrialState.FAILED, sentence, now)

    def prune(self, trial: TrialId, sentence: str, now: float) -> None:
        with self._live.transaction():
            self._require(trial, "prune", TrialState.WAITING)
            queue_rows.end(self._live, trial, TrialState.PRUNED, sentence, now)

    def halving_groups(self) -> list[tuple[HalvingTrial, ...]]:
        return read_halving_groups(self._live)

    def _require(self, trial: TrialId, action: str, *states: TrialState) -> Trial:
        found = self.trial(trial)
        if found.state not in states:
            raise CommandRefused(f"Couldn't {action} {model_tag(trial)}: {found.state.clause}.")
        return found

    # Notes, tags and sealed tests

    def annotate(self, trial: TrialId, annotation: Annotation, person: str = "") -> None:
        with self._live.transaction():
            annotation_rows.write_annotation(self._live, self.trial(trial).id, annotation, person)

    def annotation(self, trial: TrialId, person: str = "") -> Annotation:
        return annotation_rows.read_annotations(self._live, [trial], person)[trial]

    def ask_sealed_score(self, trial: TrialId, now: float) -> None:
        with self._live.transaction():
            annotation_rows.request_sealed_test(self._live, self.trial(trial), now)

    def sealed_test(self, trial: TrialId) -> SealedTest | None:
        return annotation_rows.read_sealed_test(self._live, trial)

    def pending_sealed_tests(self) -> list[TrialId]:
        return annotation_rows.pending_sealed_tests(self._live)

    def finish_sealed_test(self, trial: TrialId, outcome: SealedScore | str, now: float) -> None:
        with self._live.transaction():
            annotation_rows.finish_sealed_test(self._live, trial, outcome, now)

    # Maps

    def write_map(self, drawn: ModelMap) -> None:
        """Store a map; of a version that is already stored, only the models that are new."""
        with self._live.transaction():
            map_rows.write_map(self._live, drawn)

    def request_layout(self, dataset: str, relation: Relation) -> None:
        with self._live.transaction():
            map_rows.request_layout(self._live, dataset, relation)

    # Data sets

    def register_dataset(self, card: DatasetCard) -> None:
        label_set = LabelSet.of(card)
        with self._live.transaction():
            ((place,),) = self._live.rows(
                "SELECT coalesce(min(place) FILTER (name = ?), max(place) + 1, 1) FROM datasets", card.name
            )
            row = encoding.dataset_row(card, place)
            self._live.change("DELETE FROM datasets WHERE name = ?", card.name)
            self._live.change("INSERT INTO datasets VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", *row)
            if not self._live.rows("SELECT digest FROM label_sets WHERE digest = ?", label_set.digest):
                self._live.change("INSERT INTO label_sets VALUES (?, ?)", *encoding.label_row(label_set))

    def dataset_names(self) -> list[str]:
        names = self._live.rows("SELECT name FROM datasets ORDER BY place")
        return [name for (name,) in names]

    def fingerprints(self, dataset: str) -> set[str]:
        fingerprints = self._live.rows("SELECT fingerprint FROM trials WHERE dataset = ?", dataset)
        return {fingerprint for (fingerprint,) in fingerprints}

    def remove_dataset(self, name: str) -> list[TrialId]:
        with self._live.transaction():
            return removal_rows.remove_dataset(self._live, name)

    def removed_trials(self) -> set[TrialId]:
        return removal_rows.removed_trials(self._live)

    def _label_set(self, dataset: str) -> LabelSet | None:
        for row in self._live.rows(encoding.LABEL_SET, dataset):
            return encoding.label_set_of(row)
        return None


def _migrated(connection: DuckDBPyConnection) -> DuckDBPyConnection:
    try:
        with disk_errors_as_unusable():
            migrate(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _way_on(folder: DataFolder) -> str:
    """What to do about a file that is no catalogue."""
    if any(folder.snapshots.glob("catalogue-*.duckdb")):
        return HOW_TO_RESTORE
    return "Move it away, or choose another data folder (REMAP_HOME)."
