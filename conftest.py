"""What the examples in the docstrings of the front door find: the package as `remap`, and a small `lab`."""

import pytest
from labs import small_lab

import remap_core


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
