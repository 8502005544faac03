"""What each kind of edit did: the differences of all parent-child pairs of a data set, by what was edited."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from remap_core.space.edits import Edit, Prepend, Reparameterize, Replace
from remap_core.space.layers import Layer
from remap_core.space.text import parse_layers
from remap_core.trials.population import Floats, Population
from remap_core.trials.trial import Trial

SEVERAL = "several edits"


@dataclass(frozen=True)
class Spread:
    """Mean and sample standard deviation (0 for a single pair) of n differences."""

    mean: float
    deviation: float

    @classmethod
    def of(cls, values: Iterable[float]) -> Spread:
        """The spread of at least one value; those that are not numbers are left out."""
        known = np.array([value for value in values if np.isfinite(value)])
        if not len(known):
            return cls(float("nan"), float("nan"))
        return cls(float(known.mean()), float(known.std(ddof=1)) if len(known) > 1 else 0.0)


@dataclass(frozen=True)
class Effect:
    """What an edit did over `pairs` parent-child pairs.

    edit: its kind, or "several edits". target: kind of the layer that was edited or put in, with the hyperparameter;
    empty where all are taken together. accuracy: differences of shares, child minus parent. parameters, latency:
    relative differences, 1 for twice as many.
    """

    edit: str
    target: str
    pairs: int
    accuracy: Spread
    parameters: Spread
    latency: Spread


@dataclass(frozen=True)
class _Pair:
    edit: str
    target: str
    accuracy: float
    parameters: float
    latency: float


def effects(population: Population, children: Iterable[Trial]) -> list[Effect]:
    """One effect a kind of edit, followed by its targets, most pairs first.

    children: the data set's trials that have a parent; pairs of which one is not among the finished are left out.
    A child of several edits says nothing of any one of them: these are counted by themselves.
    """
    pairs = list(_pairs(population, children))
    kinds = sorted({pair.edit for pair in pairs}, key=lambda kind: (kind == SEVERAL, kind))
    found: list[Effect] = []
    for kind in kinds:
        of_kind = [pair for pair in pairs if pair.edit == kind]
        targets = [
            _effect(kind, name, [p for p in of_kind if p.target == name]) for name in {p.target for p in of_kind}
        ]
        found.append(_effect(kind, "", of_kind))
        found += sorted((one for one in targets if one.target), key=lambda one: (-one.pairs, one.target))
    return found


def _pairs(population: Population, children: Iterable[Trial]) -> Iterator[_Pair]:
    rows = {int(model): row for row, model in enumerate(population.id)}
    for child in children:
        parent, row = rows.get(child.proposal.parent or 0), rows.get(child.id)
        if parent is not None and row is not None and child.proposal.edits:
            yield _Pair(
                *_what(child, parse_layers(population.text[parent])),
                _difference(population.accuracy, parent, row),
                _relative(population.parameters.astype(float), parent, row),
                _relative(population.latency_1_ms, parent, row),
            )


def _what(child: Trial, before: tuple[Layer, ...]) -> tuple[str, str]:
    edits = child.proposal.edits
    return (SEVERAL, "") if len(edits) > 1 else (edits[0].kind, _target(edits[0], before))


def _target(edit: Edit, before: tuple[Layer, ...]) -> str:
    match edit:
        case Prepend() | Replace():
            return edit.layer.kind
        case Reparameterize():
            return f"{before[edit.index].kind} {edit.name}"
    return before[edit.index].kind


def _effect(kind: str, target: str, pairs: list[_Pair]) -> Effect:
    return Effect(
        kind,
        target,
        len(pairs),
        Spread.of(pair.accuracy for pair in pairs),
        Spread.of(pair.parameters for pair in pairs),
        Spread.of(pair.latency for pair in pairs),
    )


def _difference(column: Floats, parent: int, child: int) -> float:
    return float(column[child] - column[parent])


def _relative(column: Floats, parent: int, child: int) -> float:
    return float(column[child] / column[parent] - 1) if column[parent] else float("nan")
