"""`remap audit`, `remap backup`, `remap restore` and `remap config`: the data folder and the settings."""

from __future__ import annotations

import json
import time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from remap_core.catalogue.backups import restore_backup, restore_snapshot, write_backup, write_dated_backup
from remap_core.catalogue.snapshot import open_snapshot
from remap_core.cli.options import AsJson
from remap_core.cli.output_files import write_output
from remap_core.data_folder.folder import DataFolder
from remap_core.errors import FolderUnusable
from remap_core.formatting import count, pluralize
from remap_core.setting_sources import read_settings
from remap_core.settings import Settings
from remap_core.trials.audit import audit_csv
from remap_core.trials.commands import Receipt

MAX_ENTRIES = 50
"""Requests that are printed."""


def audit(
    out: Annotated[
        Path | None, typer.Option("--csv", help="Write all of them to this file, safe to open in a spreadsheet.")
    ] = None,
    person: Annotated[str | None, typer.Option(help="Only those of one person, by e-mail address or name.")] = None,
) -> None:
    """Show who asked the trainer for what, when, and what came of it, newest first.

    Forged commands are among them.
    """
    settings, _ = read_settings()
    with closing(open_snapshot(DataFolder(settings.home))) as catalogue:
        found = catalogue.receipt_count(person)
        receipts = catalogue.receipts(None if out else MAX_ENTRIES, person)
    if out:
        write_output(out, audit_csv(receipts).encode(), "The audit", FolderUnusable)
        typer.echo(f"Wrote {pluralize(found, 'request')} to {out}.")
        return
    table = Table("time (UTC)", "person", "request", "outcome", "answer")
    for receipt in receipts:
        table.add_row(*_entry(receipt))
    Console().print(table)
    if found > MAX_ENTRIES:
        typer.echo(f"The last {MAX_ENTRIES} of {count(found)}; --csv FILE writes all.")


def _entry(receipt: Receipt) -> list[Text]:
    """Cells that hold no control characters, which a terminal would obey."""
    moment = f"{datetime.fromtimestamp(receipt.applied_at, UTC):%Y-%m-%d %H:%M:%S}"
    texts = (moment, receipt.sender, receipt.kind, receipt.outcome.value, receipt.message)
    return [Text("".join(letter if letter.isprintable() else " " for letter in text)) for text in texts]


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
