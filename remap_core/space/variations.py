"""Variations: random neighbours of a parent under the user's constraints (what evolution calls mutation).

For each of the parent's layers the user says which kinds of edit are allowed; a child is so many of them, one after
the other. Permissions belong to the parent's layers wherever these stand after earlier edits; what an edit has put
in is not edited again, and what was reparameterized is not removed or replaced, so that n edits are n changes.
Source: Cashman et al., REMAP (TVCG 2019), section 5.4.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from remap_core.errors import InvalidArchitecture, InvalidTrial
from remap_core.space.architecture import Architecture
from remap_core.space.edits import EDITS, Candidate, Edit, Prepend, Remove, Reparameterize, Replace
from remap_core.space.grid import Grid, layers_of, other_values
from remap_core.space.search_spaces import SearchSpace

MAX_CHILDREN, MAX_EDITS = 20, 5
ATTEMPTS_PER_CHILD = 60
"""Random walks, for each child that is asked for, before the search for children of several edits gives up."""

KINDS = tuple(EDITS)
Allowed = Mapping[int, frozenset[str]]
"""Kinds of edit by index of the parent's layer; the head's index, the number of layers, takes "prepend" alone."""


@dataclass(frozen=True)
class VariationRequest:
    """How many children, of how many edits each, of which kinds where. Raises InvalidTrial with rule and value."""

    children: int
    edits: int
    allowed: Allowed

    def __post_init__(self) -> None:
        for name, most in (("children", MAX_CHILDREN), ("edits", MAX_EDITS)):
            value = getattr(self, name)
            if type(value) is not int or not 1 <= value <= most:
                raise InvalidTrial(f"{name} must be 1 to {most}, but got {value!r}.")
        for index, kinds in self.allowed.items():
            if not kinds <= EDITS.keys():
                raise InvalidTrial(f"Layer {index} may allow {', '.join(KINDS)}, but got {', '.join(sorted(kinds))}.")

    def require_fitting(self, parent: Architecture) -> None:
        """Refuse permissions for layers that the parent has not, and for the head other ones than prepend."""
        head = len(parent.layers)
        for index, kinds in self.allowed.items():
            if not 0 <= index <= head:
                raise InvalidTrial(f"Permissions are for layers 0 to {head} (the head), but got {index}.")
            if index == head and kinds - {Prepend.kind}:
                raise InvalidTrial(f"The head can only be prepended to, but got {', '.join(sorted(kinds))}.")


@dataclass(frozen=True)
class Variations:
    """The children that were found, and why there are no more: empty where all asked for were found.

    exact: whether the children that exist were counted; else they were looked for by so many random walks.
    """

    children: tuple[Candidate, ...]
    exact: bool
    shortfall: str = ""


def everything_allowed(parent: Architecture) -> dict[int, frozenset[str]]:
    """Every kind of edit at every layer, and prepending to the head."""
    layers = dict.fromkeys(range(len(parent.layers)), frozenset(KINDS))
    return {**layers, len(parent.layers): frozenset({Prepend.kind})}


def variations(
    parent: Architecture,
    space: SearchSpace,
    request: VariationRequest,
    rng: np.random.Generator,
    *,
    max_parameters: int,
) -> Variations:
    """Different children of the parent, drawn evenly over the allowed (layer, kind) pairs, then over what these offer.

    Each has exactly the edits asked for, is valid after every one of them, is none of the others and not the parent,
    and has at most `max_parameters`. One edit a child: where there are fewer than asked for, every possible edit was
    tried, so the shortfall is exact. Several: bounded random walks, and the shortfall says how many. Raises
    InvalidTrial for permissions that do not fit the parent.
    """
    request.require_fitting(parent)
    search = _Search(parent, layers_of(space), rng, max_parameters)
    start = _Walk(parent, tuple(range(len(parent.layers))), len(parent.layers), request.allowed)
    if request.edits == 1:
        return search.of_one_edit(start, request.children)
    return search.of_several_edits(start, request.children, request.edits)


@dataclass(frozen=True)
class _Walk:
    """A child half made. origins: for each of its layers the parent's index it stands for, None where inserted.

    locked: (parent's index, kind of edit or hyperparameter) pairs that would undo an earlier edit.
    """

    child: Architecture
    origins: tuple[int | None, ...]
    head: int
    allowed: Allowed
    edits: tuple[Edit, ...] = ()
    locked: frozenset[tuple[int, str]] = frozenset()

    def permitted(self) -> Iterator[tuple[int, int, str]]:
        """(place in the child, parent's index it stands for, kind of edit) that may come next."""
        for place, origin in enumerate((*self.origins, self.head)):
            if origin is not None:
                for kind in KINDS:
                    if kind in self.allowed.get(origin, ()) and (origin, kind) not in self.locked:
                        yield place, origin, kind

    def after(self, edit: Edit) -> _Walk:
        """The walk one edit further; raises InvalidArchitecture where that does not fit."""
        place, origins = edit.index, self.origins
        step = replace(self, child=edit.apply(self.child), edits=(*self.edits, edit))
        match edit:
            case Remove():
                return replace(step, origins=origins[:place] + origins[place + 1 :])
            case Prepend():
                return replace(step, origins=(*origins[:place], None, *origins[place:]))
            case Reparameterize():
                return step._locking(origins[place], Remove.kind, Replace.kind, edit.name)
        return step._locking(origins[place], Remove.kind, Replace.kind, Reparameterize.kind)

    def _locking(self, origin: int | None, *names: str) -> _Walk:
        return self if origin is None else replace(self, locked=self.locked | {(origin, name) for name in names})


Options = list[list[list[Edit]]]
"""Edits by (layer, kind), then by what they put in or change, so that a draw can be even on each level."""


@dataclass
class _Search:
    """Collects different children; `refused` counts why others were none."""

    parent: Architecture
    grid: Grid
    rng: np.random.Generator
    max_parameters: int
    found: dict[Architecture, Candidate] = field(default_factory=dict)
    refused: Counter[str] = field(default_factory=Counter)

    def of_one_edit(self, start: _Walk, children: int) -> Variations:
        tried = 0
        for edit in self._shuffled(self._options(start)):
            if len(self.found) == children:
                break
            tried += 1
            self._keep(_step(start, edit), "would not fit")
        return self._result(True, "" if len(self.found) == children else self._exact(children, tried))

    def of_several_edits(self, start: _Walk, children: int, edits: int) -> Variations:
        if self._next(start) is None:
            return self._result(True, "No child can exist under these rules: none of the allowed edits fits.")
        tries = ATTEMPTS_PER_CHILD * children
        for _ in range(tries):
            self._keep(self._walk_of(start, edits), "came to where no further edit is possible")
            if len(self.found) == children:
                return self._result(False, "")
        return self._result(False, self._bounded(children, edits, tries))

    def _walk_of(self, start: _Walk, edits: int) -> _Walk | None:
        walk: _Walk | None = start
        for _ in range(edits):
            walk = self._next(walk) if walk else None
        return walk

    def _next(self, walk: _Walk) -> _Walk | None:
        steps = (_step(walk, edit) for edit in self._shuffled(self._options(walk)))
        return next((step for step in steps if step), None)

    def _keep(self, walk: _Walk | None, why_none: str) -> None:
        if walk is None:
            self.refused[why_none] += 1
        elif walk.child.parameters > self.max_parameters:
            self.refused[f"would have more than {self.max_parameters:,} parameters"] += 1
        elif walk.child == self.parent or walk.child in self.found:
            self.refused["would give the parent or the same child again"] += 1
        else:
            self.found[walk.child] = Candidate(walk.edits, walk.child)

    def _options(self, walk: _Walk) -> Options:
        groups = (self._offered(walk, *permitted) for permitted in walk.permitted())
        return [group for group in groups if group]

    def _offered(self, walk: _Walk, place: int, origin: int, kind: str) -> list[list[Edit]]:
        layer = walk.child.layers[place] if place < len(walk.child.layers) else None
        by_name: dict[str, list[Edit]] = {}
        if kind == Remove.kind:
            return [[Remove(place)]]
        if kind == Reparameterize.kind and layer:
            for name, value in other_values(self.grid, layer):
                if (origin, name) not in walk.locked:
                    by_name.setdefault(name, []).append(Reparameterize(place, name, value))
        else:
            edit = Prepend if kind == Prepend.kind else Replace
            for new in self.grid:
                if edit is Prepend or (layer and new.kind != layer.kind):
                    by_name.setdefault(new.kind, []).append(edit(place, new))
        return list(by_name.values())

    def _shuffled(self, options: Options) -> Iterator[Edit]:
        """Every edit once, each drawn evenly: of the groups, then of the parts of one, then of the edits of that."""
        while options:
            group = options[self.rng.integers(len(options))]
            part = group[self.rng.integers(len(group))]
            yield part.pop(self.rng.integers(len(part)))
            if not part:
                group.remove(part)
            if not group:
                options.remove(group)

    def _result(self, exact: bool, shortfall: str) -> Variations:
        return Variations(tuple(self.found.values()), exact, shortfall)

    def _exact(self, children: int, tried: int) -> str:
        if not tried:
            return "No child can exist: no kind of edit is allowed on any layer, or the allowed ones offer nothing."
        found = f"Only {len(self.found)} of {children} children exist" if self.found else "No child can exist"
        why = f"of {_edits_text(tried)} {self._reasons()}" if self.refused else "no further edit is possible"
        return f"{found} under these rules: {why}."

    def _bounded(self, children: int, edits: int, tried: int) -> str:
        return (
            f"{len(self.found)} of {children} children of {edits} edits were found in {tried:,} random tries; "
            f"there may be more. Of the others {self._reasons()}."
        )

    def _reasons(self) -> str:
        return ", ".join(f"{number:,} {reason}" for reason, number in self.refused.most_common())


def _step(walk: _Walk, edit: Edit) -> _Walk | None:
    try:
        return walk.after(edit)
    except InvalidArchitecture:
        return None


def _edits_text(number: int) -> str:
    return f"{number:,} possible edit{'' if number == 1 else 's'}"
