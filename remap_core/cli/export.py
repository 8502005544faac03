"""`remap export`: a finished model for use elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from remap_core.catalogue.snapshot import open_snapshot
from remap_core.data_folder.folder import DataFolder
from remap_core.errors import ExportFailed
from remap_core.exports import export_formats
from remap_core.services.model_files import finished_model
from remap_core.settings import read_settings


def export(
    model: Annotated[int, typer.Argument(metavar="ID", help="The model, by its number.")],
    *,
    out: Annotated[Path, typer.Option("--out", "-o", help="Where to: .onnx, .py, .safetensors or .json.")],
) -> None:
    """Write a finished model as ONNX, as PyTorch source, its weights, or its architecture as JSON.

    ONNX and PyTorch take images as uint8, (n, channels, height, width), and put out logits; how pixels are scaled is
    part of both. The source stands alone: with the weights beside it, torch and safetensors are all that it needs.
    """
    settings, _ = read_settings()
    folder = DataFolder(settings.home)
    content = export_formats.export(finished_model(open_snapshot(folder), folder, model), out.name)
    try:
        out.write_bytes(content)
    except OSError as error:
        raise ExportFailed(f"The model cannot be written to {out}: {error.strerror}.") from error
    typer.echo(f"Wrote model {model} to {out} ({len(content):,} bytes).")
    if out.suffix.lower() == ".py":
        typer.echo(f"Its weights: remap export {model} -o {out.with_suffix('.safetensors')}")
