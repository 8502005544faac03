"""Exports that take seconds: they are made when their button is pressed, and kept for everybody."""

from __future__ import annotations

import hashlib
import time
from importlib.util import find_spec
from typing import NamedTuple

import streamlit as st

from remap_core.errors import RemapError
from remap_core.exports.checks.verification import Verification
from remap_core.formatting import kilobytes
from remap_core.services.exporting.checked_export import CheckedExport, quick_check
from remap_core.services.exporting.export_source import ExportSource
from remap_core.services.exporting.export_zip import CARDS, made_file
from remap_core.ui.markdown import escape_markdown
from remap_core.ui.session import current_session

LICENCE = "export-licence"
MAX_QUICK = 2e9
"""Multiply-adds of a check that a page makes without being asked to: about a second."""


class _Form(NamedTuple):
    """A form that is made on request. package: what its extra brings."""

    suffix: str
    title: str
    description: str
    package: str = ""
    extra: str = ""

    @property
    def name(self) -> str:
        """The title at the start of a sentence."""
        return self.title[:1].upper() + self.title[1:]


_FORMS = (
    _Form(
        ".int8.onnx",
        "ONNX, int8",
        "8-bit weights and activations, for onnxruntime: a quarter of the size of larger models.",
    ),
    _Form(
        ".h",
        "C header, int8",
        "Weights and code in one file, for microcontrollers.",
        "emx_onnx_cgen",
        "microcontroller",
    ),
    _Form(
        ".tflite",
        "LiteRT, int8",
        "For LiteRT (TensorFlow Lite), on phones and microcontrollers.",
        "litert_torch",
        "litert",
    ),
    _Form(".html", "model card", "What the model is, how it does by class, and how to run it: one HTML file to read."),
    _Form(".md", "model card (Markdown)", "The same as a README.md for a repository."),
)


class _Request(NamedTuple):
    """A form of a model, asked for."""

    form: _Form
    source: ExportSource
    file_name: str
    licence: str

    @property
    def key(self) -> str:
        """Tells it from the form of other weights."""
        return f"{self.file_name} {_weights_key(self.source)}"


def show_quick_check(source: ExportSource) -> None:
    """How the ONNX file does on all validation images, where that takes a moment only."""
    images = len(source.card.validation_labels)
    if images * source.trial.architecture.multiply_adds > MAX_QUICK:
        return
    try:
        check = _quick_check(source)
    except RemapError as error:
        st.caption(f"ONNX is not verified: {escape_markdown(str(error))}")
        return
    st.caption(f"ONNX: {escape_markdown(check.sentence)}")
    if check.warning:
        st.warning(f"ONNX: {escape_markdown(check.warning)}")


def show_made(source: ExportSource, name: str) -> None:
    """A button for each form that is made on request; once made, its download and how it does."""
    st.markdown("###### Made on request")
    columns = st.columns(2, gap="small")
    licence = st.text_input("Licence on the model card", key=LICENCE, placeholder="CC-BY-4.0", max_chars=100)
    outcomes = st.container(gap="xsmall")
    for number, form in enumerate(_FORMS):
        request = _Request(form, source, f"{name}{form.suffix}", licence if form.suffix in CARDS else "")
        with columns[number % 2]:
            made = _button_or_download(request)
        if made:
            with outcomes:
                _show_outcome(form, made)


def _button_or_download(request: _Request) -> CheckedExport | str | None:
    """The button, or what came of pressing it: the file, or a sentence why there is none."""
    if request.key not in current_session().exports:
        _button(request)
        return None
    try:
        with st.spinner(f"Making {request.form.title} …"):
            made = _made(request.source, request.file_name, request.licence)
    except RemapError as error:
        _button(request)
        return str(error)
    st.download_button(
        f"{request.form.name} ({kilobytes(len(made.content))})",
        made.content,
        file_name=request.file_name,
        key=f"export-{request.file_name}",
        help=request.form.description,
        on_click="ignore",
        width="stretch",
    )
    return made


def _button(request: _Request) -> None:
    form = request.form
    is_missing = bool(form.package) and find_spec(form.package) is None
    description = form.description
    if is_missing:
        description += f" It needs an extra that is not installed: pip install -e '.[{form.extra}]'."
    st.button(
        f"Make {form.title}",
        key=f"make-{request.file_name}",
        help=description,
        disabled=is_missing,
        on_click=current_session().exports.add,
        args=(request.key,),
        width="stretch",
    )


def _show_outcome(form: _Form, made: CheckedExport | str) -> None:
    if isinstance(made, str):
        st.error(f"{form.name}: {escape_markdown(made)}")
        return
    if made.warning:
        st.warning(f"{form.name}: {escape_markdown(made.warning)}")
    if made.sentence:
        st.caption(f"{form.name}: {escape_markdown(made.sentence)}")


def _weights_key(source: ExportSource) -> str:
    """Tells weights, and whose they are, apart."""
    digest = hashlib.sha256(source.model.file).hexdigest()
    return f"{source.folder.home} {source.model.id} {digest}"


@st.cache_resource(max_entries=64, show_spinner=False, hash_funcs={ExportSource: _weights_key})
def _quick_check(source: ExportSource) -> Verification:
    return quick_check(source)


@st.cache_resource(max_entries=32, show_spinner=False, hash_funcs={ExportSource: _weights_key})
def _made(source: ExportSource, file_name: str, licence: str) -> CheckedExport:
    return made_file(source, file_name, time.time(), licence)
