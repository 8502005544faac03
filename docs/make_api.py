"""Writes docs/api.md from the docstrings of the front door.

    python docs/make_api.py

A test fails where the file is not what this writes.
"""

import re
import sys
from pathlib import Path

import griffe

ROOT = Path(__file__).parents[1]
FILE = ROOT / "docs" / "api.md"

HEAD = """# The API

`import remap_core as remap`: the front door for notebooks and scripts. [The notebook](examples/notebook.ipynb) is a
tour, [usecase.py](examples/usecase.py) a whole search. Every error is a `remap.RemapError` whose text is one sentence.
In the examples, `lab` is a lab with a few trained models.

This page is written by `python docs/make_api.py`.
"""
LINKED = {"lab_plots.LabPlots": "lab.plot", "models.model_plots.ModelPlots": "model.plot"}
"""Classes that have no name in the package, and how one gets them."""


def api_page() -> str:
    """The whole page: every public name, with its signature and its docstring."""
    package = griffe.load("remap_core", search_paths=[ROOT])
    public = [name.strip("'\"") for name in map(str, package["__all__"].value.elements) if "__" not in name]
    names = sorted(public, key=lambda name: (package[name].is_class, name))
    entries = [entry(package[name], f"remap.{name}") for name in names]
    entries += [entry(package[f"lab.{name}"], path) for name, path in LINKED.items()]
    return "\n".join([HEAD, *entries])


def entry(thing: griffe.Object | griffe.Alias, name: str) -> str:
    """A name of the package, and the public members of a class."""
    if thing.is_alias:
        thing = thing.final_target
    owner = name.removeprefix("remap.").lower()
    lines = [f"## {name}\n", *described(thing, name)]
    if thing.is_class:
        for member in thing.members.values():
            is_own = member.is_function or member.is_attribute and "property" in member.labels
            if is_own and not member.name.startswith("_") and member.docstring:
                lines += [f"### {owner}.{member.name}\n", *described(member, f"{owner}.{member.name}")]
    if thing.is_module:
        for member in ("names", "load", "describe"):
            lines += [f"### {name}.{member}\n", *described(thing[member], f"{name}.{member}")]
    return "\n".join(lines)


def described(thing: griffe.Object, name: str) -> list[str]:
    """The signature of a function, and the docstring with its examples as code."""
    docstring = thing.docstring.value if thing.docstring else ""
    text = re.sub(r"((?:^>>> .*\n?(?:^(?!>>>|$).*\n?)*)+)", r"```python\n\1```\n", docstring + "\n", flags=re.MULTILINE)
    text = text.replace("```\n```python\n", "")
    if not thing.is_function:
        return [text]
    parameters = [parameter for parameter in thing.parameters if parameter.name != "self"]
    written = [parameter_text(parameter) for parameter in parameters]
    by_name = [number for number, parameter in enumerate(parameters) if parameter.kind.name == "keyword_only"]
    if by_name:
        written.insert(by_name[0], "*")
    return [f"```python\n{name}({', '.join(written)}) -> {thing.returns}\n```\n", text]


def parameter_text(parameter: griffe.Parameter) -> str:
    """A parameter with its type and its default."""
    stars = {"var_positional": "*", "var_keyword": "**"}.get(parameter.kind.name, "")
    default = "" if parameter.default is None or stars else f" = {parameter.default}"
    return f"{stars}{parameter.name}: {parameter.annotation}{default}"


if __name__ == "__main__":
    FILE.write_text(api_page(), encoding="utf-8")
    sys.stdout.write(f"Wrote {FILE}.\n")
