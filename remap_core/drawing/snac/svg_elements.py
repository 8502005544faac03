"""SVG elements as text."""

from __future__ import annotations

from html import escape

FONT = "Arial,Helvetica,sans-serif"


def element(name: str, content: str = "", /, **attributes: str | float) -> str:
    """An element around `content`, which is SVG itself. Underscores in names of attributes stand for hyphens.

    Floats are written with at most two decimals; names and values are not escaped.

    >>> element("rect", x=1.5, width=7.0, stroke_width="0.8")
    "<rect x='1.5' width='7' stroke-width='0.8'/>"
    """
    words = [name]
    for attribute, value in attributes.items():
        words.append(f"{attribute.replace('_', '-')}='{_written(value)}'")
    start = " ".join(words)
    if not content:
        return f"<{start}/>"
    return f"<{start}>{content}</{name}>"


def _written(value: str | float) -> str:
    if isinstance(value, float):
        return f"{value:.2f}".rstrip("0").rstrip(".")
    return str(value)


def group(content: str, title: str = "", /, **attributes: str | float) -> str:
    """Elements as a group; title: its text alternative."""
    if title:
        content = f"<title>{escape(title)}</title>{content}"
    return element("g", content, **attributes)


def document(content: str, *, width: int, height: float, title: str, top: float = 0) -> str:
    """A standalone SVG of elements between (0, top) and (width, top + height); title: its text alternative."""
    return element(
        "svg",
        f"<title>{escape(title)}</title>{content}",
        xmlns="http://www.w3.org/2000/svg",
        role="img",
        width=width,
        height=f"{height:g}",
        viewBox=f"0 {top:g} {width} {height:g}",
    )
