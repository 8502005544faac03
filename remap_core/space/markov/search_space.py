"""What a search space is: a Markov chain over steps, and the layers that each step chooses from."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from remap_core.errors import InvalidArchitecture, InvalidSpace
from remap_core.space.caps import Cap
from remap_core.space.layers import Layer

START, STOP = "start", "stop"
MAX_NAME = 40
"""Characters of the name of a space or a step."""

Matrix = Mapping[str, Mapping[str, Fraction]]
"""Transition matrix: for each step, the probability of the next; a row sums to 1."""

_NAME = re.compile(rf"[A-Za-z0-9][A-Za-z0-9._-]{{0,{MAX_NAME - 1}}}")
_HUGE_IMAGE = (1, 10**6, 10**6)
_VECTOR = (64,)


class Part(StrEnum):
    """The part of a chain that a matrix is for: while layers output images, and from the first vector on."""

    IMAGES = "on_images"
    VECTORS = "on_vectors"


@dataclass(frozen=True)
class State:
    """Where a walk is: its last step, and the matrix that says what follows."""

    part: Part
    step: str

    @property
    def key(self) -> str:
        """Its row, as a space file names it."""
        return f"{self.part}.{self.step}"


FIRST = State(Part.IMAGES, START)
LAST = State(Part.VECTORS, STOP)
"""The end of every walk, whatever it came from."""


@dataclass(frozen=True)
class SearchSpace:
    """A chain-structured search space.

    A step of the chain is a row of `grid`: the layers it chooses from, with equal probability. `on_images` is the
    transition matrix while the layers output images, `on_vectors` from the first layer on that outputs a vector.
    caps: limits on what is sampled.

    Raises InvalidSpace unless each row sums to 1 over known steps, a walk from the start finds a row wherever it
    comes, every step and row is reached, and the end can be reached from all of them.
    """

    name: str
    grid: Mapping[str, tuple[Layer, ...]]
    on_images: Matrix
    on_vectors: Matrix
    caps: tuple[Cap, ...] = ()

    def __post_init__(self) -> None:
        require_name("name", self.name)
        for step, layers in self.grid.items():
            _require_step(step, layers)
        for part in Part:
            for step, row in self.matrix(part).items():
                self._require_row(State(part, step), row)
        if START not in self.on_images:
            raise InvalidSpace(f"{FIRST.key} is missing: a chain starts there.")
        self._require_chain()

    def matrix(self, part: Part) -> Matrix:
        """The transition matrix of a part."""
        if part is Part.IMAGES:
            return self.on_images
        return self.on_vectors

    def row(self, state: State) -> Mapping[str, Fraction]:
        """The probabilities of the steps that follow."""
        return self.matrix(state.part)[state.step]

    def after(self, state: State) -> dict[State, Fraction]:
        """The states that follow, where every layer fits, with their probabilities.

        A step that chooses among layers with images and with vectors as outputs leads to one state in either part.
        """
        states: dict[State, Fraction] = {}
        for step, probability in self.row(state).items():
            for following, share in self._entered(state, step).items():
                states[following] = states.get(following, Fraction()) + probability * share
        return states

    def states(self) -> tuple[State, ...]:
        """Every state but the end: the start, then part by part, those that are reached in fewer steps first."""
        reached = self._reached()
        parts, steps = list(Part), list(self.grid)
        followed = [state for state in reached if state != FIRST]
        followed.sort(key=lambda state: (parts.index(state.part), reached[state], steps.index(state.step)))
        return (FIRST, *followed)

    def _entered(self, state: State, step: str) -> dict[State, Fraction]:
        if step == STOP:
            return {LAST: Fraction(1)}
        if state.part is Part.VECTORS:
            return {State(Part.VECTORS, step): Fraction(1)}
        layers = self.grid[step]
        vectors = Fraction(sum(_outputs_vector(layer) for layer in layers), len(layers))
        parts = {State(Part.IMAGES, step): 1 - vectors, State(Part.VECTORS, step): vectors}
        return {entered: share for entered, share in parts.items() if share}

    def _require_row(self, state: State, row: Mapping[str, Fraction]) -> None:
        if state != FIRST and state.step not in self.grid:
            raise InvalidSpace(f"{state.key} is a row of a step that is not in steps: {_listed(self.grid)}.")
        for step in row:
            if step != STOP and step not in self.grid:
                raise InvalidSpace(f"{state.key} must lead to steps or {STOP}, but names {step!r:.60}.")
            if state.part is Part.VECTORS and step != STOP:
                self._require_takes_vectors(state, step)
        if sum(row.values()) != 1 or min(row.values(), default=0) <= 0:
            raise InvalidSpace(f"{state.key} must sum to 1 over positive probabilities, but got {dict(row)}.")

    def _require_takes_vectors(self, state: State, step: str) -> None:
        for layer in self.grid[step]:
            try:
                layer.output_shape(_VECTOR)
            except InvalidArchitecture:
                raise InvalidSpace(f"{state.key} leads to {step}, but its {layer.text()} needs an image.") from None

    def _require_chain(self) -> None:
        reached = self._reached()
        for step in self.grid:
            if all(State(part, step) not in reached for part in Part):
                raise InvalidSpace(f"steps.{step} is reached by no row: no chain from {START} comes there.")
        for part in Part:
            for step in self.matrix(part):
                if State(part, step) not in reached:
                    raise InvalidSpace(f"{State(part, step).key} is a row that no chain from {START} comes to.")
        ending = self._ending(reached)
        for state in reversed(self.states()):  # what comes last is closest to the cycle
            if state not in ending:
                raise InvalidSpace(f"{state.key} never comes to {STOP}: the rows after it are a cycle without it.")

    def _reached(self) -> dict[State, int]:
        """Every state but the end that a walk from the start may come to, with the fewest steps to it.

        Raises InvalidSpace for one without a row.
        """
        reached = {FIRST: 0}
        waiting = deque([FIRST])
        while waiting:
            state = waiting.popleft()
            for following in self.after(state):
                if following == LAST or following in reached:
                    continue
                if following.step not in self.matrix(following.part):
                    raise InvalidSpace(f"{following.key} is missing: {state.key} leads there.")
                reached[following] = reached[state] + 1
                waiting.append(following)
        return reached

    def _ending(self, reached: Iterable[State]) -> set[State]:
        """The states from which the end can be reached."""
        ending = {LAST}
        size = 0
        while len(ending) > size:
            size = len(ending)
            ending |= {state for state in reached if ending & self.after(state).keys()}
        return ending


def require_name(key: str, name: object) -> str:
    """The name of a space or a step; raises InvalidSpace where it is none."""
    if isinstance(name, str) and _NAME.fullmatch(name):
        return name
    rule = f"must be 1 to {MAX_NAME} letters, digits, dots, hyphens and underscores"
    raise InvalidSpace(f"{key} {rule}, but got {name!r:.60}.")


def normalised(weights: Mapping[str, float]) -> dict[str, Fraction]:
    """Weights of any sum as probabilities, without those of 0; raises InvalidSpace where nothing is left.

    >>> normalised({"act": 3, "stop": 1, "pool": 0})
    {'act': Fraction(3, 4), 'stop': Fraction(1, 4)}
    """
    exact = {step: Fraction(weight) for step, weight in weights.items() if weight}
    total = sum(exact.values())
    if not total:
        raise InvalidSpace("weights must not sum to 0")
    return {step: weight / total for step, weight in exact.items()}


def _require_step(step: str, layers: tuple[Layer, ...]) -> None:
    require_name("steps: a name", step)
    if step in (START, STOP):
        raise InvalidSpace(f"steps.{step} must have another name: {START} and {STOP} are the ends of a chain.")
    if not layers:
        raise InvalidSpace(f"steps.{step} must choose from at least 1 layer, but has none.")


def _outputs_vector(layer: Layer) -> bool:
    """Whether a layer makes a vector of an image."""
    try:
        return len(layer.output_shape(_HUGE_IMAGE)) == 1
    except InvalidArchitecture:
        return False


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names) or "there is none"
