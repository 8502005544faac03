"""Which of many candidates to train next: those that are expected to improve the front the most, and not all the same.

They are chosen one after the other, each as if the ones before it were trained and were as good as expected, so that
what they will tell is not asked for twice.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from remap_core.analysis.suggest.hypervolume import Front
from remap_core.analysis.suggest.process import MIN_SCALE, Posterior
from remap_core.trials.population import Floats

PLAIN = 0.5
"""The share of exploration that is the expected improvement as it is."""


@dataclass(frozen=True)
class Pick:
    """A chosen candidate. gain: expected improvement of the hypervolume. chance: of moving the front, 0..1."""

    row: int
    gain: float
    chance: float


def choose(
    posterior: Posterior,
    costs: Floats,
    front: Front,
    n: int,
    *,
    explore: float = PLAIN,
    excluded: Collection[int] = (),
) -> list[Pick]:
    """At most n of m candidates, best first; only rows that are not `excluded`.

    costs: (m,), as the front's. explore: 0 (predictions are taken for granted) to 1 (their uncertainty counts double);
    0.5 takes it as it is. The chance is that of one training to move the front of all models before it.
    """
    open_rows = np.ones(len(costs), dtype=bool)
    open_rows[list(excluded)] = False
    chosen: list[Pick] = []
    first_chance = front.chance(costs, posterior.mean, posterior.deviation)
    while len(chosen) < n and open_rows.any():
        gains = front.expected_improvement(costs, posterior.mean, posterior.deviation * explore / PLAIN)
        gains = np.where(open_rows, gains, -np.inf)
        row = int(np.lexsort((posterior.mean, gains))[-1])
        chosen.append(Pick(row, float(gains[row]), float(first_chance[row])))
        open_rows[row] = False
        front = front.with_model(costs[row], float(posterior.mean[row]))
        posterior = posterior.believing(row)
    return chosen


def ranked(
    posterior: Posterior, costs: Floats, front: Front, *, explore: float = PLAIN, excluded: Collection[int] = ()
) -> list[Pick]:
    """All candidates that are not excluded, by what each alone is expected to add; arguments as of `choose`."""
    gains = front.expected_improvement(costs, posterior.mean, posterior.deviation * explore / PLAIN)
    chance = front.chance(costs, posterior.mean, posterior.deviation)
    left_out = set(excluded)
    order = np.lexsort((posterior.mean, gains))[::-1].tolist()
    return [Pick(row, float(gains[row]), float(chance[row])) for row in order if row not in left_out]


def farthest(candidates: Floats, known: Floats, n: int) -> list[int]:
    """At most n of m candidates, each as far as can be from what is known and from those before it.

    Extreme candidates are odd networks, but they teach a process the most: decision 031 has the figures. candidates:
    (m, d). known: (k, d); with k = 0 the first is the one nearest to the middle of the candidates.
    """
    scale = np.maximum(np.vstack([candidates, known]).std(axis=0), MIN_SCALE)
    points = candidates / scale
    nearest = -_distances(points, points.mean(axis=0, keepdims=True))[:, 0]
    if len(known):
        nearest = _distances(points, known / scale).min(axis=1)
    taken = np.zeros(len(points), dtype=bool)
    chosen: list[int] = []
    while len(chosen) < min(n, len(points)):
        row = int(np.argmax(nearest))
        from_row = _distances(points, points[row : row + 1])[:, 0]
        nearest = np.minimum(nearest, from_row) if len(known) or chosen else from_row
        chosen.append(row)
        taken[row] = True
        nearest = np.where(taken, -np.inf, nearest)
    return chosen


def _distances(rows: Floats, columns: Floats) -> Floats:
    squares = (rows**2).sum(axis=1)[:, None] + (columns**2).sum(axis=1)[None, :] - 2 * rows @ columns.T
    return np.asarray(np.sqrt(np.maximum(squares, 0)))
