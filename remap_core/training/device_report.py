"""What PyTorch finds on this machine, as JSON on standard output. `remap doctor` runs it in a separate process."""

from __future__ import annotations

import json
import sys
import warnings
from typing import Any

import torch


def survey() -> dict[str, Any]:
    """PyTorch's version, its CPU instruction set, and each GPU with its memory in bytes."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        has_gpu = torch.cuda.is_available()
    gpus = []
    if has_gpu:
        gpus = [_gpu(index) for index in range(torch.cuda.device_count())]
    return {
        "torch": str(torch.__version__),
        "instructions": torch.backends.cpu.get_cpu_capability(),
        "gpus": gpus,
        "complaints": [_first_line(warning.message) for warning in caught],
    }


def _gpu(index: int) -> dict[str, Any]:
    properties = torch.cuda.get_device_properties(index)
    return {
        "name": properties.name,
        "memory": properties.total_memory,
        "bf16": torch.cuda.is_bf16_supported(),
    }


def _first_line(message: Warning | str) -> str:
    return str(message).strip().splitlines()[0]


if __name__ == "__main__":
    sys.stdout.write(json.dumps(survey()))
