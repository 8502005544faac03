"""`remap sample` and `remap status`: asking the trainer for models, and asking how it is."""

from __future__ import annotations

import json
import time
from typing import Annotated, Any

import typer

from remap_core import services
from remap_core.catalogue.folder import DataFolder
from remap_core.catalogue.heartbeat import read_trainer
from remap_core.catalogue.inbox import Inbox
from remap_core.catalogue.reader import Catalogue
from remap_core.catalogue.snapshot import open_snapshot
from remap_core.children.times import estimate_time, queue_seconds
from remap_core.commands import Enqueue
from remap_core.errors import NoCatalogue
from remap_core.settings import read_settings
from remap_core.space.text import layers_text
from remap_core.training.datasets import canonical_name, load_dataset
from remap_core.trials import MOST_REPEATS, Trial, TrialState

NOT_ALIVE = 3


def sample(
    n: Annotated[int, typer.Option(min=1, max=100_000, help="How many architectures.")] = 100,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the sampling.")] = 0,
    dataset: Annotated[
        str | None, typer.Option(help="digits, or the path of an .npz file; default: the setting.")
    ] = None,
) -> None:
    """Sample architectures and put them into the queue.

    None is a duplicate of what the catalogue holds. Works without a trainer: the next one takes them up.
    """
    settings, _ = read_settings()
    folder = DataFolder(settings.home)
    card = load_dataset(canonical_name(dataset or settings.dataset)).card()
    proposals = services.propose_initial(settings, card, n, seed, _known(folder, card.name))
    command = Inbox(folder).send(Enqueue(proposals), time.time())
    typer.echo(f"Sent {n} architectures for {card.name} (seed {seed}) as command {command}.")
    if read_trainer(folder, time.time()) is None:
        typer.echo("No trainer is alive; they wait for one: remap trainer")


def repeat(
    model: Annotated[int, typer.Argument(metavar="ID", help="The model, by its number.")],
    seeds: Annotated[int, typer.Option(min=1, max=MOST_REPEATS, help="How many further seeds.")] = 3,
) -> None:
    """Train a complete model again with other seeds: its accuracy becomes a mean with a spread.

    It stays one model everywhere. Works without a trainer: the next one takes the trainings up.
    """
    settings, _ = read_settings()
    folder = DataFolder(settings.home)
    catalogue = open_snapshot(folder)
    repeated = catalogue.trial(catalogue.trial(model).model)
    proposals = services.propose_repeats(catalogue, repeated, seeds, time.time())
    command = Inbox(folder).send(Enqueue(proposals), time.time())
    chosen = ", ".join(str(proposal.config.seed) for proposal in proposals)
    typer.echo(f"Sent model {repeated.id} with seed {chosen} as command {command}.")
    trainer = read_trainer(folder, time.time())
    estimate = estimate_time(catalogue.population(repeated.proposal.dataset))
    if estimate:
        waiting = [Trial(0, proposal, TrialState.WAITING, 0.0, 1, 0.0) for proposal in proposals]
        seconds = queue_seconds(waiting, estimate, trainer.workers if trainer else 1)
        typer.echo(f"They take about {seconds:.0f} s, once it is their turn.")
    if trainer is None:
        typer.echo("No trainer is alive; they wait for one: remap trainer")


def status(as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")] = False) -> None:
    """Show whether a trainer is alive, how many models are in which state, what is running, and the best model.

    Exit code 0 when a trainer is alive, 3 when none is.
    """
    settings, _ = read_settings()
    folder = DataFolder(settings.home)
    report = _report(folder, time.time())
    if as_json:
        typer.echo(json.dumps(report, indent=2))
    else:
        _print(report)
    raise typer.Exit(0 if report["trainer"]["alive"] else NOT_ALIVE)


def _newest(folder: DataFolder) -> Catalogue | None:
    try:
        return open_snapshot(folder)
    except NoCatalogue:
        return None


def _known(folder: DataFolder, dataset: str) -> set[str]:
    catalogue = _newest(folder)
    return set(catalogue.fingerprints(dataset)) if catalogue else set()


def _report(folder: DataFolder, now: float) -> dict[str, Any]:
    catalogue = _newest(folder)
    counts = catalogue.counts() if catalogue else dict.fromkeys(TrialState, 0)
    queue = catalogue.queue(finished=0) if catalogue else []
    return {
        "home": str(folder.home),
        "trainer": _trainer_report(folder, now),
        "paused": catalogue.paused() if catalogue else False,
        "counts": {state.value: counts[state] for state in TrialState},
        "running": [_trial_report(trial) for trial in queue if trial.state is TrialState.RUNNING],
        "best": {name: _best_report(catalogue, name) for name in catalogue.datasets()} if catalogue else {},
    }


def _trainer_report(folder: DataFolder, now: float) -> dict[str, Any]:
    trainer = read_trainer(folder, now)
    if trainer is None or not trainer.is_alive(now):
        return {"alive": False}
    return {
        "alive": True,
        "pid": trainer.pid,
        "version": trainer.version,
        "device": trainer.device,
        "workers": trainer.workers,
        "heartbeat_seconds_ago": round(now - trainer.heartbeat, 1),
        "message": trainer.message,
    }


def _trial_report(trial: Trial) -> dict[str, Any]:
    return {
        "model": trial.id,
        "epoch": trial.epochs_done,
        "epochs": trial.proposal.config.epochs,
        "parameters": trial.architecture.parameters,
        "validation_accuracy": trial.accuracy,
        "accuracy_deviation": trial.score.deviation if trial.score else None,
        "seeds": trial.score.seeds if trial.score else 1,
    }


def _best_report(catalogue: Catalogue, dataset: str) -> dict[str, Any] | None:
    best = catalogue.best(dataset)
    return _trial_report(best) | {"layers": layers_text(best.architecture.layers)} if best else None


def _print(report: dict[str, Any]) -> None:
    trainer = report["trainer"]
    if trainer["alive"]:
        age = trainer["heartbeat_seconds_ago"]
        where = trainer["device"] or "starting"
        typer.echo(f"Trainer: alive (pid {trainer['pid']}, {where}, {trainer['workers']} at once, seen {age} s ago)")
    else:
        typer.echo(f"Trainer: none is alive in {report['home']}")
    if trainer.get("message"):
        typer.echo(f"         {trainer['message']}")
    paused = " (paused)" if report["paused"] else ""
    typer.echo("Trials:  " + ", ".join(f"{count} {state}" for state, count in report["counts"].items()) + paused)
    for trial in report["running"]:
        typer.echo(f"Running: model {trial['model']}, epoch {trial['epoch']} of {trial['epochs']}")
    for dataset, best in report["best"].items():
        if best:
            spread = f"± {100 * best['accuracy_deviation']:.1f} ({best['seeds']} seeds) " if best["seeds"] > 1 else ""
            typer.echo(
                f"Best:    model {best['model']} on {dataset}: {100 * best['validation_accuracy']:.1f} % {spread}"
                f"with {best['parameters']:,} parameters ({best['layers']})"
            )
