"""The commands of `remap`, in the order in which its help shows them."""

from __future__ import annotations

import sys

import typer

from remap_core.cli.architecture_commands import describe
from remap_core.cli.backup import backup, restore
from remap_core.cli.catalogue import repeat, sample
from remap_core.cli.config import config
from remap_core.cli.distances import distances
from remap_core.cli.doctor import doctor
from remap_core.cli.export import export
from remap_core.cli.halving import halving
from remap_core.cli.report import report
from remap_core.cli.snac import snac
from remap_core.cli.status_command import status
from remap_core.cli.trainer_command import trainer
from remap_core.errors import RemapError
from remap_core.settings import unknown_variables

app = typer.Typer(
    name="remap",
    help="Find a small, accurate neural network for your own images by looking. "
    "The app is started with: streamlit run app.py",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
_COMMANDS = (
    describe,
    snac,
    distances,
    sample,
    repeat,
    halving,
    export,
    report,
    trainer,
    status,
    doctor,
    backup,
    restore,
    config,
)
for command in _COMMANDS:
    app.command()(command)


def run() -> None:
    """Run the command line; whatever cannot be done is one sentence on standard error and exit code 1.

    So is, as a warning, every variable that is no setting.
    """
    for sentence in unknown_variables():
        typer.echo(f"Warning: {sentence}", err=True)
    try:
        app()
    except RemapError as error:
        typer.echo(f"Error: {error}", err=True)
        sys.exit(1)
