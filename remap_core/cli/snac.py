"""`remap snac`: architectures as a picture for a paper, a talk or a web page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from remap_core.cli.architecture_commands import read_architectures
from remap_core.drawing.palette import PAGES
from remap_core.drawing.snac.chips import Size
from remap_core.drawing.snac.panel import panel_alt, panel_svg
from remap_core.drawing.snac.picture_files import picture
from remap_core.errors import InvalidPicture

SizeName = Literal["strip", "small", "medium", "large"]
Ground = Literal["none", "light", "dark"]


def snac(
    file: Annotated[Path, typer.Argument(help="JSON file with one architecture, or a list of them.")],
    *,
    out: Annotated[Path, typer.Option("--out", "-o", help="Where to draw it: .svg, .pdf, .png or .html.")],
    size: Annotated[
        SizeName, typer.Option(help="Blocks of 7, 16, 24 or 32 pixels; symbols from medium on, labels in large.")
    ] = "large",
    legend: Annotated[bool, typer.Option("--legend", help="Say below what the blocks and their heights mean.")] = False,
    brackets: Annotated[bool, typer.Option("--brackets", help="Bracket groups of layers that repeat.")] = False,
    ground: Annotated[Ground, typer.Option(help="Behind the blocks: nothing, or a light or dark page.")] = "none",
) -> None:
    """Draw architectures as SNACs: one block a layer, as high as its activation is large.

    A list is drawn as rows under one another on one scale of heights. PDFs stay vectors; PDF and PNG need the extra
    `paper`, which README tells how to install.
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
    try:
        out.write_bytes(content)
    except OSError as error:
        raise InvalidPicture(f"The picture cannot be written to {out}: {error.strerror}.") from error
    typer.echo(f"Drew {len(architectures)} architecture{'' if len(architectures) == 1 else 's'} to {out}.")
