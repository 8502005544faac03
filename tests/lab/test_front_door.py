"""The package as people import it."""

import subprocess
import sys
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest

import remap_core as remap

ROOT = Path(__file__).parents[2]
HEAVY = ("torch", "plotly", "duckdb", "streamlit", "sklearn", "scipy", "numpy", "pandas", "tqdm", "pyarrow")


def test_importing_the_package_imports_nothing_heavy():
    script = f"import sys, remap_core; print([name for name in {HEAVY} if name in sys.modules])"
    printed = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert printed.strip() == "[]"


def test_reading_a_lab_imports_no_torch():
    script = (
        "import sys, tempfile, remap_core as remap; lab = remap.open(tempfile.mkdtemp(), dataset='digits')\n"
        "remap.architecture('Conv 4x3', dataset=lab)._repr_html_(); lab.models; print('torch' in sys.modules)"
    )
    printed = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert printed.strip() == "False"


@pytest.mark.parametrize("name", remap.__all__)
def test_every_public_name_is_there_and_says_what_it_is(name):
    assert (getattr(remap, name).__doc__ or "").strip()


def test_the_public_names_are_those_that_completion_offers():
    assert dir(remap) == sorted(remap.__all__)


def test_another_name_is_an_attribute_error_as_of_any_module():
    with pytest.raises(AttributeError, match="no attribute 'opne'"):
        remap.opne  # noqa: B018


def test_the_version_has_one_source():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert "version" in project["project"]["dynamic"]
    assert project["tool"]["setuptools"]["dynamic"]["version"] == {"attr": "remap_core.version.__version__"}
    assert remap.__version__ == "0.2.0"
    assert version("remap-nas")


def test_the_types_are_part_of_the_package():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert project["tool"]["setuptools"]["package-data"]["remap_core"] == ["py.typed"]
    assert (ROOT / "remap_core" / "py.typed").is_file()
