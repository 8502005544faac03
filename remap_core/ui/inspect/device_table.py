"""What a model needs on each target, and whether it fits there."""

from __future__ import annotations

from typing import Any

import streamlit as st

from remap_core.formatting import kilobytes
from remap_core.space.architecture import Architecture
from remap_core.space.footprint import footprint
from remap_core.views.targets import TARGETS, Target

COLUMNS: dict[str, Any] = {
    "Target": st.column_config.TextColumn("Target", width=144),
    "Format": st.column_config.TextColumn("Format", width=64),
    "RAM": st.column_config.TextColumn("RAM", width=120, help="Activations of one image at their peak."),
    "Flash": st.column_config.TextColumn("Flash", width=136, help="The model file: weights, biases, scales, graph."),
    "Result": st.column_config.TextColumn("Result", width=220),
}


def device_table(architecture: Architecture, key: str) -> None:
    """RAM and flash beside the room that each target has for them."""
    st.dataframe(
        [_row(target, architecture) for target in TARGETS.values()],
        key=key,
        hide_index=True,
        column_config=COLUMNS,
        alt="RAM and flash that the model needs on each target.",
    )
    in_float = footprint(architecture, int8=False)
    st.caption(
        f"In float32: {kilobytes(in_float.ram_bytes)} of RAM and {kilobytes(in_float.flash_bytes)} of flash. "
        "Computed from the layers, without the runtime."
    )


def _row(target: Target, architecture: Architecture) -> dict[str, str]:
    needed = target.needs(architecture)
    result = target.verdict(needed)
    return {
        "Target": target.name,
        "Format": target.number_format,
        "RAM": _of(needed.ram_bytes, target.ram_left),
        "Flash": _of(needed.flash_bytes, target.flash_left),
        "Result": result.replace(f" {target.name}", ""),
    }


def _of(amount: int, left: int | None) -> str:
    if left is None:
        return kilobytes(amount)
    return f"{kilobytes(amount).removesuffix(' KB')} of {kilobytes(left)}"
