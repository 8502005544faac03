"""A report on models as one HTML file that needs no other file: SNACs are vectors, and it prints well."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape

from remap_core.drawing.snac.chips import HeightScale, Size, chips, snac_alt
from remap_core.drawing.snac.panel import shared_scale
from remap_core.drawing.snac.repeated_blocks import RepeatedBlock, repeated_blocks
from remap_core.drawing.snac.svg import snac_svg, table_size
from remap_core.formatting import (
    count,
    dataset_title,
    milliseconds,
    model_name,
    model_tag,
    percent,
    pluralize,
    shape_text,
)
from remap_core.space.architecture import Architecture
from remap_core.trials.annotations import Annotation
from remap_core.trials.dataset_card import DatasetCard
from remap_core.trials.evaluation import Latency, SealedScore
from remap_core.trials.trial import Trial

MAX_NAMED = 40
"""Classes whose names are listed."""


@dataclass(frozen=True)
class Step:
    """A step of a lineage: the parent, the edits and their effect, in words."""

    parent: Trial
    edits: str
    effect: str


@dataclass(frozen=True)
class ReportedModel:
    """A model and what is known about it. steps: from the oldest ancestor to the model itself."""

    trial: Trial
    steps: tuple[Step, ...] = ()
    latency: Latency | None = None
    sealed: SealedScore | None = None
    annotation: Annotation | None = None


@dataclass(frozen=True)
class Report:
    """The content of a report.

    written: date and time in words. finished: counts of finished models by origin. front: the Pareto front, smallest
    first. models: the models that the report describes.
    """

    card: DatasetCard
    written: str
    finished: Mapping[str, int]
    front: Sequence[Trial]
    models: Sequence[ReportedModel]


def report_html(report: Report) -> str:
    """The file's content; everything that people typed is escaped."""
    trials = [*report.front, *(model.trial for model in report.models)]
    scale = None
    if trials:
        scale = shared_scale([trial.architecture for trial in trials])
    title = escape(f"Models of {dataset_title(report.card.name)}")
    parts = [f"<h1>{title}</h1>", *_introduction(report), *_front(report.front, scale)]
    for model in report.models:
        parts += _section(model, scale)
    return (
        "<!doctype html><html lang='en'><head><meta charset='utf-8'>"
        "<meta name='viewport' content='width=device-width'><meta name='color-scheme' content='light dark'>"
        f"<title>{title}</title><style>{_STYLE}</style></head><body>{''.join(parts)}</body></html>\n"
    )


_STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;margin:32px auto;max-width:1000px;padding:0 16px}"
    "table{border-collapse:collapse}td,th{padding:4px 16px 4px 0;text-align:right;white-space:nowrap}"
    "th:first-child,td:first-child,td.l,th.l{text-align:left}.w{overflow-x:auto}section{break-inside:avoid}"
    "pre{font:inherit;white-space:pre-wrap}@media print{svg{max-width:100%;height:auto}}"
)


def _introduction(report: Report) -> Iterator[str]:
    card = report.card
    names = escape(_names(card.class_names))
    yield f"<p>Images: {shape_text(card.input_shape)}. "
    yield f"{count(card.classes)} classes: {names}. "
    train, validation, test = map(count, card.split)
    yield f"Split: {train} training, {validation} validation, {test} sealed test images.</p>"
    models = pluralize(sum(report.finished.values()), "finished model")
    origins = []
    for origin, number in report.finished.items():
        origins.append(f"{count(number)} {escape(origin)}")
    yield f"<p>{models}: {', '.join(origins)}. "
    yield f"Written on {report.written}.</p>"


def _names(class_names: Sequence[str]) -> str:
    named = list(class_names[:MAX_NAMED])
    if len(class_names) > MAX_NAMED:
        named.append(f"and {count(len(class_names) - MAX_NAMED)} more")
    return ", ".join(named)


def _front(front: Sequence[Trial], scale: HeightScale | None) -> Iterator[str]:
    yield "<h2>Pareto front</h2><p>For each of these models, no other is both smaller and more accurate.</p>"
    yield "<div class='w'><table><tr><th>Model</th><th class='l'>Layers</th><th>Validation accuracy</th>"
    yield "<th>Parameters</th><th>Multiply-adds</th></tr>"
    longest = max((len(trial.architecture.layers) for trial in front), default=0)
    size = table_size(longest + 1)
    for trial in front:
        architecture = trial.architecture
        yield f"<tr><td>{model_tag(trial.id)}</td>"
        yield f"<td class='l'>{_snac(architecture, size, scale)}</td>"
        yield f"<td>{escape(trial.accuracy_text())}</td>"
        yield f"<td>{count(architecture.parameters)}</td>"
        yield f"<td>{count(architecture.multiply_adds)}</td></tr>"
    yield "</table></div>"


def _section(model: ReportedModel, scale: HeightScale | None) -> Iterator[str]:
    trial = model.trial
    drawing = _snac(trial.architecture, Size.LARGE, scale)
    yield f"<section><h2>{model_name(trial.id)}</h2><div class='w'>{drawing}</div>"
    results = "; ".join(_results(model))
    yield f"<p>{escape(snac_alt(trial.architecture))}.</p>"
    yield f"<p>{escape(results)}.</p>"
    if model.steps:
        items = [f"<li>{escape(_step_text(step))}</li>" for step in model.steps]
        yield f"<ol>{''.join(items)}</ol>"
    annotation = model.annotation
    if annotation and annotation.tags:
        yield f"<p>Tags: {escape(', '.join(annotation.tags))}</p>"
    if annotation and annotation.note:
        yield f"<pre>{escape(annotation.note)}</pre>"
    yield "</section>"


def _results(model: ReportedModel) -> Iterator[str]:
    trial = model.trial
    yield f"Validation accuracy {trial.accuracy_text(otherwise='not known yet')}"
    yield f"{pluralize(trial.epochs_done, 'epoch')} with seed {trial.proposal.config.seed}"
    sealed = model.sealed
    if sealed:
        yield f"test accuracy {percent(sealed.accuracy)} ({count(sealed.images)} sealed images)"
    latency = model.latency
    if latency:
        single = milliseconds(latency.batch_1_ms)
        batch = milliseconds(latency.batch_256_ms)
        device = f"{latency.device}, {latency.dtype}"
        yield f"latency {single} for 1 image, {batch} for 256 ({device})"


def _step_text(step: Step) -> str:
    parent = f"{model_tag(step.parent.id)} ({step.parent.accuracy_text()})"
    return f"From {parent}: {step.edits}: {step.effect}"


def _snac(architecture: Architecture, size: Size, scale: HeightScale | None) -> str:
    brackets: tuple[RepeatedBlock, ...] = ()
    if size.has_labels:
        brackets = repeated_blocks(architecture.layers)
    row = chips(architecture, size, scale)
    return snac_svg(row, size, title=snac_alt(architecture), repeated_blocks=brackets)
