"""The device that trainings run on, and how many cores each may use."""

from __future__ import annotations

import platform
import warnings
from functools import cache
from pathlib import Path

import torch

from remap_core.errors import SettingsError
from remap_core.settings import Device


def choose_device(setting: Device) -> str:
    """Return "cpu" or "cuda". "auto" is the GPU if there is one; "cuda" without one raises SettingsError."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # an unsuitable driver counts as no GPU
        has_gpu = torch.cuda.is_available()
    if setting == "cuda" and not has_gpu:
        raise SettingsError('device = "cuda" needs a GPU that PyTorch can use, but there is none; "auto" uses the CPU.')
    if setting == "cpu" or not has_gpu:
        return "cpu"
    return "cuda"


def describe_device(device: str) -> str:
    """Kind and model of a device for people, for example "CPU, AMD EPYC 7543"."""
    kind = torch.device(device).type
    if kind == "cuda":
        return f"GPU, {torch.cuda.get_device_name(device)}"
    return f"{kind.upper()}, {_processor()}"


@cache
def multiplies_bf16(device: str) -> bool:
    """Whether the device has bf16 instructions, twice as fast as float32; False where Linux does not list a CPU's."""
    if device != "cpu":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    words = _cpu_info().split()
    return "avx512_bf16" in words or "amx_bf16" in words


def limit_threads(n: int) -> None:
    """Let PyTorch use at most n >= 1 cores in this process."""
    torch.set_num_threads(n)


def _processor() -> str:
    for line in _cpu_info().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _cpu_info() -> str:
    try:
        return Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:  # not Linux
        return ""
