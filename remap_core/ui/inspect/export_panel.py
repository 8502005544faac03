"""A model for use elsewhere, behind one button."""

from __future__ import annotations

import streamlit as st

from remap_core.errors import RemapError
from remap_core.exports.export_formats import FORMS, architecture_json, export
from remap_core.services.model_files import finished_model
from remap_core.trials.trial import Trial, TrialId
from remap_core.ui import app_data
from remap_core.ui.markdown import escape_markdown

_TITLES = {
    ".onnx": ("ONNX", "The whole model, for onnxruntime and whatever else reads ONNX."),
    ".py": ("PyTorch source", "A module that needs torch and safetensors alone; it loads the weights."),
    ".safetensors": ("Weights", "What the PyTorch source loads."),
    ".json": ("Architecture (JSON)", "The layers, as `remap describe` reads them."),
}


@st.fragment
def show_exports(trial: Trial) -> None:
    """Downloads of a complete model; of any other one the architecture. They are made when they are looked at."""
    panel = st.popover("Export", icon=":material/download:", key="inspect-export", on_change="rerun")
    if not panel.open:
        return
    with panel:
        _downloads(trial)


def _downloads(trial: Trial) -> None:
    try:
        files = _files(trial.id)
    except RemapError as error:
        st.info(escape_markdown(str(error)))
        files = {".json": architecture_json(trial.architecture)}
    for suffix, content in files.items():
        title, help_ = _TITLES[suffix]
        name = f"model-{trial.id}{suffix}"
        st.download_button(title, content, name, key=f"export{suffix}", help=help_, on_click="ignore", width="stretch")
    if ".onnx" in files:
        st.caption(
            "ONNX and PyTorch take images as uint8 (n, channels, height, width) and put out logits; how pixels are "
            "scaled is part of both."
        )


def _files(model: TrialId) -> dict[str, bytes]:
    finished = finished_model(app_data.catalogue(), app_data.folder(), model)
    return {suffix: export(finished, f"model-{model}{suffix}") for suffix in FORMS}
