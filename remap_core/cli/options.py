"""Arguments and options that several commands share."""

from __future__ import annotations

from typing import Annotated

import typer

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
DatasetName = Annotated[str | None, typer.Option(help="Data set; default: REMAP_DATASET.")]
ModelId = Annotated[int, typer.Argument(metavar="ID", help="The number of the model.")]
