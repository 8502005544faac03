"""The commands of `remap`, in the order in which its help shows them."""

from __future__ import annotations

import sys

import typer

from remap_core.cli import data_commands
from remap_core.cli.architectures import space_commands
from remap_core.cli.architectures.architecture_commands import describe, distances, snac
from remap_core.cli.architectures.baseline_command import baselines
from remap_core.cli.architectures.import_command import import_file
from remap_core.cli.architectures.models_command import models
from remap_core.cli.data.more_images_command import show_more_images
from remap_core.cli.data.relabel_command import relabel
from remap_core.cli.doctor import doctor
from remap_core.cli.exporting.export_command import export
from remap_core.cli.folder_commands import audit, backup, config, restore
from remap_core.cli.model_commands import finish, halving, repeat, report, sample
from remap_core.cli.status_command import status
from remap_core.cli.suggestions.search_command import search
from remap_core.cli.suggestions.suggestion_commands import suggest_models
from remap_core.cli.trainer_command import trainer
from remap_core.errors import RemapError
from remap_core.setting_sources import unknown_variables

app = typer.Typer(
    name="remap",
    help="Find a small, accurate neural network for your own images by looking. "
    "Start the app with: streamlit run app.py",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
_COMMANDS = (
    describe,
    snac,
    distances,
    sample,
    import_file,
    baselines,
    repeat,
    finish,
    suggest_models,
    search,
    models,
    halving,
    export,
    report,
    trainer,
    status,
    doctor,
    audit,
    backup,
    restore,
    config,
)
_NAMES: dict[object, str] = {suggest_models: "suggest", import_file: "import"}
for command in _COMMANDS:
    app.command(_NAMES.get(command))(command)
data_commands.app.command()(relabel)
data_commands.app.command("more-images")(show_more_images)
app.add_typer(data_commands.app)
app.add_typer(space_commands.app)


def run() -> None:
    """Run the command line. An error is one sentence on standard error and exit code 1.

    Every REMAP_ variable that is not a setting is a warning there.
    """
    for sentence in unknown_variables():
        typer.echo(f"Warning: {sentence}", err=True)
    try:
        app()
    except RemapError as error:
        typer.echo(f"Error: {error}", err=True)
        sys.exit(1)
