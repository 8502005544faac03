"""What the examples in the docstrings of the front door find: the package as `remap`, and a small `lab`."""

from importlib.util import find_spec

import pytest
from labs import small_lab

import remap_core

collect_ignore = [] if find_spec("litert_torch") else ["remap_core/training/exported/litert_child.py"]
"""Of an extra: it has no doctests, and cannot be imported without."""


@pytest.fixture(scope="session")
def lab(tmp_path_factory):
    """Four models, trained once; tests and examples may train more."""
    return small_lab(tmp_path_factory.mktemp("lab") / "digits-lab")


@pytest.fixture(autouse=True)
def front_door(request, doctest_namespace):
    """Names for the doctests of the front door alone."""
    if request.node.name.startswith("remap_core.lab"):
        doctest_namespace["remap"] = remap_core
        doctest_namespace["lab"] = request.getfixturevalue("lab")
