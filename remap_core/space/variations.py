"""Variations: random neighbours of a parent under the user's constraints (mutation, in evolutionary search).

The user allows kinds of edit for each layer of the parent. Permissions follow these layers wherever earlier edits move
them; added layers are not edited again, reparameterized ones not removed or replaced: n edits are n changes.
Source: Cashman et al., REMAP (TVCG 2019), section 5.4.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from remap_core.errors import InvalidArchitecture, InvalidTrial
from remap_core.formatting import count, pluralize
from remap_core.space.architecture import Architecture
from remap_core.space.caps import Cap, Caps, Cost, exceeded, tightest
from remap_core.space.edits import Candidate, Edit, Prepend, Remove, Reparameterize, Replace
from remap_core.space.grid import Grid, layers_of, other_values
from remap_core.space.markov.search_space import SearchSpace

MAX_CHILDREN = 20
MAX_EDITS = 5
ATTEMPTS_PER_CHILD = 60
"""Random walks per requested child before the search for children of several edits gives up."""

KINDS = (Remove.kind, Replace.kind, Prepend.kind, Reparameterize.kind)
Allowed = Mapping[int, frozenset[str]]
"""Kinds of edit by index of the parent's layer; the head's index, the number of layers, takes "prepend" alone."""


@dataclass(frozen=True)
class VariationRequest:
    """How many children, of how many edits each, of which kinds where. Raises InvalidTrial with rule and value."""

    children: int
    edits: int
    allowed: Allowed

    def __post_init__(self) -> None:
        _require_range("children", self.children, MAX_CHILDREN)
        _require_range("edits", self.edits, MAX_EDITS)
        for index, kinds in self.allowed.items():
            if not kinds <= set(KINDS):
                names = ", ".join(sorted(kinds))
                raise InvalidTrial(f"Layer {index + 1} may allow {', '.join(KINDS)}, but got {names}.")

    def require_fitting(self, parent: Architecture) -> None:
        """Raise InvalidTrial for layers that the parent does not have, and for edits of the head except prepend."""
        head = len(parent.layers)
        for index, kinds in self.allowed.items():
            if not 0 <= index <= head:
                raise InvalidTrial(f"Edits can be allowed at layers 1 to {head + 1} (the head), but got {index + 1}.")
            if index == head and kinds - {Prepend.kind}:
                names = ", ".join(sorted(kinds))
                raise InvalidTrial(f"The head only allows prepend, but got {names}.")


@dataclass(frozen=True)
class Variations:
    """The children, and a sentence about why they are fewer than requested; empty for as many as requested.

    exact: whether all possible children were counted; otherwise the search was a number of random walks.
    """

    children: tuple[Candidate, ...]
    exact: bool
    shortfall: str = ""


def everything_allowed(parent: Architecture) -> dict[int, frozenset[str]]:
    """Every kind of edit at every layer, and prepending to the head."""
    head = len(parent.layers)
    allowed = dict.fromkeys(range(head), frozenset(KINDS))
    allowed[head] = frozenset({Prepend.kind})
    return allowed


def variations(
    parent: Architecture,
    space: SearchSpace,
    request: VariationRequest,
    rng: np.random.Generator,
    *,
    max_parameters: int | None = None,
    caps: Iterable[Cap] = (),
) -> Variations:
    """Different children of the parent, drawn evenly over the allowed (layer, kind) pairs, then over their options.

    Each child has exactly the requested number of edits, is valid after every one of them, differs from the parent and
    the other children, and keeps to the caps; `max_parameters` is short for one on parameters. With one edit per child,
    all possible edits are tried; with several, a limited number of random walks. Raises InvalidTrial for permissions
    that do not fit the parent.
    """
    request.require_fitting(parent)
    if max_parameters is not None:
        caps = (Cap(Cost.PARAMETERS, max_parameters), *caps)
    search = _Search(parent, layers_of(space), rng, tightest(caps))
    head = len(parent.layers)
    origins = tuple(range(head))
    start = _Walk(parent, origins, head, request.allowed)
    if request.edits == 1:
        return search.of_one_edit(start, request.children)
    return search.of_several_edits(start, request.children, request.edits)


def _require_range(name: str, value: object, maximum: int) -> None:
    if type(value) is not int or not 1 <= value <= maximum:
        raise InvalidTrial(f"{name} must be 1 to {maximum}, but got {value!r}.")


@dataclass(frozen=True)
class _Walk:
    """A child between two edits. origins: the parent's index of each of its layers, None for an added one.

    locked: (parent's index, kind of edit or hyperparameter) pairs that would undo an earlier edit.
    """

    child: Architecture
    origins: tuple[int | None, ...]
    head: int
    allowed: Allowed
    edits: tuple[Edit, ...] = ()
    locked: frozenset[tuple[int, str]] = frozenset()

    def permitted(self) -> Iterator[tuple[int, int, str]]:
        """(position in the child, index in the parent, kind of edit) of each edit that is allowed next."""
        for position, origin in enumerate((*self.origins, self.head)):
            if origin is None:
                continue
            allowed = self.allowed.get(origin, frozenset())
            for kind in KINDS:
                if kind in allowed and (origin, kind) not in self.locked:
                    yield position, origin, kind

    def after(self, edit: Edit) -> _Walk | None:
        """The walk one edit further, None where that does not fit."""
        try:
            child = edit.apply(self.child)
        except InvalidArchitecture:
            return None
        walk = replace(self, child=child, edits=(*self.edits, edit))
        before = self.origins[: edit.index]
        match edit:
            case Remove():
                origins = (*before, *self.origins[edit.index + 1 :])
                return replace(walk, origins=origins)
            case Prepend():
                origins = (*before, None, *self.origins[edit.index :])
                return replace(walk, origins=origins)
            case Reparameterize():
                return walk._locking(edit.index, Remove.kind, Replace.kind, edit.name)
        return walk._locking(edit.index, Remove.kind, Replace.kind, Reparameterize.kind)

    def _locking(self, position: int, *names: str) -> _Walk:
        origin = self.origins[position]
        if origin is None:
            return self
        locked = {(origin, name) for name in names}
        return replace(self, locked=self.locked | locked)


Options = list[list[list[Edit]]]
"""Edits by (layer, kind), then by layer kind or hyperparameter, so that a draw can be even on each level."""


@dataclass
class _Search:
    """Collects different children; `rejected` counts the edits or walks without one by reason."""

    parent: Architecture
    grid: Grid
    rng: np.random.Generator
    caps: Caps
    children: dict[Architecture, Candidate] = field(default_factory=dict)
    rejected: Counter[str] = field(default_factory=Counter)

    def of_one_edit(self, start: _Walk, children: int) -> Variations:
        tried = 0
        for edit in self._shuffled(self._options(start)):
            if len(self.children) == children:
                break
            tried += 1
            self._collect(start.after(edit), "did not fit")
        shortfall = self._exact_shortfall(children, tried)
        return self._variations(shortfall, exact=True)

    def of_several_edits(
        self,
        start: _Walk,
        children: int,
        edits: int,
    ) -> Variations:
        if self._next(start) is None:
            return self._variations("No child can be made: none of the allowed edits fits.", exact=True)
        tries = ATTEMPTS_PER_CHILD * children
        for _ in range(tries):
            self._collect(self._walk(start, edits), "reached a dead end")
            if len(self.children) == children:
                break
        shortfall = self._search_shortfall(children, tries)
        return self._variations(shortfall, exact=False)

    def _variations(self, shortfall: str, *, exact: bool) -> Variations:
        return Variations(tuple(self.children.values()), exact, shortfall)

    def _walk(self, start: _Walk, edits: int) -> _Walk | None:
        walk = start
        for _ in range(edits):
            step = self._next(walk)
            if step is None:
                return None
            walk = step
        return walk

    def _next(self, walk: _Walk) -> _Walk | None:
        for edit in self._shuffled(self._options(walk)):
            step = walk.after(edit)
            if step:
                return step
        return None

    def _collect(self, walk: _Walk | None, reason_for_none: str) -> None:
        if walk is None:
            self.rejected[reason_for_none] += 1
        elif over := exceeded(self.caps, walk.child):
            self.rejected[f"exceeded {over.text}"] += 1
        elif walk.child == self.parent or walk.child in self.children:
            self.rejected["repeated the parent or another child"] += 1
        else:
            self.children[walk.child] = Candidate(walk.edits, walk.child)

    def _options(self, walk: _Walk) -> Options:
        options = []
        for position, origin, kind in walk.permitted():
            groups = self._edits_of(walk, position, origin, kind)
            if groups:
                options.append(groups)
        return options

    def _edits_of(
        self,
        walk: _Walk,
        position: int,
        origin: int,
        kind: str,
    ) -> list[list[Edit]]:
        """The edits of one kind at one position, in groups of one layer kind or hyperparameter."""
        if kind == Remove.kind:
            return [[Remove(position)]]
        groups: defaultdict[str, list[Edit]] = defaultdict(list)
        if kind == Prepend.kind:
            for new in self.grid:
                groups[new.kind].append(Prepend(position, new))
            return list(groups.values())
        layer = walk.child.layers[position]
        if kind == Replace.kind:
            for new in self.grid:
                if new.kind != layer.kind:
                    groups[new.kind].append(Replace(position, new))
        else:
            for name, value in other_values(self.grid, layer):
                if (origin, name) not in walk.locked:
                    groups[name].append(Reparameterize(position, name, value))
        return list(groups.values())

    def _shuffled(self, options: Options) -> Iterator[Edit]:
        """Every edit once, each drawn evenly: first a (layer, kind), then one of its groups, then an edit of that."""
        while options:
            groups = options[self.rng.integers(len(options))]
            group = groups[self.rng.integers(len(groups))]
            yield group.pop(self.rng.integers(len(group)))
            if not group:
                groups.remove(group)
            if not groups:
                options.remove(groups)

    def _exact_shortfall(self, children: int, tried: int) -> str:
        if len(self.children) == children:
            return ""
        if not tried:
            return "No child can be made: no allowed edit changes a layer."
        made = "No child"
        if self.children:
            made = f"Only {len(self.children)} of {children} children"
        if not self.rejected:
            return f"{made} can be made: there are no other edits."
        edits = pluralize(tried, "possible edit")
        return f"{made} can be made: of {edits}, {self._reasons()}."

    def _search_shortfall(self, children: int, tries: int) -> str:
        if len(self.children) == children:
            return ""
        found = f"Found {len(self.children)} of {children} children in {count(tries)} random tries"
        return f"{found} ({self._reasons()}); more may exist."

    def _reasons(self) -> str:
        reasons = []
        for reason, number in self.rejected.most_common():
            reasons.append(f"{count(number)} {reason}")
        return ", ".join(reasons)
