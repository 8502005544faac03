"""`remap describe`: what an architecture puts out and costs, before anything is trained."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from remap_core.errors import InvalidArchitecture
from remap_core.space.architecture import Architecture


def describe(
    file: Annotated[Path, typer.Argument(help="JSON file with one architecture, or a list of them.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")] = False,
) -> None:
    """Show every layer's output shape, parameters and multiply-adds, and the totals.

    An architecture looks like this:

    {"input_shape": [1, 28, 28], "classes": 10, "layers": [{"kind": "conv2d", "kernel_size": 3, "filters": 32},
    {"kind": "activation", "function": "relu"}, {"kind": "max_pool2d", "size": 2, "stride": 2}]}
    """
    form = _read_json(file)
    architectures = _architectures(form, file)
    if as_json:
        described = [_description(architecture) for architecture in architectures]
        typer.echo(json.dumps(described if isinstance(form, list) else described[0], indent=2))
        return
    console = Console()
    for architecture in architectures:
        console.print(_table(architecture))


def read_architectures(file: Path) -> list[Architecture]:
    """All architectures of a JSON file that holds one or a list; raises InvalidArchitecture with file and place."""
    return _architectures(_read_json(file), file)


def _architectures(form: object, file: Path) -> list[Architecture]:
    forms = form if isinstance(form, list) else [form]
    architectures = []
    for number, entry in enumerate(forms):
        try:
            architectures.append(Architecture.from_json(entry))
        except InvalidArchitecture as error:
            place = f"{file}, architecture {number}" if isinstance(form, list) else str(file)
            raise InvalidArchitecture(f"{place}: {error}", error.index) from None
    return architectures


def _read_json(file: Path) -> Any:
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise InvalidArchitecture(f"{file} is not JSON: {error}.") from None
    except UnicodeDecodeError as error:
        raise InvalidArchitecture(f"{file} cannot be read: {error}.") from None
    except OSError as error:
        raise InvalidArchitecture(f"{file} cannot be read: {error.strerror}.") from None
    except RecursionError:
        raise InvalidArchitecture(f"{file} is nested too deeply to be an architecture.") from None


def _description(architecture: Architecture) -> dict[str, Any]:
    return {
        "fingerprint": architecture.fingerprint,
        "parameters": architecture.parameters,
        "multiply_adds": architecture.multiply_adds,
        "layers": [
            {
                "layer": cost.text,
                "output_shape": list(cost.output_shape),
                "parameters": cost.parameters,
                "multiply_adds": cost.multiply_adds,
            }
            for cost in architecture.costs
        ],
    }


def _table(architecture: Architecture) -> Table:
    shape = " x ".join(map(str, architecture.input_shape))
    table = Table(title=f"{shape} to {architecture.classes} classes", title_justify="left", show_footer=True)
    table.add_column("", justify="right")
    table.add_column("layer", footer="total")
    table.add_column("output shape", justify="right")
    table.add_column("parameters", justify="right", footer=f"{architecture.parameters:,}")
    table.add_column("multiply-adds", justify="right", footer=f"{architecture.multiply_adds:,}")
    for number, cost in enumerate(architecture.costs, start=1):
        index = str(number) if number <= len(architecture.layers) else ""
        shape = " x ".join(map(str, cost.output_shape))
        table.add_row(index, cost.text, shape, f"{cost.parameters:,}", f"{cost.multiply_adds:,}")
    return table
