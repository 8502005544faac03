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
from collections.abc import Callable, Generator
from concurrent.futures import ProcessPoolExecutor
from functools import cache, partial
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import numpy as np

from remap_core.analysis.suggest.batch import choose, farthest
from remap_core.analysis.suggest.log_errors import log_errors
from remap_core.analysis.suggest.model_front import front_of_models
from remap_core.analysis.suggest.process import MIN_VALUES, fit_process
from remap_core.errors import InvalidDistances

NEAR = 0.003
CAPS = {"750k": 750_000, "1M": 1_000_000, "none": None}
LAYERS, CHOICES = 8, 3
PARENTS, FRESH = 10, 150
MOST = 1_500
"""Trainings after which a player is stopped."""
TPE_ASKS, TPE_REPEATS = 400, 100
"""Networks that TPE may name in a search, with those that are refused, and its repeats: it is slow."""
FIRST_SEED = 1_000
"""Lower ones were looked at while the policies were made."""
PANEL, ACROSS = 240, 100
"""Pixels of a panel's side, and trainings across it."""
COLOURS = ("#999999", "#0072b2", "#009e73", "#cc79a7", "#e69f00", "#d55e00", "#000000")


class Table(NamedTuple):
    """n networks: their choices (n, 8), accuracies (0..1), parameters, and features (n, d)."""

    codes: np.ndarray
    accuracy: np.ndarray
    parameters: np.ndarray
    features: np.ndarray


class Task(NamedTuple):
    """A table under a cap: which networks are allowed, and which of them end the search."""

    table: Table
    cap: int | None
    allowed: np.ndarray
    goal: frozenset[int]


Player = Callable[[Task, np.random.Generator], Generator[int, None, None]]
"""Yields the row of the next network that it has trained; it may look at the accuracies of those it has yielded."""


@cache
def read_table(path: Path) -> Table:
    """The table of the file; raises OSError without one."""
    entries = dict(sorted(json.loads(path.read_text(encoding="utf-8")).items()))
    codes = np.array([[int(choice) for choice in code] for code in entries])
    parameters = np.array([entry["params"] for entry in entries.values()])
    multiply_adds = np.array([entry["flops"] for entry in entries.values()])
    one_hot = (codes[:, :, None] == np.arange(1, CHOICES)).reshape(len(codes), -1)
    counts = np.stack([(codes == choice).sum(axis=1) for choice in range(CHOICES)], axis=1)
    return Table(
        codes,
        np.array([entry["mean_acc"] for entry in entries.values()]) / 100,
        parameters,
        np.column_stack([one_hot, counts, np.log(parameters), np.log(multiply_adds)]).astype(float),
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


def neighbours(task: Task, row: int) -> list[int]:
    """The allowed networks that differ in one layer."""
    found = []
    code = task.table.codes[row]
    for layer in range(LAYERS):
        for choice in range(CHOICES):
            if choice != code[layer]:
                other = code.copy()
                other[layer] = choice
                found.append(row_of(other))
    return [other for other in found if task.allowed[other]]


def trainings_needed(task: Task, player: Player, seed: int) -> int:
    """Trainings until one of the goal; MOST where it does not get there."""
    trained: set[int] = set()
    for row in player(task, np.random.default_rng(seed)):
        if row in trained or not task.allowed[row]:
            continue
        trained.add(row)
        if row in task.goal:
            return len(trained)
        if len(trained) == MOST:
            break
    return MOST


# Players


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
        options = neighbours(task, parent)
        new = [row for row in options if row not in seen] or options
        child = int(rng.choice(new))
        seen.add(child)
        yield child
        living = [*living[1:], child]


def local_search(task: Task, rng: np.random.Generator) -> Generator[int, None, None]:
    """Move to the first better neighbour; start again where there is none (White et al., 2021)."""
    while True:
        here = int(rng.choice(np.flatnonzero(task.allowed)))
        yield here
        moved = True
        while moved:
            moved = False
            for row in rng.permutation(neighbours(task, here)).tolist():
                yield row
                if task.table.accuracy[row] > task.table.accuracy[here]:
                    here, moved = row, True
                    break


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
        options = [row for row in neighbours(task, parent) if row not in known]
        ablations = [
            row for row in options if (task.table.codes[row] == 0).sum() > (task.table.codes[parent] == 0).sum()
        ]
        others = [row for row in options if row not in ablations]
        for row in [*ablations, *rng.permutation(others)[:children].tolist()]:
            yield row
            known.append(row)


def suggestions(task: Task, rng: np.random.Generator, shown: int = 1) -> Generator[int, None, None]:
    """The product's suggestions; of those shown, the one that turns out most accurate is trained."""
    known = rng.choice(np.flatnonzero(task.allowed), MIN_VALUES, replace=False).tolist()
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
    found = {row for parent in parents for row in neighbours(task, known[parent])}
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
        options.plot.write_text(svg_of(found, players, options.caps), encoding="utf-8")


def _needed(path: Path, name: str, cap: str, seed: int) -> int:
    return trainings_needed(task_of(read_table(path), CAPS[cap]), PLAYERS[name], seed)


def svg_of(found: dict[tuple[str, str], np.ndarray], players: list[str], caps: list[str]) -> str:
    """For each cap, the share of searches that have ended after so many trainings, one line for each player."""
    panels = []
    for number, cap in enumerate(caps):
        left = 50 + number * (PANEL + 30)
        title = "no cap" if CAPS[cap] is None else f"at most {cap} parameters"
        panels.append(_text(left + PANEL / 2, 20, title, "middle"))
        panels += [
            _text(left + PANEL * x / ACROSS, 30 + PANEL + 16, str(x), "middle") for x in range(0, ACROSS + 1, 20)
        ]
        panels.append(f'<rect x="{left}" y="30" width="{PANEL}" height="{PANEL}" fill="none" stroke="#999"/>')
        for place, name in enumerate(players):
            ended = [np.mean(found[name, cap] <= trainings) for trainings in range(ACROSS + 1)]
            points = " ".join(
                f"{left + PANEL * x / ACROSS:.1f},{30 + PANEL * (1 - share):.1f}" for x, share in enumerate(ended)
            )
            panels.append(f'<polyline points="{points}" fill="none" stroke="{COLOURS[place]}" stroke-width="2"/>')
    right = 50 + len(caps) * (PANEL + 30)
    for place, name in enumerate(players):
        panels.append(f'<rect x="{right}" y="{36 + 20 * place}" width="14" height="4" fill="{COLOURS[place]}"/>')
        panels.append(_text(right + 20, 43 + 20 * place, name, "start"))
    panels += [_text(44, 30 + PANEL * (1 - share / 100) + 4, f"{share} %", "end") for share in (0, 50, 100)]
    panels.append(
        _text(50, 30 + PANEL + 36, "Trainings until within 0.3 points of the best, share of searches", "start")
    )
    size = f'width="{right + 110}" height="{PANEL + 76}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size}><rect width="100%" height="100%" fill="white"/>' + (
        "".join(panels) + "</svg>\n"
    )


def _text(x: float, y: float, text: str, anchor: str) -> str:
    font = 'font-family="sans-serif" font-size="12" fill="#222"'
    return f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}" {font}>{text}</text>'


if __name__ == "__main__":
    main()
