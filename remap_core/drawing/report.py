"""A report of what was found, as one HTML file that needs nothing else: SNACs are vectors, and it prints."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape

from remap_core.drawing.snac.chips import HeightScale, Size, chips, snac_alt
from remap_core.drawing.snac.panel import shared_scale
from remap_core.drawing.snac.repeated_blocks import repeated_blocks
from remap_core.drawing.snac.svg import snac_svg, table_size
from remap_core.formatting import count, milliseconds, percent, pluralize, shape_text
from remap_core.space.architecture import Architecture
from remap_core.trials.annotations import Annotation
from remap_core.trials.dataset_card import DatasetCard
from remap_core.trials.evaluation import Latency, SealedScore
from remap_core.trials.trial import Trial


@dataclass(frozen=True)
class Step:
    """How a model was made of the one before: the edits, and what they did, in words."""

    parent: Trial
    edits: str
    effect: str


@dataclass(frozen=True)
class ReportedModel:
    """A model with what is known of it. steps: from the oldest ancestor to the model itself."""

    trial: Trial
    steps: tuple[Step, ...] = ()
    latency: Latency | None = None
    sealed: SealedScore | None = None
    annotation: Annotation | None = None


@dataclass(frozen=True)
class Report:
    """made: the moment, in words. finished: models by how they were made. front: not beaten by any other, smallest
    first. models: those that the report is about."""

    card: DatasetCard
    made: str
    finished: Mapping[str, int]
    front: Sequence[Trial]
    models: Sequence[ReportedModel]


def report_html(report: Report) -> str:
    """The file's content; what people typed is text in it, never HTML."""
    title = f"Models of {report.card.name}"
    shown = [*(one.architecture for one in report.front), *(one.trial.architecture for one in report.models)]
    scale = shared_scale(shown) if shown else None
    body = "".join((*_beginning(title, report), *_front(report.front, scale), *_models(report.models, scale)))
    return (
        "<!doctype html><html lang='en'><head><meta charset='utf-8'>"
        "<meta name='viewport' content='width=device-width'><meta name='color-scheme' content='light dark'>"
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body>{body}</body></html>\n"
    )


_STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;margin:32px auto;max-width:1000px;padding:0 16px}"
    "table{border-collapse:collapse}td,th{padding:4px 16px 4px 0;text-align:right;white-space:nowrap}"
    "th:first-child,td:first-child,td.l,th.l{text-align:left}.w{overflow-x:auto}section{break-inside:avoid}"
    "pre{font:inherit;white-space:pre-wrap}@media print{svg{max-width:100%;height:auto}}"
)


def _beginning(title: str, report: Report) -> Iterator[str]:
    card = report.card
    train, validation, test = map(count, card.split)
    made = ", ".join(f"{count(number)} {escape(origin)}" for origin, number in report.finished.items())
    yield f"<h1>{escape(title)}</h1>"
    names = escape(", ".join(card.class_names))
    shape, classes = shape_text(card.input_shape), count(card.classes)
    yield f"<p>Images with {shape} pixels in {classes} classes: {names}. "
    yield f"{train} train, {validation} validate, {test} are sealed.</p>"
    yield f"<p>{pluralize(sum(report.finished.values()), 'model')} finished: {made}. Written on {report.made}.</p>"


def _front(front: Sequence[Trial], scale: HeightScale | None) -> Iterator[str]:
    yield "<h2>Pareto front</h2><p>No other model is both smaller and more accurate than one of these.</p>"
    blocks = max((len(one.architecture.layers) for one in front), default=0) + 1
    yield "<div class='w'><table><tr><th>Model</th><th class='l'>Layers</th><th>Validation accuracy</th>"
    yield "<th>Parameters</th><th>Multiply-adds</th></tr>"
    for one in front:
        found = one.architecture
        yield f"<tr><td>#{one.id}</td><td class='l'>{_row(found, table_size(blocks), scale)}</td>"
        yield f"<td>{escape(one.accuracy_text())}</td><td>{count(found.parameters)}</td>"
        yield f"<td>{count(found.multiply_adds)}</td></tr>"
    yield "</table></div>"


def _models(models: Sequence[ReportedModel], scale: HeightScale | None) -> Iterator[str]:
    for one in models:
        trial, found = one.trial, one.trial.architecture
        yield f"<section><h2>Model #{trial.id}</h2><div class='w'>{_row(found, Size.LARGE, scale)}</div>"
        yield f"<p>{escape(snac_alt(found))}.</p><p>{escape('; '.join(_facts(one)))}.</p>"
        if one.steps:
            yield "<ol>" + "".join(f"<li>{escape(_step(step))}</li>" for step in one.steps) + "</ol>"
        if one.annotation and one.annotation.tags:
            yield f"<p>Tags: {escape(', '.join(one.annotation.tags))}</p>"
        if one.annotation and one.annotation.note:
            yield f"<pre>{escape(one.annotation.note)}</pre>"
        yield "</section>"


def _facts(one: ReportedModel) -> Iterator[str]:
    yield f"Validation accuracy {one.trial.accuracy_text(otherwise='not known yet')}"
    yield f"{pluralize(one.trial.epochs_done, 'epoch')} with seed {one.trial.proposal.config.seed}"
    if one.sealed:
        yield f"test accuracy {percent(one.sealed.accuracy)} ({count(one.sealed.images)} sealed images)"
    if one.latency:
        times = milliseconds(one.latency.batch_1_ms), milliseconds(one.latency.batch_256_ms)
        yield f"latency {times[0]} alone, {times[1]} for 256 ({one.latency.device}, {one.latency.dtype})"


def _step(step: Step) -> str:
    return f"From #{step.parent.id} ({step.parent.accuracy_text()}): {step.edits}: {step.effect}"


def _row(architecture: Architecture, size: Size, scale: HeightScale | None) -> str:
    brackets = repeated_blocks(architecture.layers) if size.has_labels else ()
    return snac_svg(chips(architecture, size, scale), size, title=snac_alt(architecture), repeated_blocks=brackets)
