"""A view: objective, filter and axes in one value, which an address can carry."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from remap_core.errors import InvalidView
from remap_core.trials.model_maps import Relation
from remap_core.trials.trial import MODEL_ORIGINS, Origin
from remap_core.views.filters import Filter, Span
from remap_core.views.metrics import OBJECTIVE, PARAMETERS, is_metric
from remap_core.views.objective import Objective

KEYS = ("classes", "cap", "ms", "parameters", "latency", "accuracy", "with", "without", "made", "x", "y", "map")
"""Names of a view's parts in an address: objective, filter, axes, map."""

_AMOUNT = r"\d{1,400}(?:\.\d{1,400})?"
_WEIGHT = re.compile(rf"(0|[1-9]\d{{0,4}})(?:x({_AMOUNT}))?", re.ASCII)
_SPAN = re.compile(rf"({_AMOUNT})?-({_AMOUNT})?", re.ASCII)


@dataclass(frozen=True)
class View:
    """How a population is looked at. Raises InvalidView where there is no such metric.

    x, y: keys of metrics. map: the relation by which the models lie on a map instead, None for the metrics.
    """

    objective: Objective = field(default_factory=Objective)
    filter: Filter = field(default_factory=Filter)
    x: str = PARAMETERS
    y: str = OBJECTIVE
    map: Relation | None = None

    def __post_init__(self) -> None:
        for key in (self.x, self.y):
            if not is_metric(key):
                raise InvalidView(f"An axis must be a metric like {PARAMETERS} or {OBJECTIVE}, but got {key[:40]!r}.")

    def fits(self, classes: int) -> bool:
        """Whether it can be asked of a data set with so many classes."""
        weighted = len(self.objective.weights) in (0, classes)
        return weighted and is_metric(self.x, classes) and is_metric(self.y, classes)

    def to_query(self) -> dict[str, str]:
        """What an address has to say of it, only where it differs from how one starts.

        >>> View(Objective((0, 2, 1), max_parameters=100_000)).to_query()
        {'classes': '1x2-2', 'cap': '100000'}
        """
        chosen, caps = self.filter, self.objective
        written = {
            "classes": "-".join(_weight_text(index, caps.weights[index]) for index in caps.counted),
            "cap": _number_text(caps.max_parameters),
            "ms": _number_text(caps.max_latency_ms),
            "parameters": _span_text(chosen.parameters),
            "latency": _span_text(chosen.latency_ms),
            "accuracy": _span_text(chosen.accuracy),
            "with": ".".join(sorted(chosen.present)),
            "without": ".".join(sorted(chosen.absent)),
            "made": ".".join(sorted(chosen.origins)),
            "x": "" if self.x == PARAMETERS else self.x,
            "y": "" if self.y == OBJECTIVE else self.y,
            "map": self.map.value if self.map else "",
        }
        return {key: text for key, text in written.items() if text}


def read_view(query: Mapping[str, str], classes: int) -> tuple[View, tuple[str, ...]]:
    """The view that an address asks for of a data set with so many classes, and a sentence for each ignored part.

    >>> read_view({"classes": "7", "cap": "1000"}, classes=3)[1]
    ('?classes=7 is ignored: classes are numbered from 0 to 2, like 0x2-1 for two classes, the first twice.',)
    """
    view, complaints = View(), []
    for key in filter(query.__contains__, KEYS):
        try:
            view = _READERS[key](view, query[key], classes)
        except InvalidView as error:
            sentence = str(error)
            complaints.append(f"?{key}={query[key][:40]} is ignored: {sentence[0].lower()}{sentence[1:]}")
    return view, tuple(complaints)


def _with_weights(view: View, text: str, classes: int) -> View:
    found = [_WEIGHT.fullmatch(part) for part in text.split("-")]
    weights = {int(part[1]): float(part[2] or 1) for part in found if part}
    if None in found or max(weights) >= classes:
        raise InvalidView(f"Classes are numbered from 0 to {classes - 1}, like 0x2-1 for two classes, the first twice.")
    return replace(view, objective=view.objective.weigh(weights, classes))


def _with_cap(view: View, text: str, _: int) -> View:
    return replace(view, objective=replace(view.objective, max_parameters=int(_number(text, r"\d{1,15}"))))


def _with_latency_cap(view: View, text: str, _: int) -> View:
    return replace(view, objective=replace(view.objective, max_latency_ms=_number(text, _AMOUNT)))


def _filtered(name: str, read: Callable[[str], Any]) -> Callable[[View, str, int], View]:
    return lambda view, text, _: replace(view, filter=replace(view.filter, **{name: read(text)}))


def _on_axis(name: str) -> Callable[[View, str, int], View]:
    def changed(view: View, text: str, classes: int) -> View:
        if is_metric(text) and not is_metric(text, classes):
            raise InvalidView(f"The last class is class-{classes - 1}.")
        axis: Any = {name: text}
        return replace(view, **axis)

    return changed


def _on_map(view: View, text: str, _: int) -> View:
    try:
        return replace(view, map=Relation(text))
    except ValueError:
        raise InvalidView(f"A map is by {' or '.join(Relation)}.") from None


def _span(text: str) -> Span:
    found = _SPAN.fullmatch(text)
    if not found:
        raise InvalidView("A range is written like 1000-50000, 1000- or -50000.")
    return Span(*(None if end is None else float(end) for end in found.groups()))


def _kinds(text: str) -> frozenset[str]:
    return frozenset(text.split("."))


def _origins(text: str) -> frozenset[Origin]:
    named = set(text.split("."))
    if not named <= set(MODEL_ORIGINS):
        raise InvalidView(f"A model is made in one of the ways {', '.join(MODEL_ORIGINS)}.")
    return frozenset(map(Origin, named))


_READERS: dict[str, Callable[[View, str, int], View]] = {
    "classes": _with_weights,
    "cap": _with_cap,
    "ms": _with_latency_cap,
    "parameters": _filtered("parameters", _span),
    "latency": _filtered("latency_ms", _span),
    "accuracy": _filtered("accuracy", _span),
    "with": _filtered("present", _kinds),
    "without": _filtered("absent", _kinds),
    "made": _filtered("origins", _origins),
    "x": _on_axis("x"),
    "y": _on_axis("y"),
    "map": _on_map,
}


def _number(text: str, form: str) -> float:
    if not re.fullmatch(form, text, re.ASCII):
        raise InvalidView("It must be a plain number.")
    return float(text)


def _number_text(number: float | None) -> str:
    return "" if number is None else np.format_float_positional(number, trim="-")


def _weight_text(index: int, weight: float) -> str:
    return f"{index}" if weight == 1 else f"{index}x{_number_text(weight)}"


def _span_text(span: Span) -> str:
    return f"{_number_text(span.low)}-{_number_text(span.high)}" if span else ""
