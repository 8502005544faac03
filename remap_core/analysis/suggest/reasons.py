"""Why a model is suggested, in words from the evidence: what earlier edits of the same sort did."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from remap_core.analysis.edit_effects import comparable_pairs
from remap_core.formatting import more_or_fewer, pluralize, points
from remap_core.space.edits import Edit, Merge, Prepend, Reparameterize, Replace
from remap_core.space.layers import KINDS, Layer
from remap_core.space.text import layer_text, parse_layers
from remap_core.trials.population import Floats, Population
from remap_core.trials.trial import Trial


@dataclass(frozen=True)
class Evidence:
    """Differences of the objective's value (shares, child minus parent) after earlier single edits, by their phrase."""

    differences: Mapping[str, tuple[float, ...]]

    @classmethod
    def of(cls, population: Population, children: Iterable[Trial], value: Floats) -> Evidence:
        """The evidence of a population. value: (n,) by the objective; pairs without one are left out."""
        found: dict[str, tuple[float, ...]] = {}
        for parent_row, row, edits in comparable_pairs(population, children):
            difference = float(value[row] - value[parent_row])
            if len(edits) == 1 and np.isfinite(difference):
                said = phrase(edits[0], parse_layers(population.text[parent_row]))
                found[said] = (*found.get(said, ()), difference)
        return cls(found)

    def sentence(self, edits: Sequence[Edit], parent_layers: Sequence[Layer], difference: int) -> str:
        """What earlier edits of this sort did, and what these do to the parameters (child minus parent).

        >>> from remap_core.space.edits import Remove
        >>> chain = parse_layers("Dense 64, Dropout 0.5")
        >>> Evidence({"removing Dropout": (0.02, 0.01, -0.01)}).sentence([Remove(1)], chain, -900)
        'Removing Dropout helped in 2 of 3 earlier edits, +0.7 points on average; 900 parameters fewer.'
        """
        size = more_or_fewer(difference, "parameter")
        if len(edits) != 1:
            return f"{len(edits)} edits at once; {size}."
        said = phrase(edits[0], parent_layers)
        known = self.differences.get(said, ())
        said = said[0].upper() + said[1:]
        if not known:
            return f"{said} was not tried yet; {size}."
        helped = sum(each > 0 for each in known)
        mean = points(float(np.mean(known)))
        return f"{said} helped in {helped} of {pluralize(len(known), 'earlier edit')}, {mean} on average; {size}."


def phrase(edit: Edit, parent_layers: Sequence[Layer]) -> str:
    """An edit without its place, so that edits of the same sort have the same phrase.

    >>> chain = parse_layers("Conv 32x3, ReLU")
    >>> phrase(Reparameterize(0, "filters", 64), chain), phrase(Replace(0, chain[1]), chain)
    ('raising the filters of Conv', 'replacing Conv by ReLU')
    """
    layer = parent_layers[edit.index] if edit.index < len(parent_layers) else None
    match edit:
        case Prepend():
            return f"inserting {_name(edit.layer)}"
        case Merge():
            return "merging linear layers"
        case Replace():
            return f"replacing {_name(layer)} by {_name(edit.layer)}"
        case Reparameterize():
            return _change(edit, layer)
    return f"removing {_name(layer)}"


def _change(edit: Reparameterize, layer: Layer | None) -> str:
    before = getattr(layer, edit.name, None)
    if edit.name == "function":
        return f"changing {_name(layer)} to {layer_text(KINDS['activation'](edit.value))}"  # type: ignore[call-arg]
    name = edit.name.replace("_", " ")
    if isinstance(edit.value, bool) or not isinstance(edit.value, int | float) or not isinstance(before, int | float):
        return f"changing the {name} of {_name(layer)} to {edit.value}"
    verb = "raising" if edit.value > before else "lowering"
    return f"{verb} the {name} of {_name(layer)}"


def _name(layer: Layer | None) -> str:
    """The kind for people; for an activation its function."""
    if layer is None:
        return "a layer"
    if layer.kind == "activation":
        return layer_text(layer)
    return layer.title
