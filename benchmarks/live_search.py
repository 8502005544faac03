"""How good a network twenty more trainings find, on Quick, Draw! images, trained live: the paper's use case.

    python -m benchmarks.live_search --home /tmp/live --workers 2

For each seed a pool is sampled and trained; then each player trains 20 more networks from the same pool, with the
product's own operations and trainer: `lab.train`. Every player is told the cap on parameters and trains nothing above
it; the pool is sampled up to --pool-parameters, so that it holds larger models, as a person's does. Players:

- random: new samples;
- evolution: regularised evolution (Real et al., 2019). The pool's models under the cap are its population; the best of
  a sample of S = 10 has a child of one random edit, and the oldest dies;
- scripted user: all ablations and five variations of the best model, again and again, of the best one that was not
  edited yet, as in `benchmarks.search_players`;
- suggestions: the first of `lab.suggest`, one training after the other.

Printed are, after 0, 5, 10 and 20 trainings, the best validation accuracy under the cap, or without a cap the
hypervolume (accuracy over guessing, natural logarithm of parameters up to --pool-parameters): median over the seeds,
the smallest and the largest. What was trained stays in --home: a run that was broken off goes on. Policies were fixed
before the first run.
"""

from __future__ import annotations

import argparse
import os
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.curve_panels import Curve, Panel, svg_of
from remap_core.analysis.suggest.hypervolume import Front
from remap_core.lab.designs.new_designs import design_of
from remap_core.lab.lab import Lab
from remap_core.lab.lab import open as open_lab
from remap_core.services.proposals import plan_of
from remap_core.space.architecture import Architecture
from remap_core.space.caps import Cap, Caps, Cost, exceeded, tightest
from remap_core.space.edits import ablations
from remap_core.space.markov.search_spaces import REMAP_2019
from remap_core.space.variations import VariationRequest, everything_allowed, variations
from remap_core.trials.trial import Origin

DATA = "../shared/data/quickdraw_train.npz#8000"
CAP = 8_300
"""Parameters of the network that the paper's user ended with."""
SHOWN = (0, 5, 10, 20)
WITH_BAND = ("scripted user", "suggestions")
"""Players whose range is drawn: four on top of each other cannot be read."""
SAMPLE, CHILDREN = 10, 5
DONE = "search-is-over"

Player = Callable[[Lab, Caps, np.random.Generator], Iterator[object]]
"""Yields what to train next; what it yielded before is trained when it goes on."""


def main() -> None:
    """Train what is lacking, then print the tables."""
    parser = argparse.ArgumentParser(description="How good a network twenty more trainings find.")
    parser.add_argument("--data", default=DATA, help="a data set, or an .npz file (#N for its first images)")
    parser.add_argument("--home", type=Path, required=True, help="folder of what was trained, kept")
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--pool", type=int, default=40)
    parser.add_argument("--pool-parameters", type=int, default=30_000)
    parser.add_argument("--trainings", type=int, default=SHOWN[-1])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--caps", type=int, nargs="+", default=[CAP, 0], help="on parameters; 0 for none")
    parser.add_argument("--players", nargs="+", default=list(PLAYERS), choices=PLAYERS)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--plot", type=Path, help="an .svg file to write")
    options = parser.parse_args()
    path, _, _ = options.data.partition("#")
    if path.endswith(".npz") and not Path(path).exists():
        print(f"{options.data} is not there: skipped")
        return
    os.environ["OMP_NUM_THREADS"] = "1"
    with ProcessPoolExecutor(options.workers) as processes:
        pools = [processes.submit(train_pool, options, seed) for seed in range(options.seeds)]
        for pool in pools:
            pool.result()
        searches = {
            (cap, name): [processes.submit(searched, options, seed, cap, name) for seed in range(options.seeds)]
            for cap in options.caps
            for name in options.players
        }
        curves = {key: np.array([search.result() for search in seeds]) for key, seeds in searches.items()}
    for cap in options.caps:
        print_table(options, cap, {name: curves[cap, name] for name in options.players})
    if options.plot:
        options.plot.write_text(plot_of(options, curves), encoding="utf-8")


def train_pool(options: argparse.Namespace, seed: int) -> None:
    """Train the first models of a seed."""
    home = pool_home(options, seed)
    if (home / DONE).exists():
        return
    lab = opened(options, home)
    started = time.perf_counter()
    lab.train([sampled_design(lab, (), 1_000 + seed, number) for number in range(options.pool)], progress=False)
    (home / DONE).touch()
    print(f"seed {seed}: {len(lab.models)} models, {time.perf_counter() - started:.0f} s", flush=True)


def pool_home(options: argparse.Namespace, seed: int) -> Path:
    """The data folder of the first models of a seed."""
    return options.home / f"{seed}-pool"


def opened(options: argparse.Namespace, home: Path) -> Lab:
    """A lab on a data folder of this benchmark."""
    return open_lab(
        home,
        dataset=options.data,
        epochs=options.epochs,
        max_parameters=options.pool_parameters,
        space=REMAP_2019.name,
        device="cpu",
    )


def searched(options: argparse.Namespace, seed: int, cap: int, name: str) -> list[float]:
    """What a player has reached after 0, 1, ... trainings: accuracy under the cap, or the hypervolume without one."""
    home = options.home / f"{seed}-{cap}-{name.replace(' ', '-')}"
    done = home / DONE
    if not done.exists():
        shutil.rmtree(home, ignore_errors=True)
        shutil.copytree(pool_home(options, seed), home, ignore=shutil.ignore_patterns(DONE))
        lab = opened(options, home)
        caps = tightest([Cap(Cost.PARAMETERS, cap or options.pool_parameters, "this benchmark")])
        rng = np.random.default_rng([seed, cap])
        for number, asked in zip(range(options.trainings), PLAYERS[name](lab, caps, rng), strict=False):
            for model in lab.train(asked, progress=False):
                print(f"{seed} {cap:6} {name:14} {number + 1:2} {model.accuracy:.4f} {model.parameters:7,}", flush=True)
        done.touch()
    models = sorted(opened(options, home).models, key=lambda model: model.id)
    found = [(model.parameters, float(model.accuracy or 0)) for model in models]
    return [reached(found[:end], cap, options) for end in range(len(found) - options.trainings, len(found) + 1)]


def reached(found: Sequence[tuple[int, float]], cap: int, options: argparse.Namespace) -> float:
    """The best accuracy under the cap, or the hypervolume of all, as a share of all that there could be."""
    parameters, accuracy = np.array(found).T
    if cap:
        return float(accuracy[parameters <= cap].max(initial=0.0))
    guessing, worst_cost = 1 / 10, float(np.log(options.pool_parameters))
    front = Front.of(np.log(parameters), accuracy, worst_cost=worst_cost, worst_value=guessing)
    return front.hypervolume / (worst_cost * (1 - guessing))


def sampled_design(lab: Lab, caps: Caps, *seeds: int) -> object:
    """One new sample that was not tried before."""
    plan = plan_of(lab.settings, lab.card)
    plan = replace(plan, caps=tightest((*plan.caps, *caps)))
    seed = int(np.random.default_rng(seeds).integers(2**31))
    (one,) = plan.sample(1, seed, known(lab))
    return design_of(one, Origin.INITIAL, plan.space.name)


def known(lab: Lab) -> set[str]:
    """Fingerprints of what was trained."""
    return {model.architecture.fingerprint for model in lab.models}


def under(lab: Lab, caps: Caps) -> list[tuple[Architecture, float]]:
    """The models that keep to the caps, with their accuracies, in the order of their trainings."""
    kept = [model for model in lab.models if not exceeded(caps, model.architecture)]
    return [(model.architecture, float(model.accuracy or 0)) for model in sorted(kept, key=lambda model: model.id)]


def neighbours(parent: Architecture, caps: Caps, rng: np.random.Generator, number: int) -> list[Architecture]:
    """Variations by one edit."""
    request = VariationRequest(number, 1, everything_allowed(parent))
    return [one.child for one in variations(parent, REMAP_2019, request, rng, caps=caps).children if one.child]


def random(lab: Lab, caps: Caps, rng: np.random.Generator) -> Iterator[object]:
    """New samples."""
    while True:
        yield sampled_design(lab, caps, int(rng.integers(2**31)))


def evolution(lab: Lab, caps: Caps, rng: np.random.Generator) -> Iterator[object]:
    """Regularised evolution (Real et al., 2019)."""
    living = under(lab, caps)
    size = len(living)
    while True:
        chosen = [living[row] for row in rng.choice(size, min(SAMPLE, size), replace=False)]
        parent, _ = max(chosen, key=lambda one: one[1])
        tried = known(lab)
        children = [one for one in neighbours(parent, caps, rng, 20) if one.fingerprint not in tried]
        if children:
            yield design_of(children[0])
            living = [*living[1:], under(lab, caps)[-1]]


def scripted_user(lab: Lab, caps: Caps, rng: np.random.Generator) -> Iterator[object]:
    """All ablations and some variations of the best model that was not edited yet."""
    edited: set[str] = set()
    while True:
        models = [one for one in under(lab, caps) if one[0].fingerprint not in edited]
        parent, _ = max(models, key=lambda one: one[1])
        edited.add(parent.fingerprint)
        shorter = [one.child for one in ablations(parent) if one.child]
        for child in [*shorter, *neighbours(parent, caps, rng, CHILDREN)]:
            if child.fingerprint not in known(lab) and not exceeded(caps, child):
                yield design_of(child)


def suggestions(lab: Lab, caps: Caps, rng: np.random.Generator) -> Iterator[object]:  # noqa: ARG001
    """The first suggestion, one training after the other."""
    while True:
        yield lab.suggest(1, max_parameters=int(caps[0].limit))[0]


PLAYERS: dict[str, Player] = {
    "random": random,
    "evolution": evolution,
    "scripted user": scripted_user,
    "suggestions": suggestions,
}


def print_table(options: argparse.Namespace, cap: int, curves: Mapping[str, np.ndarray]) -> None:
    """Median, smallest and largest over the seeds."""
    print(f"\n{title(cap)}, {options.seeds} seeds")
    shown = [trainings for trainings in SHOWN if trainings <= options.trainings]
    print(f"{'player':14}" + "".join(f"{f'after {trainings}':>22}" for trainings in shown))
    for name, found in curves.items():
        cells = []
        for trainings in shown:
            values = 100 * found[:, trainings]
            cells.append(f"{np.median(values):.1f} ({values.min():.1f} to {values.max():.1f})")
        print(f"{name:14}" + "".join(f"{cell:>22}" for cell in cells))


def title(cap: int) -> str:
    """What is measured."""
    if cap:
        return f"Best validation accuracy (%) of at most {cap:,} parameters"
    return "Hypervolume of all models (% of what there could be)"


def plot_of(options: argparse.Namespace, curves: Mapping[tuple[int, str], np.ndarray]) -> str:
    """A panel for each cap."""
    panels = []
    for cap in options.caps:
        panels.append(
            Panel(
                f"at most {cap:,} parameters" if cap else "no cap: hypervolume",
                [_curve(name, curves[cap, name]) for name in options.players],
            )
        )
    highest = max(float(line.max()) for line in curves.values())
    lowest = min(float(line.min()) for line in curves.values())
    levels = (np.arange(np.floor(20 * lowest), np.ceil(20 * highest) + 1) / 20).tolist()
    caption = "Trainings: median, and range of two players"
    return svg_of(panels, options.players, caption, levels=levels)


def _curve(name: str, found: np.ndarray) -> Curve:
    median = np.median(found, axis=0)
    return Curve(median, found.min(axis=0), found.max(axis=0)) if name in WITH_BAND else Curve(median)


if __name__ == "__main__":
    main()
