"""`remap report`: what was found, as one file to keep or to send."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from remap_core.catalogue.snapshot import open_snapshot
from remap_core.data_folder.folder import DataFolder
from remap_core.drawing.report import report_html
from remap_core.errors import ExportFailed, NotFound
from remap_core.services.reports import report_of
from remap_core.settings import read_settings


def report(
    models: Annotated[list[int] | None, typer.Argument(metavar="[ID]...", help="Models to tell all about.")] = None,
    *,
    out: Annotated[Path, typer.Option("--out", "-o", help="Where to: an .html file.")],
    dataset: Annotated[str | None, typer.Option(help="Its name in the catalogue; by default the first one's.")] = None,
) -> None:
    """Write a report: the Pareto front of a data set's models, and of some models all that is known.

    One HTML file that needs nothing else; networks are drawn as vectors, and it prints.
    """
    settings, _ = read_settings()
    catalogue = open_snapshot(DataFolder(settings.home))
    names = catalogue.datasets()
    if not names:
        raise NotFound("The trainer has not prepared a data set yet.")
    population = catalogue.population(dataset or names[0])
    content = report_html(report_of(catalogue, population, models or [], time.time()))
    try:
        out.write_text(content, encoding="utf-8")
    except OSError as error:
        raise ExportFailed(f"The report cannot be written to {out}: {error.strerror}.") from error
    typer.echo(f"Wrote a report to {out}.")
