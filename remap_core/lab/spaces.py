"""The search spaces that designs are sampled from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from remap_core.lab import notebook_html
from remap_core.lab.arguments import require_choice
from remap_core.space.search_spaces import SPACES, SearchSpace


class Spaces(Mapping[str, SearchSpace]):
    """The search spaces by name. Raises InvalidArgument for one that is not known.

    >>> remap.spaces
    Spaces(remap-2019, modern)
    >>> remap.spaces["remap-2019"].name
    'remap-2019'
    """

    def __getitem__(self, name: str) -> SearchSpace:
        return SPACES[require_choice("space", name, SPACES)]

    def __contains__(self, name: object) -> bool:
        return name in SPACES

    def __iter__(self) -> Iterator[str]:
        return iter(SPACES)

    def __len__(self) -> int:
        return len(SPACES)

    def __repr__(self) -> str:
        return f"Spaces({', '.join(SPACES)})"

    def _repr_html_(self) -> str:
        rows = [(name, _layer_kinds(space)) for name, space in SPACES.items()]
        return notebook_html.framed(notebook_html.table(("Search space", "Layers"), rows))


spaces = Spaces()
"""The search spaces by name: remap-2019 (the paper's) and modern. A search space samples chains of layers."""


def _layer_kinds(space: SearchSpace) -> str:
    titles = [layer.title for row in space.grid.values() for layer in row]
    return ", ".join(dict.fromkeys(titles))
