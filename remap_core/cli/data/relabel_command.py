"""`remap data relabel`: correct labels and leave images out; the old data set stays."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Annotated

import typer

from remap_core.cli.options import AsJson
from remap_core.cli.sent_proposals import newest_catalogue
from remap_core.data_folder.folder import DataFolder
from remap_core.datasets.preparation.corrected import keep_corrected
from remap_core.datasets.preparation.corrections import Corrections
from remap_core.errors import DatasetError
from remap_core.formatting import dataset_title
from remap_core.services.data.known_datasets import find_dataset
from remap_core.setting_sources import read_settings


def relabel(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The name of the data set.")],
    label: Annotated[
        list[str] | None,
        typer.Option(metavar="IMAGE=CLASS", help="An image and the class that it should have; may be repeated."),
    ] = None,
    leave_out: Annotated[
        list[str] | None, typer.Option(metavar="IMAGE", help="An image to leave out; may be repeated.")
    ] = None,
    new_name: Annotated[
        str, typer.Option("--name", help="The name of the new data set; default: the old one's with -corrected.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Correct labels and leave images out: makes a new data set. The old one and its models stay as they are.

    IMAGE is the number that `remap data issues` prints, or the file's name. Split and pixels stay the same.
    """
    settings, _ = read_settings()
    folder = DataFolder(settings.home)
    dataset = find_dataset(name, newest_catalogue(folder), folder.home)
    corrections = Corrections(_classes(label or ()), tuple(leave_out or ()))
    kept = keep_corrected(dataset, corrections, folder.home, new_name)
    if as_json:
        typer.echo(json.dumps({"name": kept.title, "full_name": kept.name, **kept.report.to_json()}, indent=2))
        return
    typer.echo(f"Kept as {kept.title}. {dataset_title(dataset)} and its models stay as they are.")
    typer.echo("\n".join(kept.report.sentences()))
    typer.echo(f"To train on it: REMAP_DATASET='{kept.title}' streamlit run app.py")


def _classes(labels: Sequence[str]) -> dict[int | str, str]:
    """Classes by image. The last "=" separates them, as names of files have one more often than classes."""
    classes: dict[int | str, str] = {}
    for text in labels:
        image, separator, class_name = text.rpartition("=")
        if not separator or not image or not class_name:
            raise DatasetError(f"--label must be IMAGE=CLASS, but got {text!r:.80}.")
        if classes.setdefault(image, class_name) != class_name:
            raise DatasetError(f"Image {image} is given two classes.")
    return classes
