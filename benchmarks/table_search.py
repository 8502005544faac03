"""How many trainings a search needs, replayed on tables of networks of our own that the product trained.

    python -m benchmarks.table_search --repeats 100 --plot docs/table-search.svg

The tables are `benchmarks/tables/*.parquet`, made by `benchmarks.trained_table` (docs/evidence.md has the commands).
The players are those of `benchmarks.search`, and pay as there: for each network once, never for one that is over the
cap on parameters. Each begins with ten random networks, the same ones for all but the random player, and goes on for
40. Caps are the median of the table's parameters, and none. Measured are

- trainings after the first ten until one of the three most accurate networks under the cap; 0 if it is among the ten;
- hypervolume regret: the share of the table's hypervolume that is still lacking, of accuracy over guessing against the
  logarithm of parameters, up to the cap (without one, to the largest network).

A table is closed: most edits of a network are not in it. A neighbour is one of the ten nearest networks that are not
trained yet, by the cost of aligning their layers (`space/alignment.py`: 1 for a changed layer, 2 for one more or less),
and among equally near ones by plain features; an ablation is one with fewer layers. So no player runs out of
neighbours, and later ones are farther away. Policies were fixed before the first run, on seeds from 1,000 on.

A third of each table are variations of its best networks, so good ones have the nearest neighbours. `--sampled` leaves
the variations out, to see what that does.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow.parquet as pq

from benchmarks.curve_panels import Curve, Panel, svg_of
from benchmarks.search_players import (
    Player,
    Table,
    Task,
    evolution,
    local_search,
    random,
    rows_trained,
    suggestions,
    user,
)
from benchmarks.trained_table import read_table, sampled_first
from remap_core.analysis.suggest.features import features_of
from remap_core.analysis.suggest.hypervolume import Front
from remap_core.analysis.suggest.process import MIN_SCALE
from remap_core.space.alignment import align, alignment_cost
from remap_core.space.architecture import Architecture

TABLES = Path(__file__).parent / "tables"
START, TRAININGS = 10, 40
GOALS = 3
NEIGHBOURS = 10
FIRST_SEED = 1_000
SHOWN = (5, 10, 20, 40)
"""Trainings after which regrets are printed."""
WITH_BAND = ("scripted user", "suggestions")
"""Players whose band is drawn: six on top of each other cannot be read."""
BAND = (5, 95)
"""Percentiles of the repeats between which the 90 % band lies."""

PLAYERS: dict[str, Player] = {
    "random": random,
    "evolution": partial(evolution, population=START, sample=START // 2),
    "local search": partial(local_search, pool=START),
    "scripted user": partial(user, pool=START),
    "suggestions": partial(suggestions, pool=START),
    "three shown": partial(suggestions, pool=START, shown=3),
}


class Result(NamedTuple):
    """Of r searches: trainings until the goal (r,), and regrets (r, TRAININGS + 1) after 0, 1, ... trainings."""

    needed: np.ndarray
    regrets: np.ndarray


def main() -> None:
    """Print the table, and draw it."""
    parser = argparse.ArgumentParser(description="How many trainings a search needs, on tables of our own.")
    parser.add_argument("tables", type=Path, nargs="*", default=sorted(TABLES.glob("*.parquet")))
    parser.add_argument("--repeats", type=int, default=100)
    parser.add_argument("--first-seed", type=int, default=FIRST_SEED)
    parser.add_argument("--players", nargs="+", default=list(PLAYERS), choices=PLAYERS)
    parser.add_argument("--sampled", action="store_true", help="leave out variations of the best networks")
    parser.add_argument("--plot", type=Path, help="an .svg file to write")
    options = parser.parse_args()
    panels = []
    for path in options.tables:
        table, guessing = prepared(path, sampled=options.sampled)
        for cap in (int(np.median(table.parameters)), None):
            task = task_of(table, cap)
            title = f"{path.stem}, {'no cap' if cap is None else f'at most {cap:,} parameters'}"
            print(f"\n{title}: {task.allowed.sum()} networks, best {table.accuracy[task.allowed].max():.3f}")
            header = "".join(f"  {f'regret after {trainings}':>18}" for trainings in SHOWN)
            print(f"{'player':14} {'median':>7} {'mean':>6} {'90 %':>6}{header}")
            found = []
            for name in options.players:
                found.append(replayed(task, guessing, PLAYERS[name], options.first_seed, options.repeats))
                print(f"{name:14} {_line(found[-1])}", flush=True)
            curves = [_curve(name, result.regrets) for name, result in zip(options.players, found, strict=True)]
            panels.append(Panel(title, curves))
    if options.plot:
        caption = "Hypervolume regret against trainings after the first ten: mean, and the 90 % band of two players"
        options.plot.write_text(
            svg_of(panels, options.players, caption, levels=(0, 0.25, 0.5), columns=2), encoding="utf-8"
        )


def prepared(path: Path, *, sampled: bool = False) -> tuple[Table, float]:
    """A table of trained networks, or of those that were sampled, and the accuracy of guessing."""
    about = json.loads(pq.read_schema(path).metadata[b"remap"])
    networks, accuracy = read_table(path)
    if sampled:
        networks, accuracy = networks[: sampled_first(about["networks"])], accuracy[: sampled_first(about["networks"])]
    features = features_of(networks)
    near = nearest(networks, features)
    depths = np.array([len(network.layers) for network in networks])
    parameters = np.array([network.parameters for network in networks])
    table = Table(accuracy, parameters, features, near, depths[near] < depths[:, None], NEIGHBOURS)
    return table, 1 / about["classes"]


def nearest(networks: Sequence[Architecture], features: np.ndarray) -> np.ndarray:
    """(n, n - 1): for each network the rows of all others, the nearest first."""
    points = features / np.maximum(features.std(axis=0), MIN_SCALE)
    rows = []
    for here, network in enumerate(networks):
        costs = [alignment_cost(align(network.layers, other.layers)) for other in networks]
        apart = np.linalg.norm(points - points[here], axis=1)
        order = np.lexsort((apart, costs))
        rows.append(order[order != here])
    return np.array(rows)


def task_of(table: Table, cap: int | None) -> Task:
    """The search under a cap for one of the most accurate networks; ties with the last of them count."""
    allowed = table.parameters <= (cap or np.inf)
    enough = np.sort(table.accuracy[allowed])[-GOALS]
    return Task(table, cap, allowed, frozenset(np.flatnonzero(allowed & (table.accuracy >= enough)).tolist()))


def replayed(task: Task, guessing: float, player: Player, first_seed: int, repeats: int) -> Result:
    """What a player reaches in independent searches."""
    needed, regrets = [], []
    for seed in range(first_seed, first_seed + repeats):
        rows: list[int] = []
        reached = None
        for row in rows_trained(task, player, seed, int(task.allowed.sum())):
            rows.append(row)
            if reached is None and row in task.goal:
                reached = max(len(rows) - START, 0)
            if reached is not None and len(rows) >= START + TRAININGS:
                break
        needed.append(reached)
        regrets.append(regrets_of(task, guessing, rows[: START + TRAININGS]))
    return Result(np.array(needed), np.array(regrets))


def regrets_of(task: Task, guessing: float, rows: Sequence[int]) -> np.ndarray:
    """(TRAININGS + 1,) of 0..1: the hypervolume that is lacking after the first START rows, and each later one."""
    table = task.table
    worst_cost = float(np.log(task.cap or table.parameters.max()))

    def hypervolume(known: Sequence[int]) -> float:
        costs = np.log(table.parameters[known])
        return Front.of(costs, table.accuracy[known], worst_cost=worst_cost, worst_value=guessing).hypervolume

    whole = hypervolume(np.flatnonzero(task.allowed).tolist())
    return np.array([1 - hypervolume(rows[:n]) / whole for n in range(START, START + TRAININGS + 1)])


def _line(result: Result) -> str:
    text = f"{np.median(result.needed):7.1f} {result.needed.mean():6.1f} {np.percentile(result.needed, 90):6.0f}"
    for trainings in SHOWN:
        regrets = 100 * result.regrets[:, trainings]
        low, high = np.percentile(regrets, BAND)
        text += f"  {f'{regrets.mean():.1f} ({low:.1f}-{high:.1f})':>18}"
    return text


def _curve(name: str, regrets: np.ndarray) -> Curve:
    if name not in WITH_BAND:
        return Curve(regrets.mean(axis=0))
    return Curve(regrets.mean(axis=0), *np.percentile(regrets, BAND, axis=0))


if __name__ == "__main__":
    main()
