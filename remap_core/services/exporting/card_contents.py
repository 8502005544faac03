"""The model card of a model, from the catalogue and from its files."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from remap_core.drawing.model_card.card import CardFile, Memory, ModelCard
from remap_core.errors import RemapError
from remap_core.exports.classify_script import steps_sentence
from remap_core.formatting import model_tag
from remap_core.services.exporting.checked_export import checked_export
from remap_core.services.exporting.export_source import ExportSource
from remap_core.services.reports import lineage_steps
from remap_core.space.footprint import footprint

CHECKED = {".onnx": "ONNX", ".int8.onnx": "ONNX, int8"}
"""The forms that a card is about, by suffix."""


def model_card(source: ExportSource, now: float, licence: str = "") -> ModelCard:
    """The card of a model, with how its ONNX files do; raises NotFound where it was not evaluated.

    now: seconds since 1970.
    """
    sealed_test = source.catalogue.sealed_test(source.model.id)
    return ModelCard(
        trial=source.trial,
        training=source.catalogue.trial(source.model.id),
        dataset=source.card,
        evaluation=source.evaluation,
        preparation=steps_sentence(source.model),
        written=f"{datetime.fromtimestamp(now, UTC):%d %B %Y}",
        licence=licence.strip(),
        sealed=sealed_test.score if sealed_test else None,
        steps=tuple(_lineage(source)),
        files=tuple(_files(source)),
        memory=tuple(_memory(source)),
    )


def _lineage(source: ExportSource) -> Iterator[str]:
    for step in lineage_steps(source.catalogue, source.trial):
        parent = f"{model_tag(step.parent.id)} ({step.parent.accuracy_text()})"
        yield f"from {parent}: {step.edits}: {step.effect}"


def _files(source: ExportSource) -> Iterator[CardFile]:
    for suffix, title in CHECKED.items():
        try:
            file = checked_export(source, f"model{suffix}")
        except RemapError as error:
            yield CardFile(title, None, str(error))
            continue
        yield CardFile(title, len(file.content), file.sentence, file.warning)


def _memory(source: ExportSource) -> Iterator[Memory]:
    for title, int8 in (("float32", False), ("int8", True)):
        needed = footprint(source.trial.architecture, int8=int8)
        yield Memory(title, needed.ram_bytes, needed.flash_bytes)
