"""Tensors in safetensors files with a checksum, which reveals damage."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from safetensors import safe_open
from safetensors.torch import save
from torch import Tensor

from remap_core.system.checksum import CHECKSUM, checksum


def tensors_to_bytes(tensors: Mapping[str, Tensor], metadata: Mapping[str, str]) -> bytes:
    """The content of a safetensors file with these tensors, this metadata and a checksum."""
    contiguous = {name: tensor.contiguous() for name, tensor in tensors.items()}
    return save(contiguous, {**metadata, CHECKSUM: _checksum(contiguous)})


def read_tensors(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """The tensors and the metadata of a safetensors file.

    Raises OSError or SafetensorError where it is not such a file, and ValueError where its tensors do not match their
    checksum. A file without a checksum is accepted.
    """
    with safe_open(path, framework="pt") as file:
        metadata: dict[str, str] = file.metadata() or {}
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (it is not a mapping)
    if CHECKSUM in metadata and metadata[CHECKSUM] != _checksum(tensors):
        raise ValueError("it is damaged, its tensors do not match their checksum")
    return tensors, metadata


def _checksum(tensors: Mapping[str, Tensor]) -> str:
    return checksum({name: tensor.detach().cpu().numpy() for name, tensor in tensors.items()})
