"""REMAP: visual human-in-the-loop neural architecture search.

>>> import remap_core as remap
>>> remap.architecture("Conv 32x3, ReLU", dataset="digits").parameters
11850
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from remap_core.version import __version__

if TYPE_CHECKING:
    from remap_core import datasets
    from remap_core.errors import RemapError, RemapWarning
    from remap_core.lab.designs.design import Design
    from remap_core.lab.designs.design_table import Designs
    from remap_core.lab.designs.from_torch import from_torch
    from remap_core.lab.designs.new_designs import architecture, sample
    from remap_core.lab.designs.read_designs import baselines, read
    from remap_core.lab.lab import Lab, open
    from remap_core.lab.models.model import Model, Models
    from remap_core.lab.models.model_comparison import Comparison
    from remap_core.lab.models.predictions import Prediction
    from remap_core.lab.spaces import spaces


__all__ = [
    "Comparison",
    "Design",
    "Designs",
    "Lab",
    "Model",
    "Models",
    "Prediction",
    "RemapError",
    "RemapWarning",
    "__version__",
    "architecture",
    "baselines",
    "datasets",
    "from_torch",
    "open",
    "read",
    "sample",
    "spaces",
]

_MODULES = {
    "Comparison": "remap_core.lab.models.model_comparison",
    "Design": "remap_core.lab.designs.design",
    "Designs": "remap_core.lab.designs.design_table",
    "Lab": "remap_core.lab.lab",
    "Model": "remap_core.lab.models.model",
    "Models": "remap_core.lab.models.model",
    "Prediction": "remap_core.lab.models.predictions",
    "RemapError": "remap_core.errors",
    "RemapWarning": "remap_core.errors",
    "architecture": "remap_core.lab.designs.new_designs",
    "baselines": "remap_core.lab.designs.read_designs",
    "from_torch": "remap_core.lab.designs.from_torch",
    "open": "remap_core.lab.lab",
    "read": "remap_core.lab.designs.read_designs",
    "sample": "remap_core.lab.designs.new_designs",
    "spaces": "remap_core.lab.spaces",
}
"""Where each name is: imported on first use, as every worker process imports this package."""


def __getattr__(name: str) -> Any:
    if name == "datasets":
        return import_module("remap_core.datasets")
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_MODULES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
