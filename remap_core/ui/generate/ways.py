"""The ways to make models, as the generate page names them; the last two need no selected model."""

from __future__ import annotations

WAY = "generate-way"
"""Key of the choice."""

ABLATIONS = "Ablate"
VARIATIONS = "Vary"
HANDCRAFTED = "Edit"
SUGGESTED = "Suggest"

BASELINE = "Baselines"

WAYS = (ABLATIONS, VARIATIONS, HANDCRAFTED, SUGGESTED, BASELINE)
