"""Which models of a population fit a target."""

from __future__ import annotations

import numpy as np

from remap_core.formatting import model_tag, pluralize
from remap_core.space.footprint import Footprint
from remap_core.trials.population import Floats, Population
from remap_core.views.targets import Target


def target_shares(target: Target, population: Population) -> Floats:
    """(n,) the larger share of the target's room that each model needs, above 1 where it does not fit; NaN: unknown."""
    shares: Floats = population.flash(target.int8) / target.flash_left
    if target.ram_left is None:
        return shares
    return np.maximum(shares, population.ram(target.int8) / target.ram_left)


def verdict_on(target: Target, population: Population, row: int) -> str:
    """Whether a model of a population fits, or what it exceeds and by how much; empty where that is not known."""
    needed = _needed(target, population, row)
    return target.verdict(needed) if needed else ""


def none_fits_sentence(target: Target, population: Population) -> str:
    """That no model of a population fits, with the one that lacks the least; empty where one does or there is none."""
    shares = target_shares(target, population)
    if not np.isfinite(shares).any() or np.nanmin(shares) <= 1:
        return ""
    row = int(np.nanargmin(shares))
    needed = _needed(target, population, row)
    if needed is None:
        return ""
    return (
        f"None of {pluralize(len(population), 'model')} fits {target.name}: the smallest one there, "
        f"{model_tag(int(population.id[row]))}, needs {target.needs_text(needed)}, and there is room for {target.room}."
    )


def _needed(target: Target, population: Population, row: int) -> Footprint | None:
    ram, flash = population.ram(target.int8)[row], population.flash(target.int8)[row]
    return Footprint(int(ram), int(flash)) if np.isfinite(flash) else None
