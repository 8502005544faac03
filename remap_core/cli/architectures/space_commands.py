"""`remap space`: check a person's own search space, show one as text."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from remap_core.cli.options import AsJson
from remap_core.errors import InvalidSpace, SpaceExhausted
from remap_core.formatting import count, percent, pluralize
from remap_core.services.sampling import find_space
from remap_core.setting_sources import read_settings
from remap_core.settings import AUTO_SPACE
from remap_core.space.architecture import Architecture
from remap_core.space.caps import caps_text
from remap_core.space.markov.sampler import sample_architectures
from remap_core.space.markov.search_space import Part, SearchSpace
from remap_core.space.markov.space_file import read_space_file
from remap_core.space.markov.space_text import likeliest, space_to_json, states_text, step_text

SAMPLED = 20
"""Architectures that a check samples."""
BAR = 8
"""Characters of the bar of a probability of 1."""
MAX_SIDE = 4096

app = typer.Typer(
    name="space",
    help="Search spaces: check a file of your own, show one as text.",
    no_args_is_help=True,
)


@app.command()
def check(
    file: Annotated[Path, typer.Argument(help="A search space as TOML, see docs/search-spaces.md.")],
    *,
    side: Annotated[int, typer.Option(min=1, max=MAX_SIDE, help="Height and width of the images.")] = 32,
    channels: Annotated[int, typer.Option(min=1, max=64, help="Channels of the images: 1 is grey, 3 colour.")] = 3,
    classes: Annotated[int, typer.Option(min=2, max=MAX_SIDE, help="Classes of the images.")] = 10,
    as_json: AsJson = False,
) -> None:
    """Say whether a file is a search space, and what networks it samples; exit code 1 if it is not one."""
    try:
        space = read_space_file(file)
        rng = np.random.default_rng(0)
        sampled = sample_architectures(space, (channels, side, side), classes, SAMPLED, rng)
    except (InvalidSpace, SpaceExhausted) as error:
        if not as_json:
            raise
        typer.echo(json.dumps({"ok": False, "problem": str(error)}, indent=2))
        raise typer.Exit(1) from error
    costs = _costs(sampled)
    if as_json:
        typer.echo(json.dumps({"ok": True, "name": space.name, "sampled": len(sampled), **costs}, indent=2))
        return
    typer.echo(f"{space.name} is a search space: {states_text(space)}, {caps_text(space.caps)}.")
    shape = f"{channels} x {side} x {side}"
    typer.echo(f"{pluralize(len(sampled), 'network')} sampled for images of {shape}, lowest, middle and highest:")
    for name, values in costs.items():
        typer.echo(f"  {name.replace('_', ' '):18} {' '.join(f'{count(value):>14}' for value in values.values())}")


@app.command()
def show(
    space: Annotated[str, typer.Argument(metavar="NAME|FILE", help="A search space, or a .toml file of one.")],
    as_json: AsJson = False,
) -> None:
    """Show the steps of a search space, the layers they choose from, and what follows each with which probability."""
    settings, _ = read_settings()
    if space == AUTO_SPACE:
        raise InvalidSpace(f"{AUTO_SPACE} stands for the space that fits the images: name one of them.")
    found = find_space(settings, (1, 1, 1), space)
    if as_json:
        typer.echo(json.dumps(space_to_json(found), indent=2))
        return
    typer.echo(f"{found.name}: {states_text(found)}, {caps_text(found.caps)}.\n")
    width = max(map(len, found.grid), default=0) + 2
    for step, layers in found.grid.items():
        typer.echo(f"  {step:{width}}{step_text(layers)}")
    for part in Part:
        lines = _rows(found, part, width)
        if lines:
            typer.echo(f"\n{part}")
        for line in lines:
            typer.echo(line)


def _rows(space: SearchSpace, part: Part, width: int) -> list[str]:
    """A line for each row of a part, its most probable steps first."""
    lines = []
    for state in space.states():
        if state.part is part:
            following = [
                f"{_bar(probability)} {step.step} {percent(probability, 0)}"
                for step, probability in likeliest(space, state)
            ]
            lines.append(f"  {state.step:{width}}{'  '.join(following)}")
    return lines


def _bar(probability: float) -> str:
    return "█" * max(1, round(BAR * probability))


def _costs(sampled: list[Architecture]) -> dict[str, dict[str, int]]:
    """Lowest, middle and highest of what the networks cost."""
    columns = {
        "layers": [len(one.layers) for one in sampled],
        "parameters": [one.parameters for one in sampled],
        "multiply_adds": [one.multiply_adds for one in sampled],
        "activation_bytes": [one.peak_values for one in sampled],
    }
    shares = {"lowest": 0, "middle": 0.5, "highest": 1}
    return {
        name: {title: int(np.quantile(values, share)) for title, share in shares.items()}
        for name, values in columns.items()
    }
