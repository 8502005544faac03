"""A model for use elsewhere, behind one button."""

from __future__ import annotations

import streamlit as st

from remap_core.errors import RemapError
from remap_core.exports.export_formats import FORMS, architecture_json, export
from remap_core.exports.original_check import OriginalCheck
from remap_core.services.model_files import finished_model, original_check
from remap_core.trials.trial import Trial
from remap_core.ui import app_data
from remap_core.ui.markdown import escape_markdown

_TITLES = {
    ".onnx": ("ONNX", "The complete model, for onnxruntime and other tools that read ONNX."),
    ".onnx.zip": ("ONNX and classify.py", "The model, and a script that classifies photos of any size with it."),
    ".py": ("PyTorch source", "A module that needs only torch and safetensors; it loads the weights file."),
    ".py.zip": ("PyTorch and classify.py", "The source, the weights, and a script that classifies photos."),
    ".safetensors": ("Weights", "Loaded by the PyTorch source."),
    ".json": ("Architecture (JSON)", "The layers, as `remap describe` reads them."),
}


@st.fragment
def show_exports(trial: Trial) -> None:
    """Downloads of a complete model, of other models the architecture. Files are made when the panel is opened."""
    panel = st.popover("Export", icon=":material/download:", key="inspect-export", on_change="rerun")
    if not panel.open:
        return
    with panel:
        _downloads(trial)


def _downloads(trial: Trial) -> None:
    check = None
    try:
        finished = finished_model(app_data.catalogue(), app_data.folder(), trial.id)
        files = {suffix: export(finished, f"model-{trial.id}{suffix}") for suffix in FORMS}
        check = original_check(app_data.catalogue(), app_data.folder(), finished)
    except RemapError as error:
        st.info(escape_markdown(str(error)))
        files = {".json": architecture_json(trial.architecture)}
    for suffix, content in files.items():
        title, description = _TITLES[suffix]
        st.download_button(
            title,
            content,
            file_name=f"model-{trial.id}{suffix}",
            key=f"export{suffix}",
            help=description,
            on_click="ignore",
            width="stretch",
        )
    if ".onnx" in files:
        st.caption(
            "ONNX and PyTorch take images as uint8 (n, channels, height, width), scale the pixels themselves and "
            "return logits."
        )
    if check:
        _show_check(check)


def _show_check(check: OriginalCheck) -> None:
    sentence = escape_markdown(check.sentence)
    if check.is_same:
        st.caption(sentence)
    else:
        st.warning(sentence)
