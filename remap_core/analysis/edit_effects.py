"""The effect of each kind of edit: differences over all parent-child pairs of a data set, grouped by edit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from remap_core.analysis.uncertainty import SeedNoise, Spread
from remap_core.space.edits import Edit, Prepend, Reparameterize, Replace
from remap_core.space.layers import Layer
from remap_core.space.text import parse_layers
from remap_core.trials.population import Floats, Population
from remap_core.trials.trial import Trial

SEVERAL = "several edits"


@dataclass(frozen=True)
class Effect:
    """The effect of an edit over `pairs` parent-child pairs.

    edit: its kind, or "several edits". target: kind of the edited or inserted layer, with the hyperparameter; empty
    for all targets together. accuracy: differences of shares, child minus parent. parameters, latency: relative
    differences, 1 for twice as many. seed_band: what other seeds alone may make of the mean accuracy difference (a
    share, in 95 of 100 cases); None where no model was repeated.
    """

    edit: str
    target: str
    pairs: int
    accuracy: Spread
    parameters: Spread
    latency: Spread
    seed_band: float | None = None

    @property
    def is_noise(self) -> bool:
        """Whether the mean accuracy difference may well be chance: by its interval, or by the spread between seeds."""
        return self.accuracy.may_be_zero or (self.seed_band is not None and abs(self.accuracy.mean) <= self.seed_band)


@dataclass(frozen=True)
class _Pair:
    parent_row: int
    row: int
    edit: str
    target: str
    accuracy: float
    parameters: float
    latency: float


def effects(population: Population, children: Iterable[Trial]) -> list[Effect]:
    """One effect for each kind of edit, followed by those of its targets, most pairs first.

    children: the data set's trials that have a parent; pairs with an unfinished model are left out, as are pairs that
    were trained differently. Children of several edits are counted separately, since they tell nothing about any single
    one.
    """
    pairs = list(_pairs(population, children))
    noise = SeedNoise.of(population)
    kinds = {pair.edit for pair in pairs}
    by_kind: list[Effect] = []
    for kind in sorted(kinds, key=_several_last):
        of_kind = [pair for pair in pairs if pair.edit == kind]
        by_target = _by_target(of_kind)
        for target, of_target in [("", of_kind), *by_target]:
            band = _seed_band(population, noise, of_target)
            by_kind.append(_effect(kind, target, of_target, band))
    return by_kind


def _several_last(kind: str) -> tuple[bool, str]:
    return kind == SEVERAL, kind


def _by_target(of_kind: Sequence[_Pair]) -> list[tuple[str, list[_Pair]]]:
    by_target: dict[str, list[_Pair]] = {}
    for pair in of_kind:
        if pair.target:
            by_target.setdefault(pair.target, []).append(pair)
    return sorted(by_target.items(), key=lambda item: (-len(item[1]), item[0]))


def _seed_band(population: Population, noise: SeedNoise | None, pairs: Sequence[_Pair]) -> float | None:
    """The band of a mean over pairs. A parent of several children counts once for each, and so does its luck."""
    if noise is None:
        return None
    times = Counter(pair.row for pair in pairs)
    times.subtract(pair.parent_row for pair in pairs)
    weights = [number / len(pairs) for number in times.values()]
    return noise.band(weights, population.seeds[list(times)].tolist())


def comparable_pairs(population: Population, children: Iterable[Trial]) -> Iterator[tuple[int, int, tuple[Edit, ...]]]:
    """Row of the parent, row of the child, and the edits between them: both finished, and trained alike."""
    rows = {int(model): row for row, model in enumerate(population.id)}
    for child in children:
        edits = child.proposal.edits
        parent_row = rows.get(child.proposal.parent or 0)
        row = rows.get(child.id)
        if parent_row is None or row is None or not edits:
            continue
        if population.config[row].is_like(population.config[parent_row]):
            yield parent_row, row, edits


def _pairs(population: Population, children: Iterable[Trial]) -> Iterator[_Pair]:
    parameters = population.parameters.astype(float)
    for parent_row, row, edits in comparable_pairs(population, children):
        edit, target = SEVERAL, ""
        if len(edits) == 1:
            edit = edits[0].kind
            target = _target(edits[0], parse_layers(population.text[parent_row]))
        difference = population.accuracy[row] - population.accuracy[parent_row]
        yield _Pair(
            parent_row=parent_row,
            row=row,
            edit=edit,
            target=target,
            accuracy=float(difference),
            parameters=_relative(parameters, parent_row, row),
            latency=_relative(population.latency_1_ms, parent_row, row),
        )


def _target(edit: Edit, parent_layers: tuple[Layer, ...]) -> str:
    match edit:
        case Prepend() | Replace():
            return edit.layer.kind
        case Reparameterize():
            return f"{parent_layers[edit.index].kind} {edit.name}"
    return parent_layers[edit.index].kind


def _effect(kind: str, target: str, pairs: Sequence[_Pair], seed_band: float | None) -> Effect:
    return Effect(
        edit=kind,
        target=target,
        pairs=len(pairs),
        accuracy=Spread.of(pair.accuracy for pair in pairs),
        parameters=Spread.of(pair.parameters for pair in pairs),
        latency=Spread.of(pair.latency for pair in pairs),
        seed_band=seed_band,
    )


def _relative(column: Floats, parent_row: int, row: int) -> float:
    before = column[parent_row]
    if not before:
        return float("nan")
    return float(column[row] / before - 1)
