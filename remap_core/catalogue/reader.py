"""Queries to a catalogue, one method each, which return values. The app, the command line and notebooks read by it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from duckdb import DuckDBPyConnection

from remap_core.analysis.durations import LATEST, Measured
from remap_core.catalogue import annotation_rows, encoding, map_rows, population_rows, rows
from remap_core.catalogue.connection import ReadConnection, as_hashable
from remap_core.catalogue.queue_rows import QUEUE
from remap_core.datasets.naming import split_part
from remap_core.errors import NotFound
from remap_core.formatting import model_name
from remap_core.trials.annotations import Annotation
from remap_core.trials.class_labels import shortened_names
from remap_core.trials.commands import Receipt
from remap_core.trials.dataset_card import DatasetCard
from remap_core.trials.evaluation import EpochResult, Evaluation, SealedTest
from remap_core.trials.model_maps import MappedModel, ModelMap, Relation
from remap_core.trials.population import Population
from remap_core.trials.trial import Trial, TrialId, TrialState

MAX_KNOWN = 2_000
"""Trials of a snapshot that are kept."""

KEPT_LISTS = 64
"""Lists of trials of a snapshot that are kept: all open pages ask for the same ones every second."""

_STATES = "SELECT state, count(*) FROM trials "
_OF_DATASET = "WHERE dataset = ?"
_OF_DATASET_AND_PARTS = "WHERE dataset = $1 OR starts_with(dataset, $1 || '%')"
_ASKED = "WHERE ($1::VARCHAR IS NULL OR sender = $1) AND ($2::VARCHAR IS NULL OR kind = $2) "
_COUNT_ASKED = f"SELECT count(*) FROM commands {_ASKED}"  # noqa: S608 (no text of a visitor's)


class Catalogue:
    """A snapshot, or the live catalogue in the trainer's own process. Any number of threads may query it at a time.

    number: that of the snapshot, whose answers never change, or the live catalogue's version when this was opened.
    key: differs where answers may: the number, and for which visitor of a demo it was opened.
    Raises CatalogueError where the file cannot be read.
    """

    def __init__(
        self, connection: DuckDBPyConnection, number: int, *, is_snapshot: bool = False, visitor: str | None = None
    ) -> None:
        self._read = ReadConnection(connection, is_constant=is_snapshot)
        self._is_constant = is_snapshot
        self._known: dict[TrialId, Trial] = {}
        self._kept_trials = lru_cache(maxsize=KEPT_LISTS)(self._read_trials)
        self.number = number
        self.key = (number, visitor)

    def close(self) -> None:
        """Release the file; queries that are running in other threads fail."""
        self._read.close()

    # Data sets

    def datasets(self) -> list[str]:
        """Names of the data sets, in the order in which they were registered, without parts of them."""
        names = self._read.rows("SELECT name FROM datasets ORDER BY place")
        return [name for (name,) in names if split_part(name)[1] is None]

    def dataset(self, name: str) -> DatasetCard:
        """The card of a data set; raises NotFound."""
        for row in self._read.rows(encoding.DATASET, name):
            return encoding.dataset_of(row)
        raise NotFound(f"There is no data set {name}.")

    def population(self, dataset: str) -> Population:
        """The finished models of a data set as columns, each averaged over its seeds; raises NotFound."""
        class_names, input_shape = self._task(dataset)
        table = self._read.table(population_rows.POPULATION, len(class_names), dataset)
        return population_rows.population_of(table, dataset, class_names, input_shape)

    def population_stamp(self, dataset: str) -> tuple[int, float, tuple[str, ...]]:
        """Number of finished trainings, when the last one finished, and class names. Raises NotFound.

        While the stamp stays the same, so does the population. Cheap enough to poll.
        """
        ((models, last),) = self._read.rows(population_rows.STAMP, dataset)
        class_names, _ = self._task(dataset)
        return int(models), float(last), class_names

    def best(self, dataset: str) -> Trial | None:
        """The model of the highest validation accuracy, averaged over its seeds; None before any.

        Of equals, the one with fewer parameters.
        """
        for trial in self._trials(population_rows.BEST, dataset):
            return trial
        return None

    def fingerprints(self, dataset: str) -> dict[str, TrialId]:
        """The oldest trial of each fingerprint, leaving out failed and cancelled trials."""
        return dict(self._read.rows(population_rows.FINGERPRINTS, dataset))

    def tried(self, dataset: str) -> set[str]:
        """The fingerprints of all trials of a data set, in whatever state: also those that failed or were cancelled.

        Without those that started from their parent's weights: they only hint at what a full training would give.
        """
        sql = "SELECT DISTINCT fingerprint FROM trials WHERE dataset = ? AND (config ->> '$.start') IS NULL"
        found = self._read.rows(sql, dataset)
        return {fingerprint for (fingerprint,) in found}

    def spaces(self, dataset: str) -> list[str]:
        """Names of the search spaces that a data set's models were sampled from, the first one first."""
        sql = "SELECT space FROM trials WHERE dataset = ? AND space <> '' GROUP BY space ORDER BY min(id)"
        return [space for (space,) in self._read.rows(sql, dataset)]

    def measured(self, dataset: str) -> list[Measured]:
        """Seconds per epoch of the data set's latest finished trainings, oldest first."""
        latest_first = self._read.rows(population_rows.MEASURED, dataset, LATEST)
        return [population_rows.measured_of(row) for row in reversed(latest_first)]

    def _task(self, dataset: str) -> tuple[tuple[str, ...], tuple[int, int, int]]:
        """Class names, and the shape of an image; raises NotFound."""
        for class_names, shape in self._read.rows(
            "SELECT class_names, input_shape FROM datasets WHERE name = ?", dataset
        ):
            channels, height, width = shape
            return shortened_names(class_names), (channels, height, width)
        raise NotFound(f"There is no data set {dataset}.")

    # Trials

    def trial(self, trial: TrialId) -> Trial:
        """The trial; raises NotFound."""
        for found in self.trials([trial]):
            return found
        raise NotFound(f"{model_name(trial)} does not exist.")

    def trials(self, trials: Sequence[TrialId]) -> list[Trial]:
        """The trials in the given order, leaving out those that do not exist."""
        known = self._known_trials()
        unknown = [trial for trial in rows.possible_ids(trials) if trial not in known]
        if unknown:
            found = self._trials("WHERE id IN (SELECT unnest(?::BIGINT[]))", unknown)
            known |= {trial.id: trial for trial in found}
        return [known[trial] for trial in trials if trial in known]

    def _known_trials(self) -> dict[TrialId, Trial]:
        """Trials that a snapshot was asked for before: all open pages ask for the same ones, many times a run."""
        if not self._is_constant:
            return {}
        if len(self._known) > MAX_KNOWN:
            self._known = {}
        return self._known

    def children(self, trial: TrialId) -> list[Trial]:
        """The children of a model, oldest first; its repeats and finishes are not children."""
        return self._trials("WHERE parent = ? AND origin NOT IN ('repeat', 'finish') ORDER BY id", trial)

    def repeats(self, model: TrialId) -> list[Trial]:
        """The trials that train a model again with other seeds, in any state, oldest first."""
        return self._trials("WHERE parent = ? AND origin = 'repeat' ORDER BY id", model)

    def finishes(self, model: TrialId) -> list[Trial]:
        """The trials that train a model further from its weights, in any state, oldest first."""
        return self._trials("WHERE parent = ? AND origin = 'finish' ORDER BY id", model)

    def descendants(self, dataset: str) -> list[Trial]:
        """The finished models of a data set that have a parent, oldest first."""
        return self._trials(population_rows.DESCENDANTS, dataset)

    def trainings_of(self, dataset: str, fingerprints: Sequence[str]) -> list[Trial]:
        """All trials of these architectures on a data set, in any state, oldest first."""
        condition = "WHERE dataset = ? AND fingerprint IN (SELECT unnest(?::VARCHAR[])) ORDER BY id"
        return self._trials(condition, dataset, list(fingerprints))

    def part_trainings(self, dataset: str, fingerprint: str = "") -> list[Trial]:
        """The trials on parts of a data set's training images, in any state, oldest first.

        fingerprint: only those of this architecture.
        """
        condition = "WHERE starts_with(dataset, ? || '%') AND (? = '' OR fingerprint = ?) ORDER BY id"
        found = self._trials(condition, dataset, fingerprint, fingerprint)
        return [trial for trial in found if split_part(trial.proposal.dataset)[0] == dataset]

    def batch(self, name: str) -> list[Trial]:
        """The trials of one request, oldest first."""
        return self._trials("WHERE batch = ? ORDER BY id", name)

    def batch_states(self, name: str) -> dict[TrialState, int]:
        """Number of trials of one request in each state."""
        return self._states("WHERE batch = ?", name)

    def batch_owners(self, name: str) -> list[str]:
        """Whose trials a request has made, each once, in order; empty for nobody's."""
        sql = "SELECT DISTINCT coalesce(owner, '') AS owner FROM trials WHERE batch = ? ORDER BY owner"
        return [owner for (owner,) in self._read.rows(sql, name)]

    def search_trials(self, name: str) -> list[Trial]:
        """The trials of all batches of a search, oldest first."""
        return self._trials("WHERE starts_with(batch, ?) AND suggested ORDER BY id", f"{name}, ")

    def trial_ids(self, *states: TrialState) -> set[TrialId]:
        """Ids of all trials in one of the states."""
        sql = "SELECT id FROM trials WHERE state IN (SELECT unnest(?::VARCHAR[]))"
        return {trial for (trial,) in self._read.rows(sql, list(states))}

    def epochs(self, trial: TrialId) -> list[EpochResult]:
        """The epochs of the current attempt, in order; an empty list for a trial that does not exist."""
        return self.epoch_curves([trial])[trial]

    def epoch_curves(self, trials: Sequence[TrialId]) -> dict[TrialId, list[EpochResult]]:
        """The `epochs` of each trial, in one query."""
        curves: dict[TrialId, list[EpochResult]] = {trial: [] for trial in trials}
        for trial, *result in self._read.rows(rows.EPOCHS, rows.possible_ids(trials)):
            curves[trial].append(EpochResult(*result))
        return curves

    def epochs_done(self) -> int:
        """Number of recorded epochs of all trials and attempts."""
        ((epochs,),) = self._read.rows("SELECT count(*) FROM epochs")
        return int(epochs)

    def evaluation(self, trial: TrialId) -> Evaluation | None:
        """A finished model's evaluation on the validation images; None for any other trial."""
        for row in self._read.rows(encoding.EVALUATION, trial):
            return encoding.evaluation_of(row)
        return None

    def annotations(self, trials: Sequence[TrialId], person: str = "") -> dict[TrialId, Annotation]:
        """The annotation of each trial, an empty one where there is none, in one query.

        person: that person's own; empty for the shared one.
        """
        return annotation_rows.read_annotations(self._read, trials, person)

    def sealed_test(self, trial: TrialId) -> SealedTest | None:
        """The last request to score a trial on the sealed test images; None before the first."""
        return annotation_rows.read_sealed_test(self._read, trial)

    def _trials(self, condition: str, *parameters: object) -> list[Trial]:
        if not self._is_constant:
            return rows.read_scored_trials(self._read, condition, *parameters)
        return list(self._kept_trials(condition, *map(as_hashable, parameters)))

    def _read_trials(self, condition: str, *parameters: object) -> tuple[Trial, ...]:
        return tuple(rows.read_scored_trials(self._read, condition, *parameters))

    # Maps

    def model_map(self, dataset: str, relation: Relation) -> ModelMap | None:
        """The positions of a data set's models so far; None before the first."""
        for head in self._read.rows(map_rows.MAP, dataset, relation.value):
            positions = self._read.rows(map_rows.POSITIONS, dataset, relation.value)
            return map_rows.map_of(dataset, relation, head, positions)
        return None

    def map_stamp(self, dataset: str, relation: Relation) -> tuple[int, int]:
        """Version of a map and number of models on it, (0, 0) before the first.

        While the stamp stays the same, so does the map. Cheap enough to poll.
        """
        ((version, models),) = self._read.rows(map_rows.STAMP, dataset, relation.value)
        return int(version), int(models)

    def requested_layouts(self) -> list[tuple[str, Relation]]:
        """The maps whose layout was requested to be recomputed."""
        requested = self._read.rows(map_rows.REQUESTED_LAYOUTS)
        return [(dataset, Relation(relation)) for dataset, relation in requested]

    def evaluated_models(self, dataset: str) -> list[TrialId]:
        """The models that can be on a map, complete and with predictions, in the order in which they finished."""
        return [trial for (trial,) in self._read.rows(encoding.EVALUATED_MODELS, dataset)]

    def judging_models(self, dataset: str) -> set[TrialId]:
        """The trials whose predictions are of the validation images that the data set has now."""
        return {trial for (trial,) in self._read.rows(encoding.JUDGING_MODELS, dataset)}

    def mapped_models(self, trials: Sequence[TrialId]) -> list[MappedModel]:
        """What maps need of the models, in the given order, leaving out those without predictions."""
        found = self._read.rows(encoding.MAPPED_MODELS, rows.possible_ids(trials))
        models = {model.id: model for model in map(encoding.mapped_model_of, found)}
        return [models[trial] for trial in trials if trial in models]

    # The queue

    def queue(self, finished: int = 50, dataset: str | None = None, *, waiting: int | None = None) -> list[Trial]:
        """Running trials, longest first; waiting ones in order; the `finished` that ended last, newest first.

        dataset: only its trials. waiting: only so many of the waiting ones, the first; None for all.
        """
        return self._trials(QUEUE, finished, dataset, waiting)

    def states_of(self, dataset: str) -> dict[TrialState, int]:
        """Number of trials of a data set in each state, including repeats."""
        return self._states(_OF_DATASET, dataset)

    def noted(self, dataset: str) -> int:
        """Number of a data set's trials with a note or tags."""
        sql = "SELECT count(*) FROM annotations JOIN trials ON id = trial WHERE dataset = ?"
        ((trials,),) = self._read.rows(sql, dataset)
        return int(trials)

    def counts(self) -> dict[TrialState, int]:
        """Number of trials in each state, including repeats."""
        return self._states("")

    def queued(self, dataset: str | None) -> dict[TrialState, int]:
        """Number of trials in each state, of the data set and those on parts of it; None for all data sets."""
        return self._states(_OF_DATASET_AND_PARTS, dataset) if dataset else self.counts()

    def _states(self, condition: str, *parameters: object) -> dict[TrialState, int]:
        counts = dict.fromkeys(TrialState, 0)
        for state, trials in self._read.rows(f"{_STATES}{condition} GROUP BY state", *parameters):
            counts[TrialState(state)] = trials
        return counts

    def paused(self) -> bool:
        """Whether no further trainings start."""
        ((paused,),) = self._read.rows("SELECT paused FROM trainer")
        return bool(paused)

    def receipt(self, command: str) -> Receipt | None:
        """The answer to a command; None before it is given."""
        for receipt in rows.read_receipts(self._read, "WHERE id = ?", command):
            return receipt
        return None

    def receipts(self, limit: int | None, sender: str | None = None, kind: str | None = None) -> list[Receipt]:
        """The latest answers, newest first; all of them where there is no limit.

        sender: only to one person. kind: only to one kind of command.
        """
        newest = "ORDER BY applied_at DESC, id DESC LIMIT $3"
        return rows.read_receipts(self._read, _ASKED + newest, sender, kind, limit)

    def receipt_count(self, sender: str | None = None, kind: str | None = None) -> int:
        """Number of answers, as for `receipts`."""
        ((receipts,),) = self._read.rows(_COUNT_ASKED, sender, kind)
        return int(receipts)

    def kinds(self) -> list[str]:
        """The kinds of commands that were answered, in order."""
        return [kind for (kind,) in self._read.rows("SELECT DISTINCT kind FROM commands ORDER BY kind")]

    def senders(self) -> list[str]:
        """Names of all who have sent a command, in order."""
        sql = "SELECT DISTINCT sender FROM commands WHERE sender <> '' ORDER BY sender"
        return [sender for (sender,) in self._read.rows(sql)]
