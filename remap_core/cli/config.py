"""`remap config`: every setting, its value and where it came from."""

from __future__ import annotations

import json
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from remap_core.settings import Settings, read_settings


def config(as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False) -> None:
    """Show every setting, its value and where it came from.

    A value is taken from the environment (REMAP_HOME and so on), else from remap.toml in the working folder,
    else it is the default.
    """
    settings, origins = read_settings()
    values = settings.model_dump(mode="json")
    if as_json:
        typer.echo(json.dumps({name: {"value": values[name], "from": origins[name]} for name in values}, indent=2))
        return
    table = Table("setting", "value", "from", "what it is")
    for name, field in Settings.model_fields.items():
        table.add_row(name, str(values[name]), origins[name], field.description)
    Console().print(table)
