"""The tree itself: rooms of a size that a person can hold in mind, no name twice, and no circle of imports."""

import ast
from collections import Counter
from collections.abc import Collection, Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MODULES = [path for path in (ROOT / "remap_core").rglob("*.py") if path.name != "__init__.py"]
MAX_MODULES = 15
MAX_CONTRACT_LINES = 90
FACE = "remap_core"
"""The package itself: it imports what is below on first use, so it alone stands outside the order."""


def test_no_folder_has_more_than_fifteen_modules():
    sizes = Counter(path.parent.relative_to(ROOT).as_posix() for path in MODULES)
    assert {folder: size for folder, size in sizes.items() if size > MAX_MODULES} == {}


def test_no_module_name_occurs_twice():
    pages = [ROOT / "app.py", *(ROOT / "pages").glob("*.py")]
    names = Counter(path.stem for path in (*MODULES, *pages) if path.stem != "__main__")
    assert {name: times for name, times in names.items() if times > 1} == {}


def test_the_contracts_fit_on_a_page():
    assert len((ROOT / ".importlinter").read_text().splitlines()) < MAX_CONTRACT_LINES


def test_no_modules_import_one_another_in_a_circle():
    imports = imports_of_modules()
    del imports[FACE]
    try:
        TopologicalSorter(imports).prepare()
    except CycleError as error:
        circle = reversed(error.args[1])
        pytest.fail(f"These modules import one another in a circle: {' -> '.join(circle)}.")


def test_nothing_imports_the_face_of_the_package():
    importers = [name for name, imported in imports_of_modules().items() if FACE in imported]
    assert importers == []


def imports_of_modules() -> dict[str, set[str]]:
    """The modules of the package that each one names: on top, inside functions, or for the type checker alone."""
    paths = {module_name(path): path for path in (ROOT / FACE).rglob("*.py")}
    imports = {}
    for name, path in paths.items():
        tree = ast.parse(path.read_text(encoding="utf-8"))
        imports[name] = {imported for imported in imported_names(tree, paths.keys()) if imported in paths}
    return imports


def module_name(path: Path) -> str:
    """remap_core.space.layers, or remap_core.space for its __init__.py."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


def imported_names(tree: ast.AST, modules: Collection[str]) -> Iterator[str]:
    """The modules that the import statements name; the package, where they name something that it defines."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"An import must name its module in full, but got {ast.unparse(node)}."
            for alias in node.names:
                module = f"{node.module}.{alias.name}"
                yield module if module in modules else node.module
