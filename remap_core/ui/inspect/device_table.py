"""What a model needs on each target, and whether it fits there."""

from __future__ import annotations

from typing import Any

import streamlit as st

from remap_core.formatting import kilobytes
from remap_core.space.architecture import Architecture
from remap_core.space.footprint import footprint
from remap_core.views.targets import TARGETS, Target

COLUMNS: dict[str, Any] = {
    "Target": st.column_config.TextColumn("Target", width=128),
    "RAM": st.column_config.TextColumn("RAM", width=84, help="Activations of one image at their peak."),
    "Flash": st.column_config.TextColumn("Flash", width=108, help="The model file: weights, biases, scales, graph."),
    "Result": st.column_config.TextColumn("Result", width=124, help="Whether it fits, or how much more it needs."),
}


def device_table(architecture: Architecture, chosen: Target | None, key: str) -> None:
    """RAM and flash beside the room that each target has for them; chosen: one that may be none of the named ones."""
    targets = dict.fromkeys([*TARGETS.values(), *([chosen] if chosen else [])])
    st.dataframe(
        [_row(target, architecture) for target in targets],
        key=key,
        hide_index=True,
        column_config=COLUMNS,
        alt="RAM and flash that the model needs on each target.",
    )
    in_float = footprint(architecture, int8=False)
    st.caption(
        f"In int8; a browser in float32 ({kilobytes(in_float.ram_bytes)} of RAM, {kilobytes(in_float.flash_bytes)} of "
        "flash). Computed from the layers, without the runtime."
    )


def _row(target: Target, architecture: Architecture) -> dict[str, str]:
    needed = target.needs(architecture)
    return {
        "Target": target.name,
        "RAM": _of(needed.ram_bytes, target.ram_left),
        "Flash": _of(needed.flash_bytes, target.flash_left),
        "Result": target.brief_verdict(needed),
    }


def _of(amount: int, left: int | None) -> str:
    if left is None:
        return kilobytes(amount)
    return f"{kilobytes(amount).removesuffix(' KB')} of {kilobytes(left)}"
