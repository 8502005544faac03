"""The catalogue as its one writer sees it: the `Store` of the trainer (its contract stands there) in DuckDB."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import astuple
from functools import partial
from pathlib import Path

from duckdb import DuckDBPyConnection

from remap_core.catalogue import annotation_rows, encoding, map_rows
from remap_core.catalogue.connection import LiveConnection, connect_live, disk_errors_as_unusable
from remap_core.catalogue.encoding import LabelSet
from remap_core.catalogue.halving_rows import read_halving_groups
from remap_core.catalogue.migrations import migrate
from remap_core.catalogue.reader import Catalogue
from remap_core.catalogue.rows import SELECT_RECEIPT, SELECT_TRIAL, new_trials, possible_ids, receipt_of, trial_of
from remap_core.data_folder.folder import DataFolder
from remap_core.errors import CommandRefused, NotFound
from remap_core.formatting import model_name
from remap_core.trials.annotations import Annotation
from remap_core.trials.commands import Outcome, Receipt
from remap_core.trials.dataset_card import DatasetCard
from remap_core.trials.evaluation import EpochResult, Evaluation, SealedScore, SealedTest
from remap_core.trials.halving import HalvingTrial
from remap_core.trials.model_maps import ModelMap, Relation
from remap_core.trials.trial import Place, Proposal, Trial, TrialId, TrialState

_SOONER = "SELECT id, position FROM trials WHERE state = 'waiting' AND position < ? ORDER BY position DESC LIMIT 1"
_LATER = "SELECT id, position FROM trials WHERE state = 'waiting' AND position > ? ORDER BY position LIMIT 1"


class CatalogueStore:
    """Satisfies `remap_core.trainer.ports.Store`. For one thread; other threads read through `catalogue()`.

    Every method is one transaction, and part of the surrounding one inside the action of `apply_once`. What would
    change a trial that is in another state than asked for raises CommandRefused, what names none NotFound, and what
    the disk refuses FolderUnusable.
    """

    def __init__(self, connect: Callable[[], DuckDBPyConnection]) -> None:
        self._live = LiveConnection(lambda: _migrated(connect()))

    @classmethod
    def open(cls, folder: DataFolder) -> CatalogueStore:
        """The catalogue of a data folder whose lock is held, made or brought up to date where needed.

        Raises FolderInUse, NewerSchema, FolderUnusable, or CatalogueError for a file that is no catalogue.
        """
        return cls(partial(connect_live, folder.live))

    def close(self) -> None:
        """Let go of the catalogue."""
        self._live.close()

    def catalogue(self) -> Catalogue:
        """The live catalogue for other threads of this process; its number is the present version."""
        return Catalogue(self._live.cursor(), self.version)

    @property
    def version(self) -> int:
        return self._live.version

    def checkpoint(self) -> None:
        """Bring everything into the one file, so that a copy of it is whole."""
        self._live.checkpoint()

    def copy_to(self, path: Path) -> None:
        """Write everything into a new file: what works where files cannot be copied, ten times as slow."""
        self._live.copy_to(path)

    # Commands

    def apply_once(self, command: str, kind: str, now: float, action: Callable[[], str]) -> Receipt:
        known = self._live.rows(SELECT_RECEIPT + " WHERE id = ?", command)
        if known:
            return receipt_of(known[0])
        try:
            with self._live.transaction():
                return self._record_receipt(Receipt(command, kind, Outcome.APPLIED, action(), now))
        except (CommandRefused, NotFound) as refusal:
            return self._record_receipt(Receipt(command, kind, Outcome.REFUSED, str(refusal), now))

    def _record_receipt(self, receipt: Receipt) -> Receipt:
        with self._live.transaction():
            self._live.change("INSERT INTO commands VALUES (?, ?, ?, ?, ?)", *astuple(receipt))
        return receipt

    # The queue

    def enqueue(self, proposals: Sequence[Proposal], now: float) -> list[TrialId]:
        if not proposals:
            return []
        with self._live.transaction():
            ((first,),) = self._live.rows("SELECT coalesce(max(id), 0) + 1 FROM trials")
            self._live.insert("trials", new_trials(proposals, first, self._end(), now))
        return list(range(first, first + len(proposals)))

    def claim(self, now: float, on_hold: Collection[TrialId] = ()) -> Trial | None:
        with self._live.transaction():
            found = self._live.rows(
                "SELECT id FROM trials WHERE state = 'waiting' AND NOT (SELECT paused FROM trainer) "
                "AND NOT list_contains(?::BIGINT[], id) ORDER BY position LIMIT 1",
                list(on_hold),
            )
            for (trial,) in found:
                self._live.change("UPDATE trials SET state = 'running', started = ? WHERE id = ?", now, trial)
                return self.trial(trial)
        return None

    def requeue(self, trial: TrialId) -> None:
        with self._live.transaction():
            self._require(trial, TrialState.RUNNING)
            self._requeue(trial)

    def requeue_running(self) -> list[TrialId]:
        with self._live.transaction():
            found = self._live.rows("SELECT id FROM trials WHERE state = 'running' ORDER BY started, position")
            running = [trial for (trial,) in found]
            for trial in reversed(running):
                self._requeue(trial)
        return running

    def _requeue(self, trial: TrialId) -> None:
        self._live.change(
            "UPDATE trials SET state = 'waiting', started = NULL, position = ? WHERE id = ?", self._head(), trial
        )

    def cancel(self, trial: TrialId, now: float) -> None:
        with self._live.transaction():
            self._require(trial, TrialState.WAITING, TrialState.RUNNING)
            self._live.change("UPDATE trials SET state = 'cancelled', finished = ? WHERE id = ?", now, trial)

    def cancel_batch(self, batch: str, now: float) -> list[TrialId]:
        with self._live.transaction():
            found = self._live.rows("SELECT id, state FROM trials WHERE batch = ? ORDER BY id", batch)
            if not found:
                raise NotFound(f"There is no batch {batch!r:.80}.")
            open_ones = [trial for trial, state in found if not TrialState(state).is_finished()]
            if not open_ones:
                raise CommandRefused(f"All trials of the batch {batch!r:.80} have ended already.")
            self._live.change(
                "UPDATE trials SET state = 'cancelled', finished = ? WHERE id IN (SELECT unnest(?::BIGINT[]))",
                *(now, open_ones),
            )
        return open_ones

    def retry(self, trial: TrialId, now: float) -> None:
        with self._live.transaction():
            ended = self._require(trial, TrialState.FAILED, TrialState.CANCELLED, TrialState.PRUNED)
            same = self.find_same_training(ended.proposal)
            if same is not None:
                raise CommandRefused(f"{model_name(trial)} was not retried: {model_name(same)} is the same training.")
            self._live.change(
                "UPDATE trials SET state = 'waiting', attempt = attempt + 1, position = ?, started = NULL, "
                "finished = NULL, error = NULL, epochs_done = 0, train_loss = NULL, train_accuracy = NULL, "
                "validation_loss = NULL, validation_accuracy = NULL, seconds = NULL WHERE id = ?",
                *(self._end(), trial),
            )

    def move(self, trial: TrialId, place: Place) -> None:
        with self._live.transaction():
            position = self._require(trial, TrialState.WAITING).position
            neighbours = self._live.rows(_SOONER if place in (Place.TOP, Place.UP) else _LATER, position)
            for neighbour, neighbours_position in neighbours:  # none where it is at that end already
                match place:
                    case Place.TOP:
                        self._place(trial, self._head())
                    case Place.BOTTOM:
                        self._place(trial, self._end())
                    case Place.UP | Place.DOWN:
                        self._place(trial, neighbours_position)
                        self._place(neighbour, position)

    def set_paused(self, paused: bool) -> None:
        with self._live.transaction():
            self._live.change("UPDATE trainer SET paused = ? WHERE paused <> ?", paused, paused)

    def _place(self, trial: TrialId, position: float) -> None:
        self._live.change("UPDATE trials SET position = ? WHERE id = ?", position, trial)

    def _head(self) -> float:
        ((position,),) = self._live.rows("SELECT coalesce(min(position), 1) - 1 FROM trials WHERE state = 'waiting'")
        return float(position)

    def _end(self) -> float:
        ((position,),) = self._live.rows("SELECT coalesce(max(position), 0) + 1 FROM trials WHERE state = 'waiting'")
        return float(position)

    # Trials

    def trial(self, trial: TrialId) -> Trial:
        for ident in possible_ids([trial]):
            for row in self._live.rows(SELECT_TRIAL + " WHERE id = ?", ident):
                return trial_of(row)
        raise NotFound(f"{model_name(trial)} does not exist.")

    def find_same_training(self, proposal: Proposal) -> TrialId | None:
        found = self._live.rows(
            SELECT_TRIAL + " WHERE fingerprint = ? AND dataset = ? AND state IN ('waiting', 'running', 'complete') "
            "ORDER BY id",
            *(proposal.architecture.fingerprint, proposal.dataset),
        )
        return next((trial.id for trial in map(trial_of, found) if trial.proposal.same_training(proposal)), None)

    def record_epoch(self, trial: TrialId, result: EpochResult) -> None:
        with self._live.transaction():
            running = self._require(trial, TrialState.RUNNING)
            key, values = (trial, running.attempt, result.epoch), astuple(result)
            if result.epoch <= running.epochs_done:
                self._live.change("DELETE FROM epochs WHERE trial = ? AND attempt = ? AND epoch = ?", *key)
            self._live.change("INSERT INTO epochs VALUES (?, ?, ?, ?, ?, ?, ?, ?)", *key, *values[1:])
            self._live.change(
                "UPDATE trials SET epochs_done = ?, train_loss = ?, train_accuracy = ?, validation_loss = ?, "
                "validation_accuracy = ?, seconds = ? WHERE id = ? AND epochs_done <= ?",
                *(*values, trial, result.epoch),
            )

    def complete(self, trial: TrialId, evaluation: Evaluation, now: float) -> None:
        with self._live.transaction():
            running = self._require(trial, TrialState.RUNNING)
            row = encoding.evaluation_row(running, evaluation, self._label_set(running.proposal.dataset))
            self._live.change("INSERT INTO evaluations VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", *row)
            self._live.change(
                "UPDATE trials SET state = 'complete', finished = ?, accuracy = ?, class_accuracy = ?, "
                "latency_1_ms = ?, latency_256_ms = ?, mean_seconds = "
                "(SELECT avg(epochs.seconds) FROM epochs WHERE epochs.trial = ? AND epochs.attempt = ?) WHERE id = ?",
                *(now, evaluation.accuracy, evaluation.class_accuracy.tolist()),
                *(evaluation.latency.batch_1_ms, evaluation.latency.batch_256_ms),
                *(trial, running.attempt, trial),
            )

    def fail(self, trial: TrialId, sentence: str, now: float) -> None:
        self._end_early(trial, TrialState.RUNNING, TrialState.FAILED, sentence, now)

    def prune(self, trial: TrialId, sentence: str, now: float) -> None:
        self._end_early(trial, TrialState.WAITING, TrialState.PRUNED, sentence, now)

    def halving_groups(self) -> list[tuple[HalvingTrial, ...]]:
        return read_halving_groups(self._live)

    def _end_early(self, trial: TrialId, before: TrialState, after: TrialState, sentence: str, now: float) -> None:
        with self._live.transaction():
            self._require(trial, before)
            self._live.change(
                "UPDATE trials SET state = ?, error = ?, finished = ? WHERE id = ?", after.value, sentence, now, trial
            )

    def _require(self, trial: TrialId, *states: TrialState) -> Trial:
        found = self.trial(trial)
        if found.state not in states:
            raise CommandRefused(
                f"{model_name(trial)} must be {' or '.join(states)} for this, but it is {found.state}."
            )
        return found

    # Notes, tags and sealed tests

    def annotate(self, trial: TrialId, annotation: Annotation) -> None:
        with self._live.transaction():
            annotation_rows.write_annotation(self._live, self.trial(trial).id, annotation)

    def annotation(self, trial: TrialId) -> Annotation:
        found = self._live.rows(annotation_rows.SELECT_ANNOTATION + " WHERE trial = ?", trial)
        return annotation_rows.annotation_of(found[0]) if found else Annotation()

    def ask_sealed_score(self, trial: TrialId, now: float) -> None:
        with self._live.transaction():
            annotation_rows.ask(self._live, self.trial(trial), now)

    def sealed_test(self, trial: TrialId) -> SealedTest | None:
        found = self._live.rows(annotation_rows.SELECT_SEALED, trial)
        return annotation_rows.sealed_test_of(found[0]) if found else None

    def pending_sealed_tests(self) -> list[TrialId]:
        return [trial for (trial,) in self._live.rows(annotation_rows.SELECT_PENDING)]

    def finish_sealed_test(self, trial: TrialId, outcome: SealedScore | str, now: float) -> None:
        with self._live.transaction():
            annotation_rows.finish(self._live, trial, outcome, now)

    # Maps

    def write_map(self, drawn: ModelMap) -> None:
        """Store a map; of an edition that is stored already only the models that it has not got."""
        with self._live.transaction():
            map_rows.write_map(self._live, drawn)

    def request_layout(self, dataset: str, relation: Relation) -> None:
        with self._live.transaction():
            map_rows.request_layout(self._live, dataset, relation)

    # Data sets

    def register_dataset(self, card: DatasetCard) -> None:
        gold = LabelSet.of(card.validation_labels)
        with self._live.transaction():
            ((place,),) = self._live.rows(
                "SELECT coalesce(min(place) FILTER (name = ?), max(place) + 1, 1) FROM datasets", card.name
            )
            self._live.change("DELETE FROM datasets WHERE name = ?", card.name)
            self._live.change(
                "INSERT INTO datasets VALUES (?, ?, ?, ?, ?, ?, ?, ?)", *encoding.dataset_row(card, place)
            )
            if not self._live.rows("SELECT digest FROM label_sets WHERE digest = ?", gold.digest):
                self._live.change("INSERT INTO label_sets VALUES (?, ?)", *encoding.label_row(gold))

    def dataset_names(self) -> list[str]:
        return [name for (name,) in self._live.rows("SELECT name FROM datasets ORDER BY place")]

    def fingerprints(self, dataset: str) -> set[str]:
        return {text for (text,) in self._live.rows("SELECT fingerprint FROM trials WHERE dataset = ?", dataset)}

    def _label_set(self, dataset: str) -> LabelSet | None:
        found = self._live.rows(
            "SELECT digest, label_sets.labels FROM label_sets JOIN datasets ON digest = datasets.labels WHERE name = ?",
            dataset,
        )
        return encoding.label_set_of(found[0]) if found else None


def _migrated(connection: DuckDBPyConnection) -> DuckDBPyConnection:
    try:
        with disk_errors_as_unusable():
            migrate(connection)
    except BaseException:
        connection.close()
        raise
    return connection
