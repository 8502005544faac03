"""How many trainings a search needs, replayed on a table of networks that were all trained: NAS-Bench-Macro.

    python -m benchmarks.search ../shared/data/nas_bench_macro.json --repeats 300 --plot docs/search.svg

NAS-Bench-Macro (Su et al., Prioritized architecture sampling with Monte-Carlo tree search, CVPR 2021) has the test
accuracy, parameters and multiply-adds of all 6,561 networks of eight layers with three choices each, on CIFAR-10. A
player pays for each network that it has trained, and never for one that is over the cap on parameters: these are
refused for free, as are those that were trained before. The table shows the median number of trainings until a network
is within 0.3 points of the best one under the cap, with the 90th percentile, over independent repeats.

Suggestions are the product's: its process, its expected improvement of the front, and candidates like its own (all
networks one layer away from the ten that are nearest to the front, and 150 new samples), over features of this space.
What a process needs at least is sampled first. "three shown" is a person who takes the most accurate of the best three,
which nobody can know before; it bounds what looking can add. TPE needs `pip install optuna`.
"""

from __future__ import annotations

import argparse
import json
import time
import warnings
from collections.abc import Generator
from concurrent.futures import ProcessPoolExecutor
from functools import cache, partial
from importlib.util import find_spec
from pathlib import Path

import numpy as np

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

NEAR = 0.003
CAPS = {"750k": 750_000, "1M": 1_000_000, "none": None}
LAYERS, CHOICES = 8, 3
MOST = 1_500
"""Trainings after which a player is stopped."""
TPE_ASKS, TPE_REPEATS = 400, 100
"""Networks that TPE may name in a search, with those that are refused, and its repeats: it is slow."""
FIRST_SEED = 1_000
"""Lower ones were looked at while the policies were made."""
ACROSS = 100
"""Trainings that the plot shows."""


@cache
def read_table(path: Path) -> Table:
    """The table of the file; raises OSError without one."""
    entries = dict(sorted(json.loads(path.read_text(encoding="utf-8")).items()))
    codes = np.array([[int(choice) for choice in code] for code in entries])
    parameters = np.array([entry["params"] for entry in entries.values()])
    multiply_adds = np.array([entry["flops"] for entry in entries.values()])
    one_hot = (codes[:, :, None] == np.arange(1, CHOICES)).reshape(len(codes), -1)
    counts = np.stack([(codes == choice).sum(axis=1) for choice in range(CHOICES)], axis=1)
    weights = CHOICES ** np.arange(LAYERS - 1, -1, -1)
    steps = (np.arange(CHOICES) - codes[:, :, None]) * weights[:, None]  # (n, layers, choices), in rows
    other = steps != 0
    return Table(
        np.array([entry["mean_acc"] for entry in entries.values()]) / 100,
        parameters,
        np.column_stack([one_hot, counts, np.log(parameters), np.log(multiply_adds)]).astype(float),
        near=(np.arange(len(codes))[:, None, None] + steps)[other].reshape(len(codes), -1),
        shorter=np.broadcast_to(np.arange(CHOICES) == 0, steps.shape)[other].reshape(len(codes), -1),
        neighbours=LAYERS * (CHOICES - 1),
    )


def task_of(table: Table, cap: int | None) -> Task:
    """The search under a cap."""
    allowed = table.parameters <= (cap or np.inf)
    best = table.accuracy[allowed].max()
    goal = np.flatnonzero(allowed & (table.accuracy >= best - NEAR))
    return Task(table, cap, allowed, frozenset(goal.tolist()))


def row_of(code: np.ndarray) -> int:
    """The row of a network in a table of all of them, in the order of their codes."""
    return int(code @ CHOICES ** np.arange(LAYERS - 1, -1, -1))


def trainings_needed(task: Task, player: Player, seed: int) -> int:
    """Trainings until one of the goal; MOST where it does not get there."""
    for trainings, row in enumerate(rows_trained(task, player, seed, MOST), start=1):
        if row in task.goal:
            return trainings
    return MOST


def tpe(task: Task, rng: np.random.Generator) -> Generator[int, None, None]:
    """The tree-structured Parzen estimator of Optuna, which is told of the cap as a constraint, for free."""
    import optuna  # noqa: PLC0415 (optional)

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    warnings.filterwarnings("ignore", category=optuna.exceptions.ExperimentalWarning)
    warnings.filterwarnings("ignore", category=FutureWarning, module="optuna")
    sampler = optuna.samplers.TPESampler(
        seed=int(rng.integers(2**31)), constraints_func=lambda trial: (trial.user_attrs["over"],)
    )
    study = optuna.create_study(direction="maximize", sampler=sampler)
    for _ in range(TPE_ASKS):
        trial = study.ask()
        code = [trial.suggest_categorical(f"layer {layer}", list(range(CHOICES))) for layer in range(LAYERS)]
        row = row_of(np.array(code))
        trial.set_user_attr("over", float(task.table.parameters[row] - (task.cap or np.inf)))
        if task.allowed[row]:
            yield row
        study.tell(trial, task.table.accuracy[row] if task.allowed[row] else 0.0)


PLAYERS: dict[str, Player] = {
    "random": random,
    "evolution": evolution,
    "local search": local_search,
    "TPE": tpe,
    "scripted user": user,
    "suggestions": suggestions,
    "three shown": partial(suggestions, shown=3),
}


def main() -> None:
    """Print the table, and draw it."""
    parser = argparse.ArgumentParser(description="How many trainings a search needs, on NAS-Bench-Macro.")
    parser.add_argument("table", type=Path)
    parser.add_argument("--repeats", type=int, default=300)
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--players", nargs="+", default=list(PLAYERS), choices=PLAYERS)
    parser.add_argument("--caps", nargs="+", default=list(CAPS), choices=CAPS)
    parser.add_argument("--plot", type=Path, help="an .svg file to write")
    options = parser.parse_args()
    players = options.players
    if "TPE" in players and find_spec("optuna") is None:
        print("TPE is skipped: Optuna is not installed (pip install optuna).")
        players = [name for name in players if name != "TPE"]
    found: dict[tuple[str, str], np.ndarray] = {}
    print(f"{'player':14} {'cap':>5} {'median':>7} {'mean':>7} {'90 %':>6} {'seconds':>8}")
    for name in players:
        for cap in options.caps:
            started = time.perf_counter()
            run = partial(_needed, options.table, name, cap)
            repeats = min(options.repeats, TPE_REPEATS) if name == "TPE" else options.repeats
            seeds = range(FIRST_SEED, FIRST_SEED + repeats)
            with ProcessPoolExecutor(options.processes) as pool:
                needed = np.array(list(pool.map(run, seeds, chunksize=10)))
            found[name, cap] = needed
            print(
                f"{name:14} {cap:>5} {np.median(needed):7.1f} {needed.mean():7.1f} {np.percentile(needed, 90):6.0f} "
                f"{time.perf_counter() - started:8.1f}",
                flush=True,
            )
    if options.plot:
        options.plot.write_text(_plot(found, players, options.caps), encoding="utf-8")


def _needed(path: Path, name: str, cap: str, seed: int) -> int:
    return trainings_needed(task_of(read_table(path), CAPS[cap]), PLAYERS[name], seed)


def _plot(found: dict[tuple[str, str], np.ndarray], players: list[str], caps: list[str]) -> str:
    panels = []
    for cap in caps:
        title = "no cap" if CAPS[cap] is None else f"at most {cap} parameters"
        shares = [[np.mean(found[name, cap] <= trainings) for trainings in range(ACROSS + 1)] for name in players]
        panels.append(Panel(title, [Curve(np.array(share)) for share in shares]))
    caption = "Trainings until within 0.3 points of the best, share of searches"
    return svg_of(panels, players, caption, levels=(0, 0.5, 1))


if __name__ == "__main__":
    main()
