"""A suggestion in words and pictures, as cards, tables and the map show it."""

from __future__ import annotations

from remap_core.analysis.suggest.suggestion import Suggestion
from remap_core.catalogue.reader import Catalogue
from remap_core.drawing.snac.chips import Size
from remap_core.drawing.snac.svg import NO_MARKS, snac_data_uri
from remap_core.errors import NotFound
from remap_core.formatting import duration, model_tag, percent, pluralize, predicted_accuracy
from remap_core.space.edit_marks import marks
from remap_core.ui.tables import short_edit


def title(suggestion: Suggestion) -> str:
    """What it is: "Removed Dense 64, from #12", or "New sample of residual"."""
    if suggestion.parent is None:
        return f"New sample of {suggestion.proposal.space}"
    return f"{short_edit(suggestion.edit)}, from {model_tag(suggestion.parent)}"


def numbers(suggestion: Suggestion) -> str:
    """What is expected of it: "88 % (84 to 91), 12,430 parameters, 14 s"."""
    expected = predicted_accuracy(suggestion.accuracy, suggestion.low, suggestion.high)
    parameters = pluralize(suggestion.parameters, "parameter")
    return f"{expected}, {parameters}, {duration(suggestion.seconds)}"


def chance(suggestion: Suggestion) -> str:
    """How likely it moves the front."""
    return f"{percent(suggestion.chance, decimals=0)} chance to move the front"


def snac_uri(catalogue: Catalogue, suggestion: Suggestion, blocks: int, size: Size) -> str:
    """Its SNAC, with what was edited marked."""
    edited = NO_MARKS
    if suggestion.parent is not None and suggestion.edits:
        try:
            edited = marks(catalogue.trial(suggestion.parent).architecture, suggestion.edits)
        except NotFound:  # it has been removed
            edited = NO_MARKS
    return snac_data_uri(suggestion.architecture, blocks=blocks, size=size, marks=edited)
