"""`remap describe`, `remap snac` and `remap distances`: architectures from a JSON file, without any training."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from remap_core.cli.architectures.architecture_files import parse_architectures, read_architectures, read_json
from remap_core.cli.options import AsJson
from remap_core.cli.output_files import write_output
from remap_core.drawing.palette import PAGES
from remap_core.drawing.snac.chips import Size
from remap_core.drawing.snac.panel import panel_alt, panel_svg
from remap_core.drawing.snac.picture_files import picture
from remap_core.errors import InvalidDistances, InvalidPicture
from remap_core.formatting import count, kilobytes, pluralize
from remap_core.geometry.otmann.conventions import CONVENTIONS
from remap_core.geometry.otmann.distances import distances as otmann_distances
from remap_core.geometry.otmann.reference import reference_distances
from remap_core.space.architecture import Architecture
from remap_core.space.footprint import footprint

SizeName = Literal["strip", "small", "medium", "large"]
Ground = Literal["none", "light", "dark"]
ConventionName = Literal["remap-2019", "nasbot", "default"]


def describe(
    file: Annotated[Path, typer.Argument(help="JSON file with one architecture or a list of them.")],
    as_json: AsJson = False,
) -> None:
    """Show the output shape, parameters and multiply-adds of every layer, the totals, and RAM and flash on a device.

    An architecture looks like this:

    {"input_shape": [1, 28, 28], "classes": 10, "layers": [{"kind": "conv2d", "kernel_size": 3, "filters": 32},
    {"kind": "activation", "function": "relu"}, {"kind": "max_pool2d", "size": 2, "stride": 2}]}
    """
    form = read_json(file)
    architectures = parse_architectures(form, file)
    if not as_json:
        console = Console()
        for architecture in architectures:
            console.print(architecture_table(architecture))
        return
    descriptions = [_description(architecture) for architecture in architectures]
    if isinstance(form, list):
        typer.echo(json.dumps(descriptions, indent=2))
    else:
        typer.echo(json.dumps(descriptions[0], indent=2))


def snac(
    file: Annotated[Path, typer.Argument(help="JSON file with one architecture or a list of them.")],
    *,
    out: Annotated[Path, typer.Option("--out", "-o", help="File to write: .svg, .pdf, .png or .html.")],
    size: Annotated[
        SizeName,
        typer.Option(help="Blocks of 7, 16, 24 or 32 pixels. Medium and large ones have symbols, large ones labels."),
    ] = "large",
    legend: Annotated[bool, typer.Option("--legend", help="Explain colors and heights below.")] = False,
    brackets: Annotated[bool, typer.Option("--brackets", help="Bracket repeated groups of layers.")] = False,
    ground: Annotated[Ground, typer.Option(help="Background: none (transparent), or a light or dark page.")] = "none",
) -> None:
    """Draw architectures as SNACs: one block per layer, as high as its activation is large.

    A list is drawn as rows with a common scale of heights. PDFs stay vectors; PDF and PNG need the extra `paper`:
    pip install -e '.[paper]'.
    """
    architectures = read_architectures(file)
    svg = panel_svg(
        architectures,
        Size[size.upper()],
        with_legend=legend,
        with_brackets=brackets,
        ground=PAGES.get(ground, "none"),
    )
    content = picture(svg, out.suffix, panel_alt(architectures))
    write_output(out, content, "The picture", InvalidPicture)
    subject = pluralize(len(architectures), "architecture")
    typer.echo(f"Drew {subject} to {out}.")


def distances(
    file: Annotated[Path, typer.Argument(help="JSON file with a list of architectures.")],
    *,
    out: Annotated[Path, typer.Option("--out", help="File to write: the (n, n) float64 matrix as .npy.")],
    convention: Annotated[
        ConventionName, typer.Option(help="Layer masses and mismatch costs: as published, or REMAP's default.")
    ] = "default",
    nu: Annotated[
        float | None, typer.Option(min=0, help="Weight of the structural cost; default: the convention's.")
    ] = None,
    normalised: Annotated[
        bool | None,
        typer.Option(
            "--normalised/--absolute", help="Divide by the sum of both masses (0 to 1); default: the convention's."
        ),
    ] = None,
    reference: Annotated[
        bool, typer.Option("--reference", help="Use the exact solver of POT: much slower, for checks.")
    ] = False,
) -> None:
    """Write the OTMANN distances between all pairs of architectures (Kandasamy et al. 2018).

    Row and column i are the i-th architecture of the file. Distances are divided by the sum of both masses in the
    default convention, and absolute in the published ones.
    """
    architectures = read_architectures(file)
    compute = reference_distances if reference else otmann_distances
    matrix = compute(architectures, CONVENTIONS[convention], nu=nu, normalised=normalised)
    content = io.BytesIO()
    np.save(content, matrix)
    write_output(out, content.getvalue(), "The matrix", InvalidDistances)
    n = len(matrix)
    typer.echo(f"Wrote {n} x {n} distances to {out}.")


def _description(architecture: Architecture) -> dict[str, Any]:
    return {
        "fingerprint": architecture.fingerprint,
        "parameters": architecture.parameters,
        "multiply_adds": architecture.multiply_adds,
        "int8": asdict(footprint(architecture, int8=True)),
        "float32": asdict(footprint(architecture, int8=False)),
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


def architecture_table(architecture: Architecture) -> Table:
    """Every layer and the head, with shapes and costs."""
    title = f"{_dimensions(architecture.input_shape)} to {architecture.classes} classes"
    table = Table(title=title, title_justify="left", caption_justify="left", show_footer=True)
    table.add_column("", justify="right")
    table.add_column("layer", footer="total")
    table.add_column("output shape", justify="right")
    table.add_column("parameters", justify="right", footer=count(architecture.parameters))
    table.add_column("multiply-adds", justify="right", footer=count(architecture.multiply_adds))
    for number, cost in enumerate(architecture.costs, start=1):
        is_implied = number > len(architecture.layers)
        table.add_row(
            "" if is_implied else str(number),
            cost.text,
            _dimensions(cost.output_shape),
            count(cost.parameters),
            count(cost.multiply_adds),
        )
    table.caption = "\n".join(_memory_lines(architecture))
    return table


def _memory_lines(architecture: Architecture) -> Iterator[str]:
    for number_format in ("int8", "float32"):
        needed = footprint(architecture, int8=number_format == "int8")
        yield f"{number_format}: {kilobytes(needed.ram_bytes)} of RAM, {kilobytes(needed.flash_bytes)} of flash"


def _dimensions(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape))
