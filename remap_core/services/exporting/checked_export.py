"""A model as a file, and how that file does on all validation images."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from remap_core.errors import CatalogueError, DatasetError
from remap_core.exports import export_formats
from remap_core.exports.checks.compiled_header import header_logits
from remap_core.exports.checks.verification import Verification, verified
from remap_core.exports.export_formats import FORMS, require_form, suffix_of
from remap_core.exports.int8.c_header import c_header
from remap_core.exports.int8.litert_file import litert_file
from remap_core.exports.onnx_session import Logits, onnx_session, session_logits
from remap_core.services.exporting.export_source import ExportSource

ONNX, PYTORCH = "float ONNX", "PyTorch"
"""Whose logits a file's are compared with."""

INT8 = (".int8.onnx", ".h", ".tflite")
"""The forms in int8."""


@dataclass(frozen=True)
class CheckedExport:
    """A file's content. verification: None for a form that computes nothing; not_verified: why there is none."""

    content: bytes
    verification: Verification | None = None
    not_verified: str = ""

    @property
    def sentence(self) -> str:
        """How the file does, for people; empty for a form that computes nothing."""
        if self.verification:
            return self.verification.sentence
        return f"Not verified: {self.not_verified}" if self.not_verified else ""

    @property
    def warning(self) -> str:
        """The loss of a file that loses more than 1 point of accuracy, else empty."""
        return self.verification.warning if self.verification else ""


Making = Callable[[ExportSource], CheckedExport]


def checked_export(source: ExportSource, name: str) -> CheckedExport:
    """The content of a file of this name, by its suffix, run on all validation images.

    Raises ExportFailed, and MissingPackage or DatasetError where a form needs what is not there.
    """
    suffix = suffix_of(name)
    require_form(suffix, (*FORMS, *INT8))
    if suffix in _INT8_FORMS:
        return _INT8_FORMS[suffix](source)
    content = export_formats.export(source.model, name)
    if suffix in (".onnx", ".onnx.zip"):
        return _compared(source, content, lambda: source.onnx_logits, lambda: (PYTORCH, source.pytorch_logits))
    if suffix in (".py", ".py.zip"):
        return _compared(source, content, lambda: source.pytorch_logits, lambda: (ONNX, source.onnx_logits))
    return CheckedExport(content)


def quick_check(source: ExportSource) -> Verification:
    """How the float ONNX file does, without PyTorch's logits to compare with: that takes a moment only."""
    return verified(source.onnx_logits, source.evaluation.predictions, source.card.validation_labels)


def _int8_onnx(source: ExportSource) -> CheckedExport:
    content = source.int8_onnx
    return _compared(
        source,
        content,
        lambda: session_logits(onnx_session(content), source.validation_images),
        lambda: (ONNX, source.onnx_logits),
    )


def _c_header(source: ExportSource) -> CheckedExport:
    code = c_header(source.model, source.calibration_images)
    return _compared(
        source,
        code.encode(),
        lambda: header_logits(code, source.model, source.validation_images),
        lambda: (ONNX, source.onnx_logits),
    )


def _litert(source: ExportSource) -> CheckedExport:
    content, logits = litert_file(source.model, source.calibration_images, source.validation_images)
    return _compared(source, content, lambda: logits, lambda: (ONNX, source.onnx_logits))


_INT8_FORMS: Mapping[str, Making] = MappingProxyType(dict(zip(INT8, (_int8_onnx, _c_header, _litert), strict=True)))


def _compared(
    source: ExportSource,
    content: bytes,
    logits: Callable[[], Logits],
    reference: Callable[[], tuple[str, Logits]],
) -> CheckedExport:
    """The file with its verification, or with why it could not be run here."""
    try:
        labels = source.card.validation_labels
        verification = verified(logits(), source.evaluation.predictions, labels, reference())
    except (CatalogueError, DatasetError) as error:
        return CheckedExport(content, not_verified=str(error))
    return CheckedExport(content, verification)
