"""Reads an architecture of a file or of a text, by what it is: ONNX, safetensors of REMAP, JSON, or words."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path, PurePath
from typing import Any

from remap_core.errors import InvalidArchitecture
from remap_core.formatting import count
from remap_core.imports.imported import WEIGHTS_LEFT, Images, Imported, require_images
from remap_core.imports.onnx_reading import read_onnx
from remap_core.space.architecture import Architecture
from remap_core.space.text import parse_layers

SUFFIXES = (".onnx", ".json", ".txt", ".safetensors")
MAX_MEGABYTES = 200
"""Size of a file that is read; the weights of 50 million parameters."""
MAX_TEXT = 1_000_000
"""Characters of words or JSON."""
_PICKLES = (".pt", ".pth", ".pkl", ".pickle", ".ckpt", ".bin", ".npy", ".joblib")


def read_file(path: Path, images: Images | None = None) -> Imported:
    """The architecture of a file, which is not opened where it is too large.

    images: what it must be for; None for what the file says. Raises InvalidArchitecture with the file's name.
    """
    name = path.name
    _require_suffix(name)
    try:
        size = path.stat().st_size
        _require_megabytes(name, size)
        content = path.read_bytes()
    except OSError as error:
        raise InvalidArchitecture(f"{name} cannot be read: {error.strerror}.") from None
    return read_content(name, content, images)


def read_content(name: str, content: bytes, images: Images | None = None) -> Imported:
    """The architecture of a file's content; see `read_file`. name: the file's, whose ending says what it is."""
    suffix = _require_suffix(name)
    _require_megabytes(name, len(content))
    try:
        match suffix:
            case ".onnx":
                imported = read_onnx(content, images)
            case ".safetensors":
                imported = _read_safetensors(content)
            case _:
                imported = _read_words(_decoded(content), images)
        return _checked(imported, images)
    except InvalidArchitecture as error:
        raise InvalidArchitecture(f"{_shown(name)}: {error}", error.index) from None


def read_text(text: str, images: Images | None = None) -> Imported:
    """The architecture of words ("Conv 32x3, ReLU", lines allowed) or JSON. Raises InvalidArchitecture."""
    return _checked(_read_words(text, images), images)


def _checked(imported: Imported, images: Images | None) -> Imported:
    if images:
        require_images(imported.architecture, images)
    return imported


def _require_suffix(name: str) -> str:
    suffix = PurePath(name).suffix.lower()
    if suffix in SUFFIXES:
        return suffix
    if suffix in _PICKLES:
        raise InvalidArchitecture(
            f"{_shown(name)} may hold a pickle, which can run anything when it is loaded, so it is not: "
            "export the network as .onnx, or pass it to remap.from_torch."
        )
    if suffix == ".py":
        raise InvalidArchitecture(
            f"{_shown(name)} is a program, which is not run: pass its network to remap.from_torch."
        )
    raise InvalidArchitecture(f"{_shown(name)} must end in {', '.join(SUFFIXES[:-1])} or {SUFFIXES[-1]}.")


def _require_megabytes(name: str, size: int) -> None:
    megabytes = size / 1e6
    if megabytes > MAX_MEGABYTES:
        raise InvalidArchitecture(
            f"{_shown(name)} has {count(round(megabytes))} MB, and at most {MAX_MEGABYTES} MB are read."
        )


def _decoded(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InvalidArchitecture("it is no text in UTF-8.") from None


def _read_words(text: str, images: Images | None) -> Imported:
    if len(text) > MAX_TEXT:
        raise InvalidArchitecture(f"it has {count(len(text))} characters, and at most {count(MAX_TEXT)} are read.")
    text = text.strip()
    if text.startswith(("{", "[")):
        return Imported(_of_json(_parsed(text), images))
    if not text:
        raise InvalidArchitecture("it is empty.")
    if images is None:
        raise InvalidArchitecture("words do not say what images they are for: name a data set.")
    lines = (line.strip().strip(",") for line in text.splitlines())
    layers = parse_layers(", ".join(line for line in lines if line))
    return Imported(Architecture(images.input_shape, images.classes, layers))


def _of_json(form: Any, images: Images | None) -> Architecture:
    """The architecture of a JSON form: an object, a list of one object, or a list of layers."""
    if isinstance(form, list) and len(form) == 1 and isinstance(form[0], Mapping) and "layers" in form[0]:
        form = form[0]
    elif isinstance(form, list) and form and isinstance(form[0], Mapping) and "layers" in form[0]:
        raise InvalidArchitecture(f"it has {len(form)} architectures, and one is read.")
    elif isinstance(form, list):
        if images is None:
            raise InvalidArchitecture("a list of layers does not say what images it is for: name a data set.")
        form = {"input_shape": list(images.input_shape), "classes": images.classes, "layers": form}
    return Architecture.from_json(form)


def _read_safetensors(content: bytes) -> Imported:
    """The architecture that REMAP writes into the header of its weights; the weights are not looked at."""
    length = int.from_bytes(content[:8], "little")
    try:
        header = json.loads(content[8 : 8 + length]) if 8 + length <= len(content) else {}
        form = json.loads(header["__metadata__"]["architecture"])
    except (ValueError, KeyError, TypeError, RecursionError):
        raise InvalidArchitecture("it is damaged, or holds no architecture: only REMAP's own weights do.") from None
    return Imported(Architecture.from_json(form), (WEIGHTS_LEFT,))


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidArchitecture(f"it is not valid JSON: {error}.") from None


def _shown(name: str) -> str:
    """A file's name as a sentence shows it: on one line, and not too long."""
    return " ".join(name.split())[:60]
