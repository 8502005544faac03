"""What PyTorch finds on this machine, as JSON on standard output: for `remap doctor`, in a process of its own."""

from __future__ import annotations

import json
import sys
import warnings
from typing import Any

import torch


def survey() -> dict[str, Any]:
    """PyTorch's version, its instructions for this CPU, and each GPU with its memory in bytes."""
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        found = torch.cuda.is_available()
    return {
        "torch": str(torch.__version__),
        "instructions": torch.backends.cpu.get_cpu_capability(),
        "gpus": [_gpu(index) for index in range(torch.cuda.device_count() if found else 0)],
        "complaints": [str(warning.message).strip().splitlines()[0] for warning in said],
    }


def _gpu(index: int) -> dict[str, Any]:
    found = torch.cuda.get_device_properties(index)
    return {"name": found.name, "memory": found.total_memory, "bf16": torch.cuda.is_bf16_supported()}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(survey()))
