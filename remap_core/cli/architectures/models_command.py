"""`remap models`: the finished models of a data set, the most accurate first, with what they need on a device."""

from __future__ import annotations

import json
from typing import Annotated, Any

import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from remap_core.catalogue.snapshot import open_snapshot
from remap_core.cli.options import AsJson, DatasetName, TargetName, target_for
from remap_core.data_folder.folder import DataFolder
from remap_core.datasets.preparation.resolving import resolve
from remap_core.errors import NotFound
from remap_core.formatting import count, kilobytes, milliseconds, model_tag, percent
from remap_core.setting_sources import read_settings
from remap_core.trials.population import Population
from remap_core.views.objective import Objective
from remap_core.views.target_fit import none_fits_sentence
from remap_core.views.targets import Target

MAX_LISTED = 100_000
Row = dict[str, Any]


def models(
    n: Annotated[int, typer.Option("-n", min=1, max=MAX_LISTED, help="Number of models.")] = 10,
    dataset: DatasetName = None,
    target: TargetName = None,
    *,
    as_json: AsJson = False,
) -> None:
    """List the most accurate models, with RAM and flash in the number format of the target, else in int8."""
    settings, _ = read_settings()
    folder = DataFolder(settings.home)
    catalogue = open_snapshot(folder)
    name = resolve(dataset or settings.dataset, folder.home, known=catalogue.datasets())
    device = target_for(target, catalogue.dataset(name))
    found = _rows(catalogue.population(name), device, n)
    if as_json:
        typer.echo(json.dumps(found, indent=2))
    else:
        Console().print(_table(found, device))


def _rows(population: Population, target: Target | None, n: int) -> list[Row]:
    """Raises NotFound where no model fits the target, and where none is finished."""
    if not len(population):
        raise NotFound(f"{population.dataset} has no finished models yet.")
    if target and (sentence := none_fits_sentence(target, population)):
        raise NotFound(sentence)
    accuracy = np.where(Objective(target=target).allows(population), population.accuracy, np.nan)
    order = np.lexsort((population.parameters, -accuracy))[: int(np.isfinite(accuracy).sum())]
    return [_row(population, int(row), target) for row in order[:n]]


def _row(population: Population, row: int, target: Target | None) -> Row:
    int8 = target is None or target.int8
    return {
        "model": int(population.id[row]),
        "accuracy": float(population.accuracy[row]),
        "parameters": int(population.parameters[row]),
        "multiply_adds": int(population.multiply_adds[row]),
        "latency_1_ms": float(population.latency_1_ms[row]),
        "format": "int8" if int8 else "float32",
        "ram_bytes": float(population.ram(int8)[row]),
        "flash_bytes": float(population.flash(int8)[row]),
        "layers": population.text[row],
    }


def _table(rows: list[Row], target: Target | None) -> Table:
    title = f"Fits {target.name}: room for {target.room} in {target.number_format}" if target else None
    table = Table(title=title, title_justify="left")
    for name in ("model", "accuracy", "parameters", "RAM", "flash", "latency"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("layers")
    for row in rows:
        table.add_row(
            model_tag(row["model"]),
            percent(row["accuracy"]),
            count(row["parameters"]),
            kilobytes(row["ram_bytes"]),
            kilobytes(row["flash_bytes"]),
            milliseconds(row["latency_1_ms"]),
            row["layers"],
        )
    return table
