"""Where a training runs, and how much of it a training may take."""

from __future__ import annotations

import platform
import warnings
from functools import cache
from pathlib import Path

import torch

from remap_core.errors import SettingsError
from remap_core.settings import Device


def choose_device(setting: Device) -> str:
    """Where to train: "cpu" or "cuda". "auto" takes a GPU if there is one; "cuda" without one is a SettingsError."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a driver that does not fit is no GPU
        found = torch.cuda.is_available()
    if setting == "cuda" and not found:
        raise SettingsError(
            'device = "cuda" needs a GPU that PyTorch can use, but there is none; "auto" takes the CPU.'
        )
    return "cuda" if setting != "cpu" and found else "cpu"


def describe_device(device: str) -> str:
    """The device for a person: its kind and its maker's name, like "CPU, AMD EPYC 7543"."""
    kind = torch.device(device).type
    name = torch.cuda.get_device_name(device) if kind == "cuda" else _processor()
    return f"{'GPU' if kind == 'cuda' else kind.upper()}, {name}"


@cache
def multiplies_bf16() -> bool:
    """Whether the processor has instructions for bf16, twice as fast as float32; False where Linux does not say so."""
    try:
        words = Path("/proc/cpuinfo").read_text(encoding="utf-8").split()
    except OSError:
        return False
    return "avx512_bf16" in words or "amx_bf16" in words


def limit_threads(n: int) -> None:
    """Let every computation of this process use at most n >= 1 cores."""
    torch.set_num_threads(n)


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:  # not Linux
        lines = []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor() or platform.machine())
