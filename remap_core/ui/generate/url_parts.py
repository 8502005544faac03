"""What of the generate page is in the URL: the way to make children, the chosen layers, the draft."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from remap_core.errors import InvalidArchitecture
from remap_core.space.draft import Draft
from remap_core.space.text import layers_text
from remap_core.trials.trial import Trial, TrialId
from remap_core.ui.generate.ablation_panel import layers_name
from remap_core.ui.generate.shared_choice import choose, chosen
from remap_core.ui.generate.ways import ABLATIONS, WAY, WAYS
from remap_core.ui.session import current_session

PARTS = ("way", "layers", "draft")

MAX_DRAFT_LENGTH = 1_500
"""Characters of a draft that a URL holds; browsers and proxies cut much longer ones."""


def parts(selected: TrialId | None) -> dict[str, str]:
    """The parts that differ from how the page begins; layers count from 1.

    The draft is the selected model's.
    """
    way = st.session_state.get(WAY, ABLATIONS)
    found = {"way": "" if way == ABLATIONS else way.lower()}
    if selected is None:
        return found
    layers = chosen(layers_name(selected))
    found["layers"] = "-".join(str(index + 1) for index in layers)
    draft = current_session().drafts.get(selected)
    if draft and draft.layers != draft.parent.layers:
        text = layers_text(draft.layers)
        found["draft"] = text if len(text) <= MAX_DRAFT_LENGTH else ""
    return found


def follow(asked: Mapping[str, str], selected: Trial | None) -> dict[str, str]:
    """Do what the parts ask for; returns why those that cannot be used are ignored."""
    ways = {way.lower(): way for way in WAYS}
    if asked.get("way") in ways:
        st.session_state[WAY] = ways[asked["way"]]
    if selected is None:
        return {}
    warnings = {}
    if "layers" in asked:
        choose(layers_name(selected.id), _layers(asked["layers"], len(selected.architecture.layers)))
    if "draft" in asked:
        draft = current_session().drafts.get(selected.id) or Draft.of(selected.architecture)
        try:
            current_session().drafts[selected.id] = draft.pasted(asked["draft"])
        except InvalidArchitecture as error:
            warnings["draft"] = f"The draft in the URL is ignored: {error}"
    return warnings


def _layers(text: str, number: int) -> list[int]:
    """The indices of the layers that a text names; what is no layer is left out.

    >>> _layers("1-3-x-99", 4)
    [0, 2]
    """
    parts = [part for part in text.split("-") if part.isascii() and part.isdigit() and len(part) < 5]
    return sorted({int(part) - 1 for part in parts if 1 <= int(part) <= number})
