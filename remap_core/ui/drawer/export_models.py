"""The models in the drawer as one .zip file."""

from __future__ import annotations

import time
from collections.abc import Sequence

import streamlit as st

from remap_core.catalogue.reader import Catalogue
from remap_core.errors import RemapError
from remap_core.formatting import kilobytes, pluralize
from remap_core.services.exporting.export_zip import ALL_FORMS, DEFAULT_FORMS, ExportZip, ZipRequest, export_zip
from remap_core.trials.trial import TrialId
from remap_core.ui import app_data
from remap_core.ui.markdown import escape_markdown
from remap_core.ui.session import current_session

FORMS, LICENCE = "drawer-export-forms", "drawer-export-licence"

_TITLES = {
    ".onnx": "ONNX",
    ".int8.onnx": "ONNX, int8",
    ".h": "C header, int8",
    ".tflite": "LiteRT, int8",
    ".py": "PyTorch source",
    ".safetensors": "Weights",
    ".json": "Architecture",
    ".html": "Model card",
    ".md": "README.md",
}


def export_models(catalogue: Catalogue, models: Sequence[TrialId]) -> None:
    """Ask for forms, make the file while a bar shows how far it is, and offer it."""
    counted = pluralize(len(models), "model")
    with st.popover(f"Export {counted}", key="export-models"):
        forms = st.pills(
            "Formats",
            ALL_FORMS,
            selection_mode="multi",
            default=DEFAULT_FORMS,
            format_func=_TITLES.__getitem__,
            key=FORMS,
        )
        licence = st.text_input("Licence on the model cards", key=LICENCE, placeholder="CC-BY-4.0", max_chars=100)
        asked = (tuple(models), tuple(forms), licence)
        if st.button("Make .zip file", key="make-zip", disabled=not forms, width="stretch"):
            _make(catalogue, asked)
        _show_made(asked, counted)


_Asked = tuple[tuple[TrialId, ...], tuple[str, ...], str]


def _make(catalogue: Catalogue, asked: _Asked) -> None:
    models, forms, licence = asked
    bar = st.progress(0.0, "Starting …")
    try:
        request = ZipRequest(models, time.time(), forms, licence)
        made = export_zip(catalogue, app_data.folder(), request, progress=bar.progress)
    except RemapError as error:
        current_session().zipped = None
        st.error(escape_markdown(str(error)))
    else:
        current_session().zipped = (asked, made)
    bar.empty()


def _show_made(asked: _Asked, counted: str) -> None:
    """The file, if it is of these models and forms."""
    zipped = current_session().zipped
    if zipped is None or zipped[0] != asked:
        return
    made: ExportZip = zipped[1]
    st.download_button(
        f"Download {counted} ({kilobytes(len(made.content))})",
        made.content,
        file_name="models.zip",
        mime="application/zip",
        key="download-zip",
        on_click="ignore",
        width="stretch",
    )
    for warning in made.warnings:
        st.warning(escape_markdown(warning))
    for line in made.lines:
        st.caption(escape_markdown(line))
