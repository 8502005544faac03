"""`remap data more-images`: whether more images would make a model better."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Annotated

import typer

from remap_core.catalogue.snapshot import open_snapshot
from remap_core.cli.options import AsJson, ModelId
from remap_core.cli.sent_proposals import send
from remap_core.data_folder.folder import DataFolder
from remap_core.formatting import count, model_name, percent, pluralize
from remap_core.services.data.more_images import MoreImages, more_images, propose_more_images
from remap_core.setting_sources import read_settings


def show_more_images(
    model: ModelId,
    *,
    train: Annotated[bool, typer.Option("--train", help="Queue the trainings that the answer needs.")] = False,
    as_json: AsJson = False,
) -> None:
    """Say whether more images would make a model better, by its accuracy on 25, 50 and 100 % of the training images.

    Needs four trainings on quarters, two on halves and two on all images with other seeds; --train queues those that
    are missing. The curve through them is carried on to four times the images.
    """
    settings, _ = read_settings()
    folder = DataFolder(settings.home)
    catalogue = open_snapshot(folder)
    found = more_images(catalogue, model)
    if as_json:
        typer.echo(json.dumps(found.to_json(), indent=2))
    else:
        typer.echo("\n".join(_lines(found)))
    if not train:
        return
    proposals = propose_more_images(catalogue, model, time.time())
    if proposals:
        send(folder, catalogue, proposals, f"{model_name(found.model)} on fewer images", quietly=as_json)
    elif not as_json:
        typer.echo("Nothing to train: all trainings are there or queued.")


def _lines(found: MoreImages) -> Iterator[str]:
    epochs = pluralize(found.epochs, "epoch")
    yield f"{model_name(found.model)}, {epochs} on each share of the training images, validation accuracy:"
    for one in found.measured:
        each = ", ".join(percent(accuracy) for accuracy in one.accuracies)
        yield f"  {one.share:3} %, {count(one.images)} images: {percent(one.mean)} ({each})"
    yield found.sentence
