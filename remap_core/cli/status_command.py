"""`remap status`: how the trainer is and what it does, once or watched."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import datetime
from typing import Annotated, Any

import typer
from rich.live import Live
from rich.text import Text

from remap_core.catalogue.reader import Catalogue
from remap_core.catalogue.snapshot import open_snapshot
from remap_core.data_folder.folder import DataFolder
from remap_core.data_folder.heartbeat import read_trainer
from remap_core.errors import CatalogueError, NoCatalogue
from remap_core.settings import read_settings
from remap_core.space.text import layers_text
from remap_core.trials.trial import Trial, TrialState

NOT_ALIVE = 3
AGAIN = 1.0
"""Seconds between looks while watching."""


def status(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")] = False,
    watch: Annotated[bool, typer.Option("--watch", help="Show it anew every second, until Ctrl-C.")] = False,
) -> None:
    """Show whether a trainer is alive, how many models are in which state, what is running, and the best model.

    Exit code 0 when a trainer is alive, 3 when none is; 0 after watching.
    """
    if watch and as_json:
        raise typer.BadParameter("it is text that is watched: leave out --json or --watch.", param_hint="--watch")
    settings, _ = read_settings()
    folder = DataFolder(settings.home)
    if watch:
        _watch(folder)
        return
    report = _report(folder, time.time())
    typer.echo(json.dumps(report, indent=2) if as_json else "\n".join(_lines(report)))
    raise typer.Exit(0 if report["trainer"]["alive"] else NOT_ALIVE)


def _watch(folder: DataFolder, wait: Callable[[float], object] = time.sleep) -> None:
    """Show the status until Ctrl-C; what cannot be read just now is said, and looked for again."""
    with suppress(KeyboardInterrupt), Live(auto_refresh=False) as screen:
        while True:
            screen.update(Text(_watched(folder, time.time())), refresh=True)
            wait(AGAIN)


def _watched(folder: DataFolder, now: float) -> str:
    clock = f"{datetime.fromtimestamp(now).astimezone():%H:%M:%S}, every {AGAIN:.0f} s; Ctrl-C ends"
    try:
        return "\n".join([*_lines(_report(folder, now)), clock])
    except CatalogueError as error:
        return f"{error}\n{clock}"


def _report(folder: DataFolder, now: float) -> dict[str, Any]:
    with _newest(folder) as catalogue:
        return _reported(folder, catalogue, now)


@contextmanager
def _newest(folder: DataFolder) -> Iterator[Catalogue | None]:
    try:
        catalogue = open_snapshot(folder)
    except NoCatalogue:
        yield None
        return
    with closing(catalogue):
        yield catalogue


def _reported(folder: DataFolder, catalogue: Catalogue | None, now: float) -> dict[str, Any]:
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
        "heartbeat_seconds_ago": round(max(0.0, now - trainer.heartbeat), 1),
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


def _lines(report: dict[str, Any]) -> Iterator[str]:
    """The report for people."""
    trainer = report["trainer"]
    if trainer["alive"]:
        age = trainer["heartbeat_seconds_ago"]
        where = trainer["device"] or "starting"
        yield f"Trainer: alive (pid {trainer['pid']}, {where}, {trainer['workers']} at once, seen {age} s ago)"
    else:
        yield f"Trainer: none is alive in {report['home']}"
    if trainer.get("message"):
        yield f"         {trainer['message']}"
    paused = " (paused)" if report["paused"] else ""
    yield "Trials:  " + ", ".join(f"{count} {state}" for state, count in report["counts"].items()) + paused
    for trial in report["running"]:
        yield f"Running: model {trial['model']}, epoch {trial['epoch']} of {trial['epochs']}"
    for dataset, best in report["best"].items():
        if best:
            yield f"Best:    {_best_line(dataset, best)}"


def _best_line(dataset: str, best: dict[str, Any]) -> str:
    spread = f"± {100 * best['accuracy_deviation']:.1f} ({best['seeds']} seeds) " if best["seeds"] > 1 else ""
    return (
        f"model {best['model']} on {dataset}: {100 * best['validation_accuracy']:.1f} % {spread}"
        f"with {best['parameters']:,} parameters ({best['layers']})"
    )
