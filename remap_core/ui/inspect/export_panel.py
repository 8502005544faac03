"""A model for use elsewhere."""

from __future__ import annotations

import time

import streamlit as st

from remap_core.catalogue.reader import Catalogue
from remap_core.drawing.report import report_html
from remap_core.errors import RemapError
from remap_core.exports.export_formats import FORMS, architecture_json, export
from remap_core.exports.original_check import OriginalCheck
from remap_core.services.exporting.export_source import ExportSource
from remap_core.services.model_files import original_check
from remap_core.services.reports import report_of
from remap_core.trials.population import Population
from remap_core.trials.trial import Trial
from remap_core.ui import app_data
from remap_core.ui.inspect.finish_panel import choose_weights, show_finish
from remap_core.ui.inspect.made_exports import show_made, show_quick_check
from remap_core.ui.markdown import escape_markdown

_TITLES = {
    ".onnx": ("ONNX", "The complete model, for onnxruntime and other tools that read ONNX."),
    ".onnx.zip": ("ONNX and classify.py", "The model, and a script that classifies photos of any size with it."),
    ".py": ("PyTorch source", "A module that needs only torch and safetensors; it loads the weights file."),
    ".py.zip": ("PyTorch and classify.py", "The source, the weights, and a script that classifies photos."),
    ".safetensors": ("Weights", "Loaded by the PyTorch source."),
    ".json": ("Architecture (JSON)", "The layers, as `remap describe` reads them."),
}


def show_exports(catalogue: Catalogue, trial: Trial) -> None:
    """Downloads of a complete model, of other models the architecture; and the report on it."""
    check = source = None
    training = choose_weights(catalogue, trial)
    name = f"model-{trial.model}"
    if training.id != trial.model:
        name += "-finished"
    try:
        source = ExportSource.of(catalogue, app_data.folder(), trial.model, training.id)
        files = {suffix: export(source.model, f"{name}{suffix}") for suffix in FORMS}
        check = original_check(catalogue, app_data.folder(), source.model)
    except RemapError as error:
        st.info(escape_markdown(str(error)))
        files = {".json": architecture_json(trial.architecture)}
    columns = st.columns(2, gap="small")
    for number, (suffix, content) in enumerate(files.items()):
        with columns[number % 2]:
            _download(*_TITLES[suffix], content, f"{name}{suffix}")
    population = app_data.dataset_view(trial.proposal.dataset).population
    if population.row_of(trial.id) is not None:
        with columns[len(files) % 2]:
            _report(catalogue, population, trial)
    if ".onnx" in files:
        st.caption(
            "ONNX and PyTorch take images as uint8 (n, channels, height, width), scale the pixels themselves and "
            "return logits."
        )
    if check:
        _show_check(check)
    if source:
        show_quick_check(source)
        show_made(source, name)
    show_finish(trial)


def _download(title: str, description: str, content: bytes | str, file_name: str) -> None:
    st.download_button(
        title,
        content,
        file_name=file_name,
        key=f"export-{file_name}",
        help=description,
        on_click="ignore",
        width="stretch",
    )


def _report(catalogue: Catalogue, population: Population, trial: Trial) -> None:
    report = report_html(report_of(catalogue, population, [trial.id], time.time()))
    description = "One HTML file to keep, print or send: the Pareto front, and all results of this model."
    _download("Report", description, report, f"report-{trial.id}.html")


def _show_check(check: OriginalCheck) -> None:
    sentence = escape_markdown(check.sentence)
    if check.is_same:
        st.caption(sentence)
    else:
        st.warning(sentence)
