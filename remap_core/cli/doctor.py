"""`remap doctor`: looks at everything that could be in the way, and says what to do."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import asdict
from itertools import groupby
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from remap_core.catalogue.health import Finding, Level, examine
from remap_core.cli.environment_checks import begin_survey, examine_devices, examine_packages, examine_settings
from remap_core.data_folder.folder import DataFolder
from remap_core.errors import RemapError
from remap_core.settings import Settings, read_settings

_COLOURS = {Level.OK: "green", Level.WARNING: "yellow", Level.ERROR: "red"}


def doctor(as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")] = False) -> None:
    """Look at packages, settings, devices and the data folder, and say in a sentence what is wrong and what to do.

    Nothing is changed. Exit code 0 when nothing is an error, else 1.
    """
    findings = list(_findings())
    healthy = all(finding.level is not Level.ERROR for finding in findings)
    if as_json:
        typer.echo(json.dumps({"healthy": healthy, "findings": [asdict(finding) for finding in findings]}, indent=2))
    else:
        _print(findings)
    raise typer.Exit(0 if healthy else 1)


def _findings() -> Iterator[Finding]:
    survey = begin_survey()  # meanwhile the rest is looked at
    settings: Settings | None = None
    yield from examine_packages()
    try:
        settings, origins = read_settings()
    except RemapError as error:
        yield Finding("settings", Level.ERROR, str(error))
    else:
        yield from examine_settings(settings, origins)
        yield from _of_folder(settings)
    yield from examine_devices(survey, settings)


def _of_folder(settings: Settings) -> Iterator[Finding]:
    try:
        yield from examine(DataFolder(settings.home), time.time())
    except RemapError as error:
        yield Finding("data folder", Level.ERROR, str(error))


def _print(findings: list[Finding]) -> None:
    console = Console(soft_wrap=True, highlight=False)
    for area, found in groupby(findings, lambda finding: finding.area):
        console.print(Text(area.capitalize(), style="bold"))
        for finding in found:
            console.print(Text.assemble((f"  {finding.level:<8}", _COLOURS[finding.level]), finding.sentence))
    errors, warnings = (sum(finding.level is level for finding in findings) for level in (Level.ERROR, Level.WARNING))
    console.print(f"Errors: {errors}, warnings: {warnings}.")
