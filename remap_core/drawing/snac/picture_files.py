"""An SVG as the file that a paper, a talk or a web page needs: SVG, PDF, PNG or HTML, without a browser.

svglib and reportlab write the PDF with the fonts that every PDF reader has, and PDFium renders it: pictures look the
same whatever fonts a machine has. These packages are an optional extra, since only `remap snac` needs them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from html import escape
from io import BytesIO
from types import MappingProxyType

from remap_core.errors import InvalidPicture

PNG_SCALE = 4
"""Pixels of a PNG for a point (1/72 inch) of the PDF: 288 per inch, three for each pixel of the SVG."""

MISSING = "PDF and PNG need an extra that is not installed: pip install -e '.[paper]'."


def picture(svg: str, suffix: str, title: str) -> bytes:
    """The file's content; suffix: ".svg", ".pdf", ".png" or ".html". title: the picture in words.

    Raises InvalidPicture for another suffix, and where packages for PDF and PNG are not installed.
    """
    draw = _FORMS.get(suffix.lower())
    if draw is None:
        given = suffix or "a file without suffix"
        raise InvalidPicture(f"A picture is written as one of {', '.join(_FORMS)}, but not as {given}.")
    return draw(svg, title)


def _svg(svg: str, title: str) -> bytes:  # noqa: ARG001 (an SVG has its title already)
    return svg.encode()


def _html(svg: str, title: str) -> bytes:
    """A page that follows the reader's light or dark theme; hovering over a block names its layer."""
    page = (
        "<!doctype html><html lang='en'><head><meta charset='utf-8'>"
        "<meta name='viewport' content='width=device-width'><meta name='color-scheme' content='light dark'>"
        f"<title>{escape(title)}</title></head><body style='margin:24px;overflow-x:auto'>{svg}</body></html>\n"
    )
    return page.encode()


def _pdf(svg: str, title: str) -> bytes:
    try:
        from reportlab.graphics import renderPDF
        from reportlab.pdfgen.canvas import Canvas
        from svglib.svglib import svg2rlg
    except ImportError:
        raise InvalidPicture(MISSING) from None
    drawing = renderPDF.renderScaledDrawing(svg2rlg(BytesIO(svg.encode())))
    file = BytesIO()
    page = Canvas(
        file,
        pagesize=(drawing.width, drawing.height),
        invariant=1,  # no date in the file
        lang="en",
    )
    page.setTitle(title)
    renderPDF.draw(drawing, page, 0, 0)
    page.showPage()
    page.save()
    return file.getvalue()


def _png(svg: str, title: str) -> bytes:
    try:
        from pypdfium2 import PdfDocument
    except ImportError:
        raise InvalidPicture(MISSING) from None
    file = BytesIO()
    with PdfDocument(_pdf(svg, title)) as document:
        image = document[0].render(scale=PNG_SCALE).to_pil()
        image.save(file, "PNG", optimize=True)
    return file.getvalue()


_FORMS: Mapping[str, Callable[[str, str], bytes]] = MappingProxyType(
    {
        ".svg": _svg,
        ".pdf": _pdf,
        ".png": _png,
        ".html": _html,
    }
)
