"""A model with the script that classifies photos with it, as one .zip file."""

from __future__ import annotations

import json
import zipfile
from io import BytesIO

from remap_core.datasets.photos import photo_steps
from remap_core.exports.classify_script import PACKAGES, Runtime, classify_script, steps_sentence
from remap_core.exports.finished_model import FinishedModel
from remap_core.exports.onnx_file import onnx_bytes
from remap_core.exports.pytorch_source import pytorch_source
from remap_core.formatting import dataset_title, model_name

_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The time of every member, so that equal models make equal files."""


def onnx_bundle(model: FinishedModel) -> bytes:
    """model.onnx, classify.py, classify.json, classes.txt and README.txt."""
    return zipped({"model.onnx": onnx_bytes(model), **_around(model, "onnxruntime")})


def pytorch_bundle(model: FinishedModel) -> bytes:
    """model.py, model.safetensors, classify.py, classify.json, classes.txt and README.txt."""
    source = pytorch_source(model, "model.safetensors").encode()
    return zipped({"model.py": source, "model.safetensors": model.file, **_around(model, "torch")})


def _around(model: FinishedModel, runtime: Runtime) -> dict[str, bytes]:
    readme = (
        f"{model_name(model.id)} of {model.dataset}\n\n"
        "    python classify.py photo.png [photo2.jpg ...]\n\n"
        f"prints the class of each photo. Needs {PACKAGES[runtime]}.\n{steps_sentence(model)}\n"
    )
    return {
        "classify.py": classify_script(model, runtime).encode(),
        "classify.json": _constants(model),
        "classes.txt": "".join(f"{name}\n" for name in model.class_names).encode(),
        "README.txt": readme.encode(),
    }


def _constants(model: FinishedModel) -> bytes:
    """Those of classify.py, for programs in other languages."""
    shape = model.architecture.input_shape
    constants = {
        "model": f"{model_name(model.id)} of {dataset_title(model.dataset)}",
        "classes": model.class_names,
        "input_shape": shape,
        "steps": photo_steps(model.recipe, shape),
    }
    return json.dumps(constants, indent=1).encode()


def zipped(files: dict[str, bytes]) -> bytes:
    """The content of a .zip file; equal files make equal ones."""
    content = BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name, _EPOCH), data, zipfile.ZIP_DEFLATED)
    return content.getvalue()
