"""`remap import`: an architecture of a file, shown or queued."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from remap_core.cli.architectures.architecture_commands import architecture_table
from remap_core.cli.options import AsJson, DatasetName
from remap_core.cli.sent_proposals import newest_catalogue, send
from remap_core.cli.suggestions.suggestion_commands import known_card
from remap_core.data_folder.folder import DataFolder
from remap_core.imports.imported import Images, Imported
from remap_core.imports.reading import read_file
from remap_core.services.proposals import import_source, propose_designs
from remap_core.services.sampling import set_caps
from remap_core.setting_sources import read_settings
from remap_core.trials.trial import Origin


def import_file(
    file: Annotated[Path, typer.Argument(help="A .onnx, .json, .txt (words) or .safetensors file.")],
    dataset: DatasetName = None,
    *,
    train: Annotated[bool, typer.Option("--train", help="Queue it for the data set.")] = False,
    as_json: AsJson = False,
) -> None:
    """Read an architecture from a file, show it, and queue it if asked to.

    Of an ONNX file the graph is read, if it is a chain of what layers do. Weights are not taken: the model trains from
    scratch like every other one. Nothing in the file is run, and no pickle is loaded. Words need --dataset or --train.
    """
    if not (train or dataset):
        _show(read_file(file), as_json=as_json)
        return
    settings, _ = read_settings()
    folder = DataFolder(settings.home)
    catalogue = newest_catalogue(folder)
    card = known_card(settings, folder, catalogue, dataset)
    imported = read_file(file, Images(card.input_shape, card.classes, card.name))
    _show(imported, as_json=as_json)
    if train:
        designs = [imported.architecture]
        source = import_source(file.name)
        proposals = propose_designs(settings, card, designs, Origin.HANDCRAFTED, time.time(), source=source)
        send(folder, catalogue, proposals, f"{file.name} for {card.name}", set_caps(settings), quietly=as_json)


def _show(imported: Imported, *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(imported.architecture.to_json(), indent=2))
    else:
        Console().print(architecture_table(imported.architecture))
    for note in imported.notes:
        typer.echo(note, err=as_json)
