"""The forms in which a model leaves: one for each suffix."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import PurePath
from types import MappingProxyType

from remap_core.errors import ExportFailed
from remap_core.exports.finished_model import FinishedModel
from remap_core.exports.onnx_file import onnx_bytes
from remap_core.exports.pytorch_source import pytorch_source
from remap_core.space.architecture import Architecture


def export(model: FinishedModel, name: str) -> bytes:
    """The content of a file of this name; raises ExportFailed where its suffix is none of FORMS."""
    suffix = PurePath(name).suffix.lower()
    if suffix not in FORMS:
        raise ExportFailed(
            f"A model is exported as one of {', '.join(FORMS)}, but not as {suffix or 'without suffix'}."
        )
    return FORMS[suffix](model, name)


def architecture_json(architecture: Architecture) -> bytes:
    """The layers as a file that `remap describe` reads."""
    return json.dumps(architecture.to_json(), indent=1).encode()


def _source(model: FinishedModel, name: str) -> bytes:
    return pytorch_source(model, PurePath(name).with_suffix(".safetensors").name).encode()


FORMS: Mapping[str, Callable[[FinishedModel, str], bytes]] = MappingProxyType(
    {
        ".onnx": lambda model, _: onnx_bytes(model),
        ".py": _source,
        ".safetensors": lambda model, _: model.file,
        ".json": lambda model, _: architecture_json(model.architecture),
    }
)
"""Suffix by suffix: the whole model for onnxruntime; a PyTorch module, which loads the weights; these; the layers."""
