"""Players of a search that is replayed on a table of networks that were all trained.

A player pays for each network that it has trained, and never for one that is over the cap on parameters: these are
refused for free, as are those that were trained before.

Suggestions are the product's: its process, its expected improvement of the front, and candidates like its own (the
neighbours of the ten models that are nearest to the front, and 150 new samples). With `shown=3` a person takes the most
accurate of the best three, which nobody can know before; it bounds what looking can add.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator
from typing import NamedTuple

import numpy as np

from remap_core.analysis.suggest.batch import choose, farthest
from remap_core.analysis.suggest.log_errors import log_errors
from remap_core.analysis.suggest.model_front import front_of_models
from remap_core.analysis.suggest.process import MIN_VALUES, fit_process
from remap_core.errors import InvalidDistances

PARENTS, FRESH = 10, 150


class Table(NamedTuple):
    """n networks: accuracies (0..1), parameters, features (n, d), and which networks are like which.

    near: (n, k) rows of others, the nearest first. shorter: (n, k) bool, whether that one is an ablation. neighbours:
    how many near ones are one step away.
    """

    accuracy: np.ndarray
    parameters: np.ndarray
    features: np.ndarray
    near: np.ndarray
    shorter: np.ndarray
    neighbours: int


class Task(NamedTuple):
    """A table under a cap: which networks are allowed, and which of them end the search."""

    table: Table
    cap: int | None
    allowed: np.ndarray
    goal: frozenset[int]


Player = Callable[[Task, np.random.Generator], Generator[int, None, None]]
"""Yields the row of the next network that it has trained; it may look at the accuracies of those it has yielded."""


def neighbours(task: Task, row: int, trained: Collection[int] = ()) -> list[int]:
    """The allowed networks that are one step away, without those that were trained."""
    near = task.table.near[row]
    seen = frozenset(trained)
    return [other for other in near[task.allowed[near]].tolist() if other not in seen][: task.table.neighbours]


def rows_trained(task: Task, player: Player, seed: int, most: int) -> Generator[int, None, None]:
    """At most so many networks that a player pays for, in order."""
    trained: set[int] = set()
    for row in player(task, np.random.default_rng(seed)):
        if row not in trained and task.allowed[row]:
            trained.add(row)
            yield row
        if len(trained) == most:
            return


def random(task: Task, rng: np.random.Generator) -> Generator[int, None, None]:
    """Networks in random order."""
    yield from rng.permutation(np.flatnonzero(task.allowed)).tolist()


def evolution(
    task: Task, rng: np.random.Generator, population: int = 20, sample: int = 10
) -> Generator[int, None, None]:
    """Regularised evolution (Real et al., 2019): the oldest dies, the best of a sample has a child."""
    living = rng.choice(np.flatnonzero(task.allowed), population, replace=False).tolist()
    seen = set(living)
    yield from living
    while True:
        chosen = rng.choice(living, sample, replace=False)
        parent = max(chosen, key=lambda row: task.table.accuracy[row])
        child = int(rng.choice(neighbours(task, parent, seen) or neighbours(task, parent)))
        seen.add(child)
        yield child
        living = [*living[1:], child]


def local_search(task: Task, rng: np.random.Generator, pool: int = 1) -> Generator[int, None, None]:
    """Move from the best of a pool to the first better neighbour; start again where there is none (White et al., 2021).

    Every later start is one network.
    """
    while True:
        known = rng.choice(np.flatnonzero(task.allowed), pool, replace=False).tolist()
        yield from known
        here, pool = max(known, key=lambda row: task.table.accuracy[row]), 1
        moved = True
        while moved:
            moved = False
            for row in rng.permutation(neighbours(task, here)).tolist():
                yield row
                if task.table.accuracy[row] > task.table.accuracy[here]:
                    here, moved = row, True
                    break


def user(task: Task, rng: np.random.Generator, pool: int = 10, children: int = 5) -> Generator[int, None, None]:
    """Today's operations by a script: a pool of samples; then all ablations and some variations of the best model,
    again and again, of the best one that was not edited yet."""
    known = rng.choice(np.flatnonzero(task.allowed), pool, replace=False).tolist()
    yield from known
    edited: set[int] = set()
    while True:
        open_models = [row for row in known if row not in edited]
        if not open_models:
            known.append(int(rng.choice(np.flatnonzero(task.allowed))))
            yield known[-1]
            continue
        parent = max(open_models, key=lambda row: task.table.accuracy[row])
        edited.add(parent)
        options = neighbours(task, parent, known)
        shorter = set(task.table.near[parent][task.table.shorter[parent]].tolist())
        ablations = [row for row in options if row in shorter]
        others = [row for row in options if row not in ablations]
        for row in [*ablations, *rng.permutation(others)[:children].tolist()]:
            yield row
            known.append(row)


def suggestions(
    task: Task, rng: np.random.Generator, pool: int = MIN_VALUES, shown: int = 1
) -> Generator[int, None, None]:
    """The product's suggestions; of those shown, the one that turns out most accurate is trained."""
    known = rng.choice(np.flatnonzero(task.allowed), pool, replace=False).tolist()
    yield from known
    while True:
        rows = candidates(task, known, rng)
        if not len(rows):
            return
        row = max(suggested(task, known, rows, shown), key=lambda one: task.table.accuracy[one])
        yield row
        known.append(row)


def candidates(task: Task, known: list[int], rng: np.random.Generator) -> np.ndarray:
    """Neighbours of the models that are nearest to the front, and new samples, as in the product."""
    table = task.table
    values, sizes = table.accuracy[known], table.parameters[known]
    lacking = [values[sizes <= size].max() - value for size, value in zip(sizes, values, strict=True)]
    parents = np.lexsort((-values, lacking))[:PARENTS]
    found = {row for parent in parents for row in neighbours(task, known[parent], known)}
    found.update(rng.choice(np.flatnonzero(task.allowed), FRESH).tolist())
    return np.array(sorted(found - set(known)))


def suggested(task: Task, known: list[int], rows: np.ndarray, n: int) -> list[int]:
    """The n best of the candidates by the product's acquisition; the most varied where nothing can be predicted."""
    table = task.table
    try:
        process = fit_process(table.features[known], log_errors(table.accuracy[known]))
    except InvalidDistances:
        process = None
    if process is None or not process.is_better_than_guessing:
        return rows[farthest(table.features[rows], table.features[known], n)].tolist()
    allowed = np.ones(len(known), dtype=bool)
    front = front_of_models(table.parameters[known], table.accuracy[known], allowed, task.cap)
    costs = np.log(table.parameters[rows])
    return [int(rows[pick.row]) for pick in choose(process.posterior(table.features[rows]), costs, front, n)]
