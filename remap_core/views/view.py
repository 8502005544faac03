"""A view: objective, filter and axes in one value, which the URL of a page can hold."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from remap_core.errors import InvalidView
from remap_core.trials.model_maps import Relation
from remap_core.trials.population import Population
from remap_core.trials.trial import MODEL_ORIGINS, Origin
from remap_core.views.filters import MEMORY, Filter, Span
from remap_core.views.metrics import OBJECTIVE, PARAMETERS, is_metric
from remap_core.views.objective import Objective
from remap_core.views.targets import find_target

_AMOUNT = r"\d{1,400}(?:\.\d{1,400})?"
_WEIGHT = re.compile(rf"(0|[1-9]\d{{0,4}})(?:x({_AMOUNT}))?", re.ASCII)
_SPAN = re.compile(rf"({_AMOUNT})?-({_AMOUNT})?", re.ASCII)

Reader = Callable[["View", str, int], "View"]
"""Adds one part to a view, given its text in the URL and the data set's number of classes; raises InvalidView."""


@dataclass(frozen=True)
class View:
    """How a population is shown. Raises InvalidView for an unknown metric.

    x, y: keys of metrics. map: the relation of the map that is shown instead, None for the metrics.
    """

    objective: Objective = field(default_factory=Objective)
    filter: Filter = field(default_factory=Filter)
    x: str = PARAMETERS
    y: str = OBJECTIVE
    map: Relation | None = None

    def __post_init__(self) -> None:
        _require_metric(self.x)
        _require_metric(self.y)

    def counts(self, population: Population) -> NDArray[np.bool_]:
        """(n,) bool: which models can be on the front: shown by the filter, within the caps, trained in full."""
        return self.filter.mask(population) & self.objective.allows(population) & population.in_full

    def fits(self, classes: int) -> bool:
        """Whether it is valid for a data set of so many classes."""
        if len(self.objective.weights) not in (0, classes):
            return False
        if not is_metric(self.x, classes):
            return False
        return is_metric(self.y, classes)

    def to_query(self) -> dict[str, str]:
        """Return the parts of a URL that differ from the default view.

        >>> View(Objective((0, 2, 1), max_parameters=100_000)).to_query()
        {'classes': '1x2-2', 'cap': '100000'}
        """
        parts = self._objective_parts() | self._filter_parts()
        if self.x != PARAMETERS:
            parts["x"] = self.x
        if self.y != OBJECTIVE:
            parts["y"] = self.y
        if self.map:
            parts["map"] = self.map.value
        return {key: text for key, text in parts.items() if text}

    def _objective_parts(self) -> dict[str, str]:
        objective = self.objective
        classes = []
        for index in objective.weighted_classes:
            weight = objective.weights[index]
            classes.append(_weight_text(index, weight))
        return {
            "classes": "-".join(classes),
            "cap": _number_text(objective.max_parameters),
            "ms": _number_text(objective.max_latency_ms),
            "macs": _number_text(objective.max_multiply_adds),
            "target": objective.target.key if objective.target else "",
        }

    def _filter_parts(self) -> dict[str, str]:
        return {
            "parameters": _span_text(self.filter.parameters),
            "multiply-adds": _span_text(self.filter.multiply_adds),
            "latency": _span_text(self.filter.latency_ms),
            **{metric: _span_text(getattr(self.filter, name)) for name, metric in MEMORY.items()},
            "accuracy": _span_text(self.filter.accuracy),
            "with": _joined(self.filter.present),
            "without": _joined(self.filter.absent),
            "made": _joined(self.filter.origins),
            "recipe": _joined(self.filter.recipes),
        }


def _require_metric(key: str) -> None:
    if not is_metric(key):
        examples = f"{PARAMETERS} or {OBJECTIVE}"
        raise InvalidView(f"An axis must be a metric like {examples}, but got {key[:40]!r}.")


def read_view(
    query: Mapping[str, str],
    classes: int,
) -> tuple[View, tuple[str, ...]]:
    """Return the view in a URL, for a data set of so many classes, and a sentence for each part that is ignored.

    >>> read_view({"classes": "7", "cap": "1000"}, classes=3)[1]
    ('?classes=7 is ignored: classes are numbered from 0 to 2, and 0x2-1 counts class 0 twice and class 1 once.',)
    """
    view = View()
    warnings = []
    for key, read in _READERS.items():
        if key not in query:
            continue
        text = query[key]
        try:
            view = read(view, text, classes)
        except InvalidView as error:
            part = f"?{key}={text[:40]}"
            warnings.append(f"{part} is ignored: {_uncapitalized(error)}")
    return view, tuple(warnings)


def _uncapitalized(error: InvalidView) -> str:
    sentence = str(error)
    return sentence[0].lower() + sentence[1:]


def _with_weights(view: View, text: str, classes: int) -> View:
    weights: dict[int, float] = {}
    for part in text.split("-"):
        index, weight = _class_weight(part, classes)
        weights[index] = weight
    objective = view.objective.with_weights(weights, classes)
    return replace(view, objective=objective)


def _class_weight(text: str, classes: int) -> tuple[int, float]:
    match = _WEIGHT.fullmatch(text)
    if match:
        index, weight = match.groups(default="1")
        if int(index) < classes:
            return int(index), float(weight)
    last = classes - 1
    raise InvalidView(f"Classes are numbered from 0 to {last}, and 0x2-1 counts class 0 twice and class 1 once.")


def _part_reader(
    part: str,
    name: str,
    read: Callable[[str], Any],
) -> Reader:
    """Return a reader of one field of a view's objective or filter."""

    def with_part(view: View, text: str, _: int) -> View:
        changed = replace(getattr(view, part), **{name: read(text)})
        changes = {part: changed}
        return replace(view, **changes)

    return with_part


def _axis_reader(name: str) -> Reader:
    def with_axis(view: View, text: str, classes: int) -> View:
        if is_metric(text) and not is_metric(text, classes):
            raise InvalidView(f"The last class is class-{classes - 1}.")
        changes: Any = {name: text}
        return replace(view, **changes)

    return with_axis


def _with_map(view: View, text: str, _: int) -> View:
    try:
        return replace(view, map=Relation(text))
    except ValueError:
        allowed = " or ".join(Relation)
        raise InvalidView(f"The map must be {allowed}.") from None


def _cap(text: str) -> int:
    return int(_number(text, r"\d{1,15}"))


def _latency_cap(text: str) -> float:
    return _number(text, _AMOUNT)


def _span(text: str) -> Span:
    match = _SPAN.fullmatch(text)
    if match is None:
        raise InvalidView("A range is written like 1000-50000, 1000- or -50000.")
    low, high = match.groups()
    return Span(_end(low), _end(high))


def _end(text: str | None) -> float | None:
    if text is None:
        return None
    return float(text)


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split("."))


def _origins(text: str) -> frozenset[Origin]:
    names = frozenset(text.split("."))
    if not names.issubset(MODEL_ORIGINS):
        allowed = ", ".join(MODEL_ORIGINS)
        raise InvalidView(f"Origins must be among {allowed}.")
    return frozenset(map(Origin, names))


_READERS: dict[str, Reader] = {
    "classes": _with_weights,
    "cap": _part_reader("objective", "max_parameters", _cap),
    "ms": _part_reader("objective", "max_latency_ms", _latency_cap),
    "macs": _part_reader("objective", "max_multiply_adds", _cap),
    "target": _part_reader("objective", "target", find_target),
    "parameters": _part_reader("filter", "parameters", _span),
    "multiply-adds": _part_reader("filter", "multiply_adds", _span),
    "latency": _part_reader("filter", "latency_ms", _span),
    **{metric: _part_reader("filter", name, _span) for name, metric in MEMORY.items()},
    "accuracy": _part_reader("filter", "accuracy", _span),
    "with": _part_reader("filter", "present", _names),
    "without": _part_reader("filter", "absent", _names),
    "made": _part_reader("filter", "origins", _origins),
    "recipe": _part_reader("filter", "recipes", _names),
    "x": _axis_reader("x"),
    "y": _axis_reader("y"),
    "map": _with_map,
}

KEYS = tuple(_READERS)
"""Names of the parts of a view in a URL: objective, filter, axes, map."""


def _number(text: str, pattern: str) -> float:
    if not re.fullmatch(pattern, text, re.ASCII):
        raise InvalidView("It must be a plain number.")
    return float(text)


def _joined(names: Iterable[str]) -> str:
    return ".".join(sorted(names))


def _number_text(number: float | None) -> str:
    if number is None:
        return ""
    return np.format_float_positional(number, trim="-")


def _weight_text(index: int, weight: float) -> str:
    if weight == 1:
        return str(index)
    factor = _number_text(weight)
    return f"{index}x{factor}"


def _span_text(span: Span) -> str:
    if not span:
        return ""
    low = _number_text(span.low)
    high = _number_text(span.high)
    return f"{low}-{high}"
