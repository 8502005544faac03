"""The tree itself: rooms of a size that a person can hold in mind, and no name twice."""

from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[1]
MODULES = [path for path in (ROOT / "remap_core").rglob("*.py") if path.name != "__init__.py"]
MAX_MODULES = 15
MAX_CONTRACT_LINES = 90


def test_no_folder_has_more_than_fifteen_modules():
    sizes = Counter(path.parent.relative_to(ROOT).as_posix() for path in MODULES)
    assert {folder: size for folder, size in sizes.items() if size > MAX_MODULES} == {}


def test_no_module_name_occurs_twice():
    pages = [ROOT / "app.py", *(ROOT / "pages").glob("*.py")]
    names = Counter(path.stem for path in (*MODULES, *pages) if path.stem != "__main__")
    assert {name: times for name, times in names.items() if times > 1} == {}


def test_the_contracts_fit_on_a_page():
    assert len((ROOT / ".importlinter").read_text().splitlines()) < MAX_CONTRACT_LINES
