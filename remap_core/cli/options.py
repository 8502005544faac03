"""Arguments and options that several commands share."""

from __future__ import annotations

from typing import Annotated

import typer

from remap_core.trials.dataset_card import DatasetCard
from remap_core.views.targets import OWN_FORM, TARGETS, Target, find_target, require_possible

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
DatasetName = Annotated[str | None, typer.Option(help="Data set; default: REMAP_DATASET.")]
ModelId = Annotated[int, typer.Argument(metavar="ID", help="The number of the model.")]
TargetName = Annotated[
    str | None,
    typer.Option(
        "--target", metavar="TARGET", help=f"Device that networks must fit: {', '.join(TARGETS)}; or {OWN_FORM}."
    ),
]


def target_for(name: str | None, card: DatasetCard) -> Target | None:
    """The target that an option names, for images of a data set; None for no name. Raises InvalidView."""
    if name is None:
        return None
    target = find_target(name)
    require_possible(target, card.input_shape, card.classes)
    return target
