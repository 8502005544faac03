"""`remap doctor`: checks everything that can go wrong, and says what to do."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from itertools import groupby

import typer
from rich.console import Console
from rich.text import Text

from remap_core.catalogue.health import Finding, Level, examine
from remap_core.cli.environment_checks import check_devices, check_packages, check_settings, start_survey
from remap_core.cli.options import AsJson
from remap_core.data_folder.folder import DataFolder
from remap_core.errors import RemapError
from remap_core.setting_sources import read_settings
from remap_core.settings import Settings

_COLORS = {Level.OK: "green", Level.WARNING: "yellow", Level.ERROR: "red"}


def doctor(as_json: AsJson = False) -> None:
    """Check packages, settings, devices and the data folder, and say what is wrong and what to do.

    Changes nothing. Exit code 0 if there is no error, else 1.
    """
    findings = list(_findings())
    is_healthy = all(finding.level is not Level.ERROR for finding in findings)
    if as_json:
        report = {"healthy": is_healthy, "findings": [asdict(finding) for finding in findings]}
        typer.echo(json.dumps(report, indent=2))
    else:
        _print(findings)
    if not is_healthy:
        raise typer.Exit(1)


def _findings() -> Iterator[Finding]:
    survey = start_survey()  # it runs during the other checks
    settings: Settings | None = None
    yield from check_packages()
    try:
        settings, origins = read_settings()
    except RemapError as error:
        yield Finding("settings", Level.ERROR, str(error))
    else:
        yield from check_settings(settings, origins)
        yield from _check_folder(settings)
    yield from check_devices(survey, settings)


def _check_folder(settings: Settings) -> Iterator[Finding]:
    try:
        yield from examine(DataFolder(settings.home), time.time())
    except RemapError as error:
        yield Finding("data folder", Level.ERROR, str(error))


def _print(findings: list[Finding]) -> None:
    console = Console(soft_wrap=True, highlight=False)
    for area, findings_of_area in groupby(findings, lambda finding: finding.area):
        console.print(Text(area.capitalize(), style="bold"))
        for finding in findings_of_area:
            level = f"  {finding.level:<8}"
            color = _COLORS[finding.level]
            console.print(Text.assemble((level, color), finding.sentence))
    counts = Counter(finding.level for finding in findings)
    errors = counts[Level.ERROR]
    warnings = counts[Level.WARNING]
    console.print(f"Errors: {errors}, warnings: {warnings}.")
