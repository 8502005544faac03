"""Why a model is suggested, in words from the evidence: what earlier edits of the same sort did."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from remap_core.analysis.edit_effects import comparable_pairs
from remap_core.analysis.uncertainty import Spread
from remap_core.formatting import more_or_fewer, pluralize, points, points_interval
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

        From 3 edits on with the 95 % confidence interval of the mean, and "within noise" where it holds 0.

        >>> from remap_core.space.edits import Remove
        >>> chain = parse_layers("Dense 64, Dropout 0.5")
        >>> Evidence({"removing Dropout": (0.02, -0.01)}).sentence([Remove(1)], chain, -900)
        'Removing Dropout helped in 1 of 2 earlier edits, +0.5 points on average; 900 parameters fewer.'
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
        edits_tried = pluralize(len(known), "earlier edit")
        return f"{said} helped in {helped} of {edits_tried}, {_average(Spread.of(known))}; {size}."


def _average(difference: Spread) -> str:
    """A mean difference of shares in points, with its confidence interval where there is one.

    >>> _average(Spread(0.02, 0.01, 4)), _average(Spread(0.02, 0.01, 2))
    ('+2.0 points on average (+0.4 to +3.6)', '+2.0 points on average')
    """
    mean = f"{points(difference.mean)} on average"
    if difference.interval is None:
        return mean
    noise = ", within noise" if difference.may_be_zero else ""
    return f"{mean} ({points_interval(*difference.interval)}{noise})"


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
