"""Tensors in safetensors files whose damage is noticed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from safetensors import safe_open
from safetensors.torch import save
from torch import Tensor

from remap_core.system.checksum import CHECKSUM, checksum


def tensors_to_bytes(tensors: Mapping[str, Tensor], described: Mapping[str, str]) -> bytes:
    """The content of a safetensors file with these tensors and, as its metadata, these words and a checksum."""
    whole = {name: tensor.contiguous() for name, tensor in tensors.items()}
    return save(whole, {**described, CHECKSUM: _checksum(whole)})


def read_tensors(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """The tensors of a safetensors file and its metadata.

    Raises OSError or SafetensorError for a file that is none, ValueError for one whose tensors are not those that were
    written; a file without a checksum is taken as it is.
    """
    with safe_open(path, framework="pt") as file:
        described: dict[str, str] = file.metadata() or {}
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (it is no mapping)
    if described.get(CHECKSUM, found := _checksum(tensors)) != found:
        raise ValueError("it is damaged, its tensors do not match their checksum")
    return tensors, described


def _checksum(tensors: Mapping[str, Tensor]) -> str:
    return checksum({name: tensor.detach().cpu().numpy() for name, tensor in tensors.items()})
