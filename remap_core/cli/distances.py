"""`remap distances`: how far architectures are from one another, as a matrix in a file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import typer

from remap_core.cli.architecture_commands import read_architectures
from remap_core.errors import InvalidDistances
from remap_core.geometry.otmann.conventions import CONVENTIONS
from remap_core.geometry.otmann.distances import distances as otmann_distances

ConventionName = Literal["remap-2019", "nasbot", "default"]


def distances(
    file: Annotated[Path, typer.Argument(help="JSON file with a list of architectures.")],
    out: Annotated[Path, typer.Option("--out", help="Where to write the (n, n) float64 matrix, as .npy.")],
    convention: Annotated[
        ConventionName, typer.Option(help="Masses and mismatches: as published, or ours.")
    ] = "default",
    nu: Annotated[
        float | None, typer.Option(min=0, help="Weight of the structural cost; default: the convention's.")
    ] = None,
    normalised: Annotated[
        bool | None,
        typer.Option("--normalised/--absolute", help="Divide by the two masses (0 to 1); default: the convention's."),
    ] = None,
) -> None:
    """Write the OTMANN distances of all pairs of architectures (Kandasamy et al. 2018).

    Row and column i are the i-th architecture of the file. The default convention is normalised, the published are not.
    """
    architectures = read_architectures(file)
    found = otmann_distances(architectures, CONVENTIONS[convention], nu=nu, normalised=normalised)
    try:
        with out.open("wb") as sink:
            np.save(sink, found)
    except OSError as error:
        raise InvalidDistances(f"The matrix cannot be written to {out}: {error.strerror}.") from error
    typer.echo(f"Wrote {len(found)} x {len(found)} distances to {out}.")
