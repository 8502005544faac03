"""The choices about images as options of commands, the same ones for each command that takes them."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Annotated, Any

import typer

from remap_core.datasets.recipe import AUGMENTATIONS, BACKGROUNDS, COLOURS, FITS, MAX_SIDE, MIN_SIDE, Choices

AUTO = "auto"
_OPTIONS: dict[str, Any] = {
    "side": Annotated[int | None, typer.Option(help=f"Height and width in pixels, {MIN_SIDE} to {MAX_SIDE}.")],
    "colour": Annotated[str | None, typer.Option("--colour", "--color", help=f"{AUTO}, {', '.join(COLOURS)}.")],
    "fit": Annotated[str | None, typer.Option(help=f"{AUTO}, {', '.join(FITS)}: how an image becomes square.")],
    "background": Annotated[
        str | None, typer.Option(help=f"{', '.join(BACKGROUNDS)}: of borders, and behind transparent pixels.")
    ],
    "label_table": Annotated[str | None, typer.Option(help="Table (.csv, .tsv) that says the class of each image.")],
    "file_column": Annotated[str | None, typer.Option(help="Its column of file names.")],
    "label_column": Annotated[str | None, typer.Option(help="Its column of classes.")],
    "leave_out": Annotated[list[str] | None, typer.Option(help="A class to leave out; may be repeated.")],
    "keep_all": Annotated[bool, typer.Option("--keep-all", help="Leave no class out.")],
    "augment": Annotated[list[str] | None, typer.Option(help=f"{', '.join(AUGMENTATIONS)}; may be repeated.")],
    "images": Annotated[int | None, typer.Option(min=1, help="Use a class-balanced subset of so many images.")],
}


def with_choices(command: Callable[..., None]) -> Callable[..., None]:
    """A command that takes `choices: Choices` as one that has an option for each choice."""
    own = inspect.signature(command, eval_str=True).parameters.values()

    @wraps(command)
    def with_options(**values: Any) -> None:
        options = {name: values.pop(name) for name in _OPTIONS}
        command(choices=_choices(**options), **values)

    parameters = [parameter for parameter in own if parameter.name != "choices"]
    for name, annotation in _OPTIONS.items():
        default = False if name == "keep_all" else None
        parameters.append(
            inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)
        )
    parameters.sort(key=lambda parameter: parameter.kind)
    with_options.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    with_options.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return with_options


def _choices(leave_out: list[str] | None, keep_all: bool, augment: list[str] | None, **choices: Any) -> Choices:
    for name in ("colour", "fit"):
        if choices[name] == AUTO:
            choices[name] = None
    left_out = None
    if leave_out or keep_all:
        left_out = tuple(leave_out or ())
    return Choices(left_out=left_out, augmentation=tuple(augment or ()), **choices)  # type: ignore[arg-type]
