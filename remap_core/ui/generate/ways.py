"""The ways to make children of a model, as the generate page names them."""

from __future__ import annotations

WAY = "generate-way"
"""Key of the choice."""

ABLATIONS = "Ablate"
VARIATIONS = "Vary"
HANDCRAFTED = "Edit"
SUGGESTED = "Suggest"

WAYS = (ABLATIONS, VARIATIONS, HANDCRAFTED, SUGGESTED)
