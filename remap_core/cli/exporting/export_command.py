"""`remap export`: models as files, each run on all validation images."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from remap_core.catalogue.reader import Catalogue
from remap_core.catalogue.snapshot import open_snapshot
from remap_core.cli.output_files import write_output
from remap_core.data_folder.folder import DataFolder
from remap_core.errors import ExportFailed
from remap_core.exports.export_formats import suffix_of
from remap_core.formatting import model_name, model_tags, pluralize
from remap_core.services.exporting.export_source import ExportSource
from remap_core.services.exporting.export_zip import ALL_FORMS, CARDS, DEFAULT_FORMS, ZipRequest, export_zip, made_file
from remap_core.services.model_files import original_check
from remap_core.setting_sources import read_settings


def export(
    models: Annotated[list[int], typer.Argument(metavar="ID...", help="Numbers of the models.")],
    *,
    out: Annotated[
        Path,
        typer.Option(
            "--out",
            "-o",
            help="File to write: .onnx, .int8.onnx, .h, .tflite, .py, .safetensors, .json, .onnx.zip, .py.zip, "
            ".md or .html (the model card); .zip for several models.",
        ),
    ],
    form: Annotated[
        list[str] | None,
        typer.Option(
            "--format",
            help=f"Of {', '.join(ALL_FORMS)}, in a .zip; may be repeated. Default: {', '.join(DEFAULT_FORMS)}.",
        ),
    ] = None,
    licence: Annotated[str, typer.Option(help="Licence that the model card states.")] = "",
) -> None:
    """Write finished models as files, each run on all validation images first: agreement, accuracy before and after.

    ONNX and PyTorch take images as uint8, (n, channels, height, width), and return logits; both scale the pixels
    themselves. int8 is calibrated on training images; a file that loses more than 1 point of accuracy is a warning on
    standard error. Several models, or --format, make a .zip with a folder for each model.
    """
    settings, _ = read_settings()
    folder = DataFolder(settings.home)
    catalogue = open_snapshot(folder)
    if len(models) > 1 or form:
        request = ZipRequest(models, time.time(), form or DEFAULT_FORMS, licence)
        _export_several(catalogue, folder, request, out)
    else:
        _export_one(ExportSource.of(catalogue, folder, models[0]), out, licence)


def _export_one(source: ExportSource, out: Path, licence: str) -> None:
    suffix = suffix_of(out.name)
    made = made_file(source, out.name, time.time(), licence)
    write_output(out, made.content, "The model", ExportFailed)
    typer.echo(
        f"Wrote {model_name(source.trial.id)}{_finished(source)} to {out} ({pluralize(len(made.content), 'byte')})."
    )
    if made.sentence:
        typer.echo(made.sentence)
    if made.warning:
        typer.echo(f"Warning: {made.warning}", err=True)
    if suffix == ".json" or suffix in CARDS:
        return
    check = original_check(source.catalogue, source.folder, source.model)
    if check:
        typer.echo(check.sentence)
    if suffix == ".py":
        weights = out.with_suffix(".safetensors")
        typer.echo(f"Its weights: remap export {source.trial.id} -o {weights}")


def _finished(source: ExportSource) -> str:
    """Whose weights they are, if another training's."""
    if source.model.id == source.trial.id:
        return ""
    training = source.catalogue.trial(source.model.id)
    return f", finished by {model_name(training.id)} ({training.accuracy_text()}),"


def _export_several(catalogue: Catalogue, folder: DataFolder, request: ZipRequest, out: Path) -> None:
    if out.suffix.lower() != ".zip":
        raise ExportFailed(f"Several models or formats are exported to a .zip file, but not to {out.name}.")
    with typer.progressbar(length=1000, label=f"Exporting {model_tags(list(request.models))}") as bar:
        made = export_zip(
            catalogue, folder, request, progress=lambda share, _what: bar.update(round(1000 * share) - bar.pos)
        )
        bar.update(1000 - bar.pos)
    write_output(out, made.content, "The models", ExportFailed)
    written = pluralize(len(set(request.models)), "model")
    typer.echo(f"Wrote {written} to {out} ({pluralize(len(made.content), 'byte')}).")
    for line in made.lines:
        typer.echo(line)
    for warning in made.warnings:
        typer.echo(f"Warning: {warning}", err=True)
