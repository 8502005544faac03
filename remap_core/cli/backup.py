"""`remap backup` and `remap restore`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from remap_core.catalogue.backups import restore_backup, write_backup
from remap_core.data_folder.folder import DataFolder
from remap_core.settings import read_settings


def backup(folder: Annotated[Path, typer.Argument(help="A new or empty folder.")]) -> None:
    """Write the catalogue (as Parquet), the models' weights and what waits in the inbox into a folder.

    The trainer may run meanwhile: what is backed up is the newest snapshot.
    """
    settings, _ = read_settings()
    trials = write_backup(DataFolder(settings.home), folder)
    typer.echo(f"Backed up {trials:,} trials to {folder}.")


def restore(folder: Annotated[Path, typer.Argument(help="What `remap backup` wrote.")]) -> None:
    """Make an empty data folder (REMAP_HOME) what it was at the backup; a trainer then goes on from there."""
    settings, _ = read_settings()
    trials = restore_backup(folder, DataFolder(settings.home))
    typer.echo(f"Restored {trials:,} trials to {settings.home}.")
