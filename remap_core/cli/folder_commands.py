"""`remap backup`, `remap restore` and `remap config`: the data folder and the settings."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from remap_core.catalogue.backups import restore_backup, restore_snapshot, write_backup, write_dated_backup
from remap_core.cli.options import AsJson
from remap_core.data_folder.folder import DataFolder
from remap_core.formatting import pluralize
from remap_core.settings import Settings, read_settings


def backup(
    folder: Annotated[Path, typer.Argument(help="A new or empty folder; with --keep, the folder of all backups.")],
    keep: Annotated[
        int | None,
        typer.Option(min=1, help="Write into a dated folder in FOLDER, then delete all but the newest N of these."),
    ] = None,
) -> None:
    """Write the catalogue (as Parquet), the weights of the models and the waiting commands to a folder.

    The trainer may be running: the backup is of the newest snapshot.
    """
    settings, _ = read_settings()
    home = DataFolder(settings.home)
    if keep is None:
        trials = write_backup(home, folder)
    else:
        folder, trials = write_dated_backup(home, folder, datetime.now(UTC), keep)
    subject = pluralize(trials, "trial")
    typer.echo(f"Backed up {subject} to {folder}.")


def restore(
    folder: Annotated[Path | None, typer.Argument(help="A folder that `remap backup` wrote.")] = None,
    snapshot: Annotated[
        bool, typer.Option("--snapshot", help="Go on from the newest snapshot, if live.duckdb is damaged.")
    ] = False,
) -> None:
    """Restore a backup into an empty data folder (REMAP_HOME); a trainer then resumes from there.

    With --snapshot instead of a backup, a data folder whose catalogue is damaged goes on from its newest snapshot.
    """
    if (folder is None) != snapshot:
        raise typer.BadParameter("name the folder of a backup, or use --snapshot.")
    settings, _ = read_settings()
    home = DataFolder(settings.home)
    if folder is None:
        trials, kept = restore_snapshot(home, time.time())
        typer.echo(f"Restored {pluralize(trials, 'trial')} from the newest snapshot. The damaged catalogue is {kept}.")
        return
    trials = restore_backup(folder, home)
    typer.echo(f"Restored {pluralize(trials, 'trial')} to {settings.home}.")


def config(as_json: AsJson = False) -> None:
    """Show every setting, its value and where it came from.

    A value is taken from the environment (REMAP_HOME and so on), else from remap.toml in the working folder, else it
    is the default.
    """
    settings, origins = read_settings()
    values = settings.model_dump(mode="json")
    if as_json:
        report = {}
        for name, value in values.items():
            report[name] = {"value": value, "from": origins[name]}
        typer.echo(json.dumps(report, indent=2))
        return
    table = Table("setting", "value", "from", "description")
    for name, field in Settings.model_fields.items():
        value = str(values[name])
        table.add_row(name, value, origins[name], field.description)
    Console().print(table)
