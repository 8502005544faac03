"""Models as a table: SNAC, accuracy, parameters and what else was measured."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, overload

from remap_core.drawing.snac.chips import Size, chips
from remap_core.drawing.snac.svg import table_size
from remap_core.errors import NotFound
from remap_core.formatting import count, milliseconds, model_tag, pluralize
from remap_core.lab import notebook_html
from remap_core.lab.arguments import require_count
from remap_core.lab.frames import to_frame
from remap_core.lab.models.model import Model
from remap_core.trials.population import Population
from remap_core.trials.trial import Trial

if TYPE_CHECKING:
    from remap_core.lab.lab import Lab

MAX_ROWS = 50
"""Rows of a table in a notebook; the others are only counted."""

MAX_NAMED = 3
"""Models that a line of text names."""

MEASURES = ("accuracy", "deviation", "train_accuracy", "loss", "latency_1_ms", "latency_256_ms", "seconds")
"""Columns of a population that are numbers of a finished model."""


class Models(Sequence[Model]):
    """Models in an order, as a table. Positions count from 0, as in lists; `lab.model(7)` finds a model by its number.

    >>> len(lab.models) >= 4
    True
    >>> lab.front[-1].accuracy >= lab.front[0].accuracy
    True
    """

    def __init__(self, lab: Lab, trials: Iterable[Trial]) -> None:
        self._lab = lab
        self._models = tuple(_with_parents(lab, list(trials)))

    def __len__(self) -> int:
        return len(self._models)

    def __iter__(self) -> Iterator[Model]:
        return iter(self._models)

    @overload
    def __getitem__(self, index: int) -> Model: ...
    @overload
    def __getitem__(self, index: slice) -> Models: ...
    def __getitem__(self, index: int | slice) -> Model | Models:
        if isinstance(index, slice):
            return Models(self._lab, [model.trial for model in self._models[index]])
        if not self._models:
            raise NotFound("There is no model to take: the list is empty. Train one with lab.train(...).")
        last = len(self._models) - 1
        return self._models[require_count("index", index, -last - 1, last)]

    def to_frame(self, library: str = "pandas") -> Any:
        """The models as a data frame, one row each.

        Columns: model (its number), layers, origin, parent, edits, state, epochs, seeds, parameters, multiply_adds;
        accuracy (0..1, mean over the seeds), deviation (of accuracy over the seeds), train_accuracy, loss (nats),
        latency_1_ms and latency_256_ms (milliseconds for a batch), seconds (of an epoch). NaN where there is no number.

        library: "pandas", "polars" or "pyarrow". Raises MissingPackage where it is not installed.

        >>> frame = lab.models.to_frame()
        >>> list(frame.columns[:3])
        ['model', 'layers', 'origin']
        """
        population = self._lab.records.population()
        rows = [_row_of(population, model) for model in self]
        columns: dict[str, list[Any]] = {
            "model": [model.id for model in self],
            "layers": [model.text for model in self],
            "origin": [model.origin for model in self],
            "parent": [model.trial.proposal.parent for model in self],
            "edits": ["; ".join(model.edits) for model in self],
            "state": [model.state for model in self],
            "epochs": [model.epochs for model in self],
            "seeds": [_seeds(model.trial) for model in self],
            "parameters": [model.parameters for model in self],
            "multiply_adds": [model.multiply_adds for model in self],
        }
        for name in MEASURES:
            columns[name] = [_measure(population, name, row) for row in rows]
        return to_frame(columns, library)

    def __repr__(self) -> str:
        if not self:
            return "No models"
        named = [_brief(model) for model in self._models[:MAX_NAMED]]
        if len(self) > MAX_NAMED:
            named.append("…")
        number = pluralize(len(self), "model")
        return f"{number}: {'; '.join(named)}"

    def _repr_html_(self) -> str:
        if not self:
            return notebook_html.framed(notebook_html.heading("No models yet"))
        lengths = [len(model.architecture.layers) for model in self]
        size = table_size(max(lengths) + 1)
        population = self._lab.records.population()
        rows = []
        for model in self._models[:MAX_ROWS]:
            rows.append(_table_row(model, population, size))
        header = ("", "SNAC", "Accuracy", "Parameters", "Latency", "Epochs", "Origin", "Edits")
        body = notebook_html.table(header, rows, numbers=(0, 2, 3, 4, 5))
        more = []
        if len(self) > MAX_ROWS:
            more.append(pluralize(len(self) - MAX_ROWS, "more model"))
        number = pluralize(len(self), "model")
        title = notebook_html.heading(number, f"of {self._lab.dataset}")
        return notebook_html.framed(title, body, notebook_html.lines(more))


def _with_parents(lab: Lab, trials: Sequence[Trial]) -> Iterator[Model]:
    """The models of trials, whose parents are looked up together."""
    numbers = {trial.proposal.parent for trial in trials if trial.proposal.parent is not None}
    parents = {parent.id: parent for parent in lab.records.trials(sorted(numbers))}
    for trial in trials:
        yield Model(lab, trial, parents.get(trial.proposal.parent or 0))


def _seeds(trial: Trial) -> int:
    if trial.score is None:
        return 1
    return trial.score.seeds


def _brief(model: Model) -> str:
    accuracy = model.trial.accuracy_text(model.state, brief=True)
    return f"{model_tag(model.id)} {accuracy}"


def _table_row(model: Model, population: Population | None, size: Size) -> tuple[notebook_html.Cell, ...]:
    latency = _measure(population, "latency_1_ms", _row_of(population, model))
    return (
        model_tag(model.id),
        notebook_html.drawing(chips(model.architecture, size), size, model.marks),
        model.trial.accuracy_text(model.state, brief=True),
        count(model.parameters),
        milliseconds(latency),
        count(model.epochs),
        model.origin.capitalize(),
        "; ".join(model.edits),
    )


def _row_of(population: Population | None, model: Model) -> int | None:
    if population is None:
        return None
    return population.row_of(model.id)


def _measure(population: Population | None, name: str, row: int | None) -> float:
    if population is None or row is None:
        return float("nan")
    return float(getattr(population, name)[row])
