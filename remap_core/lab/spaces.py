"""The search spaces that designs are sampled from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from remap_core.drawing.charts.notebook_theme import Figure, for_notebook
from remap_core.drawing.space_diagram import space_figure
from remap_core.lab import notebook_html
from remap_core.lab.arguments import require_choice
from remap_core.space.caps import caps_text
from remap_core.space.markov.search_space import SearchSpace
from remap_core.space.markov.search_spaces import SPACES
from remap_core.space.markov.space_file import SUFFIX, read_space_file


class Spaces(Mapping[str, SearchSpace]):
    """The search spaces by name, and a person's own by the path of its TOML file (docs/search-spaces.md).

    Raises InvalidArgument for a name that is not known, InvalidSpace for a file that is not a search space.

    >>> remap.spaces
    Spaces(remap-2019, modern, residual, mobile)
    >>> remap.spaces["remap-2019"].name
    'remap-2019'
    >>> remap.spaces["docs/examples/small-colour.toml"].name
    'small-colour'
    """

    def __getitem__(self, name: str | Path) -> SearchSpace:
        if isinstance(name, str | Path) and str(name).endswith(SUFFIX):
            return read_space_file(Path(name).expanduser())
        return SPACES[require_choice("space", name, SPACES)]

    def plot(self, name: str | Path) -> Figure:
        """Draw a search space: its steps as chips, and what follows each as arcs as wide as they are likely.

        >>> remap.spaces.plot("modern").data[-1].name
        'steps'
        """
        return for_notebook(space_figure(self[name]))

    def __contains__(self, name: object) -> bool:
        return name in SPACES

    def __iter__(self) -> Iterator[str]:
        return iter(SPACES)

    def __len__(self) -> int:
        return len(SPACES)

    def __repr__(self) -> str:
        return f"Spaces({', '.join(SPACES)})"

    def _repr_html_(self) -> str:
        rows = [(name, _layer_kinds(space), caps_text(space.caps)) for name, space in SPACES.items()]
        return notebook_html.framed(notebook_html.table(("Search space", "Layers", "Caps"), rows))


spaces = Spaces()
"""The search spaces by name: remap-2019 (the paper's), modern, residual and mobile. A search space samples chains of
layers; `remap.spaces["my-space.toml"]` reads one of your own."""


def _layer_kinds(space: SearchSpace) -> str:
    titles = [layer.title for row in space.grid.values() for layer in row]
    return ", ".join(dict.fromkeys(titles))
