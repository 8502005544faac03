"""`remap status`: how the trainer is and what it does, once or continuously."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any

import typer
from rich.live import Live
from rich.text import Text

from remap_core.catalogue.reader import Catalogue
from remap_core.catalogue.snapshot import open_snapshot
from remap_core.cli.options import AsJson
from remap_core.data_folder.folder import DataFolder
from remap_core.data_folder.heartbeat import read_trainer
from remap_core.data_folder.memory_use import memory_use
from remap_core.errors import CatalogueError, NoCatalogue
from remap_core.formatting import accuracy_over_seeds, count, duration, model_name, pluralize
from remap_core.services.best_of_many import BestOfMany, best_of_many
from remap_core.setting_sources import read_settings
from remap_core.space.text import layers_text
from remap_core.trials.trial import Trial, TrialState
from remap_core.views.view import View

NO_TRAINER = 3
"""Exit code when no trainer is running."""
WATCH_SECONDS = 1.0
"""Seconds between updates while watching."""

Report = dict[str, Any]
"""What `--json` prints."""


def status(
    as_json: AsJson = False,
    watch: Annotated[bool, typer.Option("--watch", help="Update every second, until Ctrl-C.")] = False,
    with_memory: Annotated[
        bool, typer.Option("--memory", help="Add the memory that app, trainer and workers hold (Linux).")
    ] = False,
) -> None:
    """Show whether a trainer is running, the number of trials by state, the running trainings and the best model.

    Exit code 0 if a trainer is running, 3 if none is; 0 after watching.
    """
    if watch and as_json:
        raise typer.BadParameter("only text can be watched: leave out --json or --watch.", param_hint="--watch")
    settings, _ = read_settings()
    folder = DataFolder(settings.home)
    if watch:
        _watch(folder, with_memory=with_memory)
        return
    report = _report(folder, time.time(), with_memory=with_memory)
    if as_json:
        typer.echo(json.dumps(report, indent=2))
    else:
        typer.echo("\n".join(_lines(report)))
    if not report["trainer"]["alive"]:
        raise typer.Exit(NO_TRAINER)


def _watch(folder: DataFolder, wait: Callable[[float], object] = time.sleep, *, with_memory: bool = False) -> None:
    """Show the status until Ctrl-C; what cannot be read at the moment is shown as an error, and read again."""
    with suppress(KeyboardInterrupt), Live(auto_refresh=False) as screen:
        while True:
            text = _screen_text(folder, time.time(), with_memory=with_memory)
            screen.update(Text(text), refresh=True)
            wait(WATCH_SECONDS)


def _screen_text(folder: DataFolder, now: float, *, with_memory: bool) -> str:
    moment = datetime.fromtimestamp(now).astimezone()
    clock = f"{moment:%H:%M:%S}, every {WATCH_SECONDS:.0f} s; Ctrl-C ends"
    try:
        lines = list(_lines(_report(folder, now, with_optimism=False, with_memory=with_memory)))
    except CatalogueError as error:
        lines = [str(error)]
    return "\n".join([*lines, clock])


def _report(folder: DataFolder, now: float, *, with_optimism: bool = True, with_memory: bool = False) -> Report:
    """with_optimism: of the best models; too much work for every second."""
    report: Report = {"home": str(folder.home), "trainer": _trainer_report(folder, now)}
    if with_memory:
        report["memory"] = _memory_report(folder, now)
    with _newest_catalogue(folder) as catalogue:
        if catalogue is None:
            return report | _empty_report()
        return report | _catalogue_report(catalogue, with_optimism=with_optimism)


@contextmanager
def _newest_catalogue(folder: DataFolder) -> Iterator[Catalogue | None]:
    try:
        catalogue = open_snapshot(folder)
    except NoCatalogue:
        yield None
        return
    with closing(catalogue):
        yield catalogue


def _trainer_report(folder: DataFolder, now: float) -> Report:
    trainer = read_trainer(folder, now)
    if trainer is None:
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


def _memory_report(folder: DataFolder, now: float) -> Report:
    use = memory_use(folder, now)
    processes = [
        {"process": process.role, "pid": process.pid, "megabytes": _megabytes(process.bytes)}
        for process in use.processes
    ]
    return {"processes": processes, "megabytes": _megabytes(use.bytes), "message": use.problem}


def _megabytes(number: int) -> float:
    return round(number / 1e6, 1)


def _empty_report() -> Report:
    return {
        "paused": False,
        "counts": {state.value: 0 for state in TrialState},
        "running": [],
        "best": {},
    }


def _catalogue_report(catalogue: Catalogue, *, with_optimism: bool) -> Report:
    counts = catalogue.counts()
    running = catalogue.queue(finished=0, waiting=0)
    return {
        "paused": catalogue.paused(),
        "counts": {state.value: counts[state] for state in TrialState},
        "running": [_trial_report(trial) for trial in running],
        "best": {
            dataset: _best_report(catalogue, dataset, with_optimism=with_optimism) for dataset in catalogue.datasets()
        },
    }


def _trial_report(trial: Trial) -> Report:
    deviation = None
    seeds = 1
    if trial.score:
        deviation = trial.score.deviation
        seeds = trial.score.seeds
    return {
        "model": trial.id,
        "epoch": trial.epochs_done,
        "epochs": trial.proposal.config.epochs,
        "parameters": trial.architecture.parameters,
        "validation_accuracy": trial.accuracy,
        "accuracy_deviation": deviation,
        "seeds": seeds,
    }


def _best_report(catalogue: Catalogue, dataset: str, *, with_optimism: bool) -> Report | None:
    best = catalogue.best(dataset)
    if best is None:
        return None
    report = _trial_report(best) | {"layers": layers_text(best.architecture.layers)}
    if not with_optimism:
        return report
    chosen = best_of_many(catalogue, catalogue.population(dataset), View())
    return report | {"chosen": asdict(chosen) if chosen else None}


def _lines(report: Report) -> Iterator[str]:
    """The report for people."""
    yield f"Trainer: {_trainer_line(report)}"
    message = report["trainer"].get("message")
    if message:
        yield f"         {message}"
    counts = ", ".join(f"{count} {state}" for state, count in report["counts"].items())
    if report["paused"]:
        counts += " (paused)"
    yield f"Trials:  {counts}"
    for trial in report["running"]:
        model = model_name(trial["model"])
        yield f"Running: {model}, epoch {trial['epoch']} of {trial['epochs']}"
    for dataset, best in report["best"].items():
        if best:
            yield f"Best:    {_best_line(dataset, best)}"
            if best.get("chosen"):
                yield f"         {BestOfMany(**best['chosen']).sentence}"
    if "memory" in report:
        yield from _memory_lines(report["memory"])


def _memory_lines(memory: Report) -> Iterator[str]:
    rows = [(process["process"], process["megabytes"], f"pid {process['pid']}") for process in memory["processes"]]
    rows.append(("together", memory["megabytes"], "common pages are shared among the processes that use them"))
    label = "Memory:"
    for name, megabytes, remark in rows:
        yield f"{label:8} {name:11} {count(round(megabytes)):>6} MB  ({remark})"
        label = ""
    if memory["message"]:
        yield f"         {memory['message']}"


def _trainer_line(report: Report) -> str:
    trainer = report["trainer"]
    if not trainer["alive"]:
        return f"not running in {report['home']}"
    device = trainer["device"] or "starting"
    workers = trainer["workers"]
    age = duration(trainer["heartbeat_seconds_ago"])
    return f"running (pid {trainer['pid']}, {device}, {workers} at once, heartbeat {age} ago)"


def _best_line(dataset: str, best: Report) -> str:
    accuracy = accuracy_over_seeds(best["validation_accuracy"], best["accuracy_deviation"], best["seeds"])
    parameters = pluralize(best["parameters"], "parameter")
    model = model_name(best["model"])
    return f"{model} on {dataset}: {accuracy} with {parameters} ({best['layers']})"
