"""The formats of an exported model, by file suffix."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from pathlib import PurePath
from types import MappingProxyType

from remap_core.errors import ExportFailed
from remap_core.exports.bundles import onnx_bundle, pytorch_bundle
from remap_core.exports.finished_model import FinishedModel
from remap_core.exports.onnx_file import onnx_bytes
from remap_core.exports.pytorch_source import pytorch_source
from remap_core.space.architecture import Architecture


def export(model: FinishedModel, name: str) -> bytes:
    """The content of a file of this name; raises ExportFailed unless its suffix is one of FORMS."""
    suffix = suffix_of(name)
    require_form(suffix, FORMS)
    return FORMS[suffix](model, name)


def require_form(suffix: str, forms: Collection[str]) -> None:
    """Raise ExportFailed for a suffix that is not one of `forms`."""
    if suffix not in forms:
        found = suffix or "without suffix"
        raise ExportFailed(f"A model is exported as one of {', '.join(forms)}, but not as {found}.")


def suffix_of(name: str) -> str:
    """The suffix that tells the form; of a .zip file it is the last two, a plain .zip file is one of ONNX.

    >>> suffix_of("leaf.v2.onnx"), suffix_of("leaf.int8.onnx"), suffix_of("leaf.py.zip"), suffix_of("leaf.v2.zip")
    ('.onnx', '.int8.onnx', '.py.zip', '.onnx.zip')
    """
    suffixes = [suffix.lower() for suffix in PurePath(name).suffixes]
    if suffixes[-2:] == [".int8", ".onnx"]:
        return ".int8.onnx"
    if suffixes[-1:] != [".zip"]:
        return "".join(suffixes[-1:])
    if suffixes[-2:-1] == [".py"]:
        return ".py.zip"
    return ".onnx.zip"


def architecture_json(architecture: Architecture) -> bytes:
    """The layers as a file that `remap describe` reads."""
    return json.dumps(architecture.to_json(), indent=1).encode()


def _onnx(model: FinishedModel, _name: str) -> bytes:
    return onnx_bytes(model)


def _source(model: FinishedModel, name: str) -> bytes:
    weights = PurePath(name).with_suffix(".safetensors").name
    return pytorch_source(model, weights).encode()


def _onnx_bundle(model: FinishedModel, _name: str) -> bytes:
    return onnx_bundle(model)


def _pytorch_bundle(model: FinishedModel, _name: str) -> bytes:
    return pytorch_bundle(model)


def _weights(model: FinishedModel, _name: str) -> bytes:
    return model.file


def _architecture(model: FinishedModel, _name: str) -> bytes:
    return architecture_json(model.architecture)


FORMS: Mapping[str, Callable[[FinishedModel, str], bytes]] = MappingProxyType(
    {
        ".onnx": _onnx,
        ".onnx.zip": _onnx_bundle,
        ".py": _source,
        ".py.zip": _pytorch_bundle,
        ".safetensors": _weights,
        ".json": _architecture,
    }
)
"""By suffix: the model for onnxruntime; a PyTorch module, which loads the weights; the weights; the layers.

The .zip files have the model and a script that classifies photos with it."""
