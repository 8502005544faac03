"""Questions to a catalogue, one method each, values out. What the app, the command line and a notebook read by."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from functools import lru_cache
from typing import Any

import duckdb
import numpy as np
from duckdb import DuckDBPyConnection

from remap_core.analysis.durations import LATEST, Measured
from remap_core.catalogue import annotation_rows, encoding, map_rows
from remap_core.catalogue.connection import first_line
from remap_core.catalogue.rows import (
    SELECT_RECEIPT,
    SELECT_TRIAL,
    architecture_of,
    config_of,
    possible_ids,
    receipt_of,
    trial_of,
)
from remap_core.errors import CatalogueError, NotFound
from remap_core.formatting import model_name
from remap_core.trials.annotations import Annotation
from remap_core.trials.commands import Receipt
from remap_core.trials.dataset_card import DatasetCard
from remap_core.trials.evaluation import EpochResult, Evaluation, SealedTest
from remap_core.trials.model_maps import MappedModel, ModelMap, Relation
from remap_core.trials.population import Population
from remap_core.trials.trial import SeedScore, Trial, TrialId, TrialState


class Catalogue:
    """A snapshot, or the live catalogue in the trainer's own process. Any number of threads may ask at once.

    `number` is the snapshot's (or the live catalogue's version): what was asked at a number need not be asked again.
    Raises CatalogueError where the file cannot be read (any more).
    """

    def __init__(self, connection: DuckDBPyConnection, number: int) -> None:
        self._connection = connection
        self.number = number
        self._kept = lru_cache(maxsize=64)(self._rows)  # what a page asks dozens of times

    def close(self) -> None:
        """Let go of the file; questions that are still open in other threads fail."""
        self._connection.close()

    # Data sets

    def datasets(self) -> list[str]:
        """Names of the known data sets, in the order in which they were registered."""
        return [name for (name,) in self._kept("SELECT name FROM datasets ORDER BY place")]

    def dataset(self, name: str) -> DatasetCard:
        """What is known of a data set; raises NotFound."""
        found = self._rows(
            "SELECT name, input_shape, class_names, split, label_sets.labels, examples, examples_shape "
            "FROM datasets JOIN label_sets ON digest = datasets.labels WHERE name = ?",
            name,
        )
        if not found:
            raise NotFound(f"There is no data set {name}.")
        return encoding.dataset_of(found[0])

    def population(self, dataset: str) -> Population:
        """The finished models of a data set as columns, each over its seeds; raises NotFound for no such data set."""
        class_names = self._class_names(dataset)
        with self._cursor() as cursor:
            table = cursor.sql(_POPULATION, params=[len(class_names), dataset]).to_arrow_table()
        columns: dict[str, Any] = {name: table[name].to_numpy() for name in _NUMBERS}
        class_accuracy = table["class_accuracy"].combine_chunks().flatten().to_numpy(zero_copy_only=False)
        trainings = Population(
            dataset=dataset,
            class_names=class_names,
            class_accuracy=class_accuracy.reshape(-1, len(class_names)),
            origin=tuple(table["origin"].to_pylist()),
            text=tuple(table["text"].to_pylist()),
            seeds=np.ones(len(table), np.int64),
            deviation=np.full(len(table), np.nan),
            **columns,
        )
        return trainings.over_seeds(table["model"].to_numpy())

    def population_stamp(self, dataset: str) -> tuple[int, float, tuple[str, ...]]:
        """Count of finished trainings, when the last one finished, class names: while it stays, so does the population.

        Cheap: to be polled. Raises NotFound.
        """
        ((models, last),) = self._kept(
            "SELECT count(*), coalesce(max(finished), 0) FROM trials WHERE dataset = ? AND state = 'complete'", dataset
        )
        return int(models), float(last), self._class_names(dataset)

    def best(self, dataset: str) -> Trial | None:
        """The model of the highest validation accuracy, of equals the one with fewer parameters; None before any.

        That of a repeated model is the mean of its seeds.
        """
        found = self._trials(_BEST, dataset)
        return found[0] if found else None

    def fingerprints(self, dataset: str) -> dict[str, TrialId]:
        """Fingerprint -> trial (the oldest) of all that neither failed nor was cancelled."""
        return dict(
            self._rows(
                "SELECT fingerprint, min(id) FROM trials WHERE dataset = ? AND state NOT IN ('failed', 'cancelled') "
                "GROUP BY fingerprint",
                dataset,
            )
        )

    def _class_names(self, dataset: str) -> tuple[str, ...]:
        found = self._kept("SELECT class_names FROM datasets WHERE name = ?", dataset)
        if not found:
            raise NotFound(f"There is no data set {dataset}.")
        return tuple(found[0][0])

    # Trials

    def trial(self, trial: TrialId) -> Trial:
        """The trial; raises NotFound."""
        found = self.trials([trial])
        if not found:
            raise NotFound(f"{model_name(trial)} does not exist.")
        return found[0]

    def trials(self, trials: Sequence[TrialId]) -> list[Trial]:
        """The trials in the given order, without those that do not exist."""
        found = self._trials(" WHERE id IN (SELECT unnest(?::BIGINT[]))", possible_ids(trials))
        by_id = {trial.id: trial for trial in found}
        return [by_id[trial] for trial in trials if trial in by_id]

    def children(self, trial: TrialId) -> list[Trial]:
        """What was made from a model, oldest first; its repeats are no children."""
        return self._trials(" WHERE parent = ? AND origin <> 'repeat' ORDER BY id", trial)

    def repeats(self, model: TrialId) -> list[Trial]:
        """The trials that train a model again with other seeds, in whatever state, oldest first."""
        return self._trials(" WHERE parent = ? AND origin = 'repeat' ORDER BY id", model)

    def descendants(self, dataset: str) -> list[Trial]:
        """The finished models of a data set that were made from another one, oldest first."""
        return self._trials(_DESCENDANTS, dataset)

    def trainings_of(self, dataset: str, fingerprints: Sequence[str]) -> list[Trial]:
        """All trials of these architectures on a data set, in whatever state, oldest first."""
        condition = " WHERE dataset = ? AND fingerprint IN (SELECT unnest(?::VARCHAR[])) ORDER BY id"
        return self._trials(condition, dataset, list(fingerprints))

    def measured(self, dataset: str) -> list[Measured]:
        """How long the finished trainings of a data set took, the latest ones, oldest first."""
        rows = self._rows(_MEASURED, dataset, LATEST)
        return [
            Measured(architecture_of(text), config_of(config).batch_size, seconds)
            for text, config, seconds in reversed(rows)
        ]

    def batch(self, name: str) -> list[Trial]:
        """What was asked for together, oldest first."""
        return self._trials(" WHERE batch = ? ORDER BY id", name)

    def epochs(self, trial: TrialId) -> list[EpochResult]:
        """The epochs of the present attempt, first one first; none for a trial that does not exist."""
        return self.epoch_curves([trial])[trial]

    def epoch_curves(self, trials: Sequence[TrialId]) -> dict[TrialId, list[EpochResult]]:
        """For each of the trials what `epochs` says, in one question."""
        curves: dict[TrialId, list[EpochResult]] = {trial: [] for trial in trials}
        for trial, *result in self._rows(_EPOCHS, possible_ids(trials)):
            curves[trial].append(EpochResult(*result))
        return curves

    def evaluation(self, trial: TrialId) -> Evaluation | None:
        """What a finished model does on the validation images; None for any other trial."""
        found = self._rows(
            "SELECT classes, confusion, predictions, latency_1_ms, latency_256_ms, device, threads, dtype, "
            "label_sets.labels FROM evaluations LEFT JOIN label_sets ON digest = evaluations.labels WHERE trial = ?",
            trial,
        )
        return encoding.evaluation_of(found[0]) if found else None

    def model_map(self, dataset: str, relation: Relation) -> ModelMap | None:
        """Where the models of a data set are, as far as they were placed; None before the first."""
        head = self._rows(map_rows.SELECT_MAP, dataset, relation.value)
        places = self._rows(map_rows.SELECT_PLACES, dataset, relation.value) if head else []
        return map_rows.map_of(dataset, relation, head[0], places) if head else None

    def map_stamp(self, dataset: str, relation: Relation) -> tuple[int, int]:
        """Edition of a map and count of models on it: while they stay, so does the map. Cheap; (0, 0) before any."""
        ((edition, models),) = self._rows(
            "SELECT coalesce(max(edition), 0), (SELECT count(*) FROM places WHERE dataset = ? AND relation = ?) "
            "FROM maps WHERE dataset = ? AND relation = ?",
            *(dataset, relation.value, dataset, relation.value),
        )
        return int(edition), int(models)

    def requested_layouts(self) -> list[tuple[str, Relation]]:
        """The maps that shall be laid anew."""
        return [(dataset, Relation(relation)) for dataset, relation in self._rows(map_rows.SELECT_RELAYS)]

    def evaluated_models(self, dataset: str) -> list[TrialId]:
        """Models that can be on a map: complete, with predictions; in the order in which they finished."""
        return [trial for (trial,) in self._rows(map_rows.SELECT_EVALUATED, dataset)]

    def mapped_models(self, trials: Sequence[TrialId]) -> list[MappedModel]:
        """What maps need to know of the models, in the given order; those without predictions are left out."""
        rows = self._rows(
            "SELECT trials.id, architecture, evaluations.classes, confusion, predictions, evaluations.latency_1_ms, "
            "evaluations.latency_256_ms, device, threads, dtype, label_sets.labels FROM trials "
            "JOIN evaluations ON evaluations.trial = trials.id LEFT JOIN label_sets ON digest = evaluations.labels "
            "WHERE trials.id IN (SELECT unnest(?::BIGINT[]))",
            possible_ids(trials),
        )
        found = {
            trial: MappedModel(trial, architecture_of(text), encoding.evaluation_of(tuple(row)).predictions)
            for trial, text, *row in rows
        }
        return [found[trial] for trial in trials if trial in found]

    def annotations(self, trials: Sequence[TrialId]) -> dict[TrialId, Annotation]:
        """What is written about each of the trials, an empty annotation where nothing is, in one question."""
        sql = annotation_rows.SELECT_ANNOTATION + " WHERE trial IN (SELECT unnest(?::BIGINT[]))"
        written = {row[0]: annotation_rows.annotation_of(row) for row in self._rows(sql, possible_ids(trials))}
        return {trial: written.get(trial, Annotation()) for trial in trials}

    def sealed_test(self, trial: TrialId) -> SealedTest | None:
        """The last request to score a trial on the sealed test images; None before any."""
        found = self._rows(annotation_rows.SELECT_SEALED, trial)
        return annotation_rows.sealed_test_of(found[0]) if found else None

    # The queue

    def queue(self, finished: int = 50) -> list[Trial]:
        """RUNNING trials, longest first; all WAITING ones in order; the `finished` that ended last, newest first."""
        return self._trials(_QUEUE, finished)

    def counts(self) -> dict[TrialState, int]:
        """How many trials are in each state, repeats among them."""
        found = self._rows("SELECT state, count(*) FROM trials GROUP BY state")
        return dict.fromkeys(TrialState, 0) | {TrialState(state): count for state, count in found}

    def trial_ids(self, *states: TrialState) -> set[TrialId]:
        """Ids of all trials in one of the states."""
        found = self._rows("SELECT id FROM trials WHERE state IN (SELECT unnest(?::VARCHAR[]))", list(states))
        return {trial for (trial,) in found}

    def epochs_done(self) -> int:
        """How many epochs were recorded, of all trials and attempts."""
        ((epochs,),) = self._rows("SELECT count(*) FROM epochs")
        return int(epochs)

    def paused(self) -> bool:
        """Whether no further training begins."""
        ((paused,),) = self._rows("SELECT paused FROM trainer")
        return bool(paused)

    def receipt(self, command: str) -> Receipt | None:
        """The answer to a command; None while it has none."""
        found = self._rows(SELECT_RECEIPT + " WHERE id = ?", command)
        return receipt_of(found[0]) if found else None

    def receipts(self, limit: int) -> list[Receipt]:
        """The newest answers, newest first."""
        return [receipt_of(row) for row in self._rows(SELECT_RECEIPT + _NEWEST_RECEIPTS, limit)]

    def _trials(self, condition: str, *parameters: object) -> list[Trial]:
        found = [trial_of(row) for row in self._rows(SELECT_TRIAL + condition, *parameters)]
        scores = self._scores([trial.id for trial in found])
        return [replace(trial, score=scores.get(trial.id)) for trial in found] if scores else found

    def _scores(self, models: Sequence[TrialId]) -> dict[TrialId, SeedScore]:
        """Of those that were repeated, what they reach over their seeds."""
        return {model: SeedScore(*score) for model, *score in self._rows(_SCORES, list(models))}

    def _rows(self, sql: str, *parameters: object) -> list[tuple[Any, ...]]:
        with self._cursor() as cursor:
            return cursor.execute(sql, parameters).fetchall()

    @contextmanager
    def _cursor(self) -> Iterator[DuckDBPyConnection]:
        try:
            with closing(self._connection.cursor()) as cursor:
                yield cursor
        except duckdb.Error as error:
            raise CatalogueError(f"The catalogue cannot be read: {first_line(error)}") from error


_NUMBERS = (
    *("id", "parent", "parameters", "multiply_adds", "epochs"),
    *("accuracy", "train_accuracy", "loss", "seconds", "latency_1_ms", "latency_256_ms"),
)
# A class that a model was not trained for (its data set was other then) has no accuracy.
_POPULATION = """
SELECT id, coalesce(parent, 0) AS parent, parameters, multiply_adds, epochs_done::BIGINT AS epochs, accuracy,
    train_accuracy, validation_loss AS loss, list_resize(class_accuracy, ?, 'NaN'::DOUBLE) AS class_accuracy,
    mean_seconds AS seconds, latency_1_ms, latency_256_ms, origin, text,
    if(origin = 'repeat', parent, id) AS model
FROM trials WHERE dataset = ? AND state = 'complete' ORDER BY finished, id
"""
_BEST = """
JOIN (
    SELECT if(origin = 'repeat', parent, id) AS id, avg(accuracy) AS mean
    FROM trials WHERE dataset = ? AND state = 'complete' GROUP BY ALL
) USING (id) ORDER BY mean DESC, parameters, id LIMIT 1
"""
_DESCENDANTS = """
WHERE dataset = ? AND state = 'complete' AND parent IS NOT NULL AND origin <> 'repeat' ORDER BY id
"""
_SCORES = """
WITH asked AS (SELECT unnest(?::BIGINT[]) AS id),
repeated AS (SELECT DISTINCT parent AS id FROM trials SEMI JOIN asked ON parent = asked.id WHERE origin = 'repeat')
SELECT repeated.id, avg(accuracy), stddev_samp(accuracy), count(*)
FROM trials JOIN repeated ON repeated.id = if(origin = 'repeat', parent, trials.id)
WHERE state = 'complete' GROUP BY repeated.id HAVING count(*) > 1
"""
_MEASURED = """
SELECT architecture, config, mean_seconds FROM trials WHERE dataset = ? AND state = 'complete'
ORDER BY finished DESC, id DESC LIMIT ?
"""
_EPOCHS = """
SELECT trial, epoch, epochs.train_loss, epochs.train_accuracy, epochs.validation_loss, epochs.validation_accuracy,
    epochs.seconds
FROM epochs JOIN trials ON trial = id AND epochs.attempt = trials.attempt
WHERE trial IN (SELECT unnest(?::BIGINT[])) ORDER BY trial, epoch
"""
_QUEUE = """
JOIN (
    SELECT id, 0 AS part, started AS rank, id AS tie FROM trials WHERE state = 'running'
    UNION ALL
    SELECT id, 1, position, id FROM trials WHERE state = 'waiting'
    UNION ALL
    (SELECT id, 2, -finished, -id FROM trials WHERE state NOT IN ('running', 'waiting')
     ORDER BY finished DESC, id DESC LIMIT ?)
) USING (id) ORDER BY part, rank, tie
"""
_NEWEST_RECEIPTS = " ORDER BY applied_at DESC, id DESC LIMIT ?"
