"""An SVG as the file that a paper, a talk or a web page needs: SVG, PDF, PNG or HTML. No browser takes part.

svglib and reportlab set the PDF with the fonts that every reader of PDFs has, PDFium paints it: the same everywhere,
whatever fonts a machine has. They are an optional extra, as only `remap snac` needs them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from html import escape
from io import BytesIO
from types import MappingProxyType

from remap_core.errors import InvalidPicture

PNG_SCALE = 4
"""Pixels of a PNG for a point (1/72 inch) of the PDF: 288 an inch, three for each pixel of the SVG."""


def picture(svg: str, suffix: str, title: str) -> bytes:
    """The file's content; suffix: ".svg", ".pdf", ".png" or ".html". title: what the picture shows, in words.

    Raises InvalidPicture for another suffix, and where what PDF and PNG need is not installed.
    """
    draw = _FORMS.get(suffix.lower())
    if draw is None:
        found = suffix or "a file without suffix"
        raise InvalidPicture(f"A picture is written as one of {', '.join(_FORMS)}, but not as {found}.")
    return draw(svg, title)


def _html(svg: str, title: str) -> bytes:
    """A page that follows the reader's light or dark theme; resting on a block says what it is."""
    return (
        "<!doctype html><html lang='en'><head><meta charset='utf-8'>"
        "<meta name='viewport' content='width=device-width'><meta name='color-scheme' content='light dark'>"
        f"<title>{escape(title)}</title></head><body style='margin:24px;overflow-x:auto'>{svg}</body></html>\n"
    ).encode()


def _pdf(svg: str, title: str) -> bytes:
    try:
        from reportlab.graphics import renderPDF
        from reportlab.pdfgen.canvas import Canvas
        from svglib.svglib import svg2rlg
    except ImportError:
        raise InvalidPicture(MISSING) from None
    drawing = renderPDF.renderScaledDrawing(svg2rlg(BytesIO(svg.encode())))
    written = BytesIO()
    page = Canvas(written, pagesize=(drawing.width, drawing.height), invariant=1, lang="en")  # invariant: no date
    page.setTitle(title)
    renderPDF.draw(drawing, page, 0, 0)
    page.showPage()
    page.save()
    return written.getvalue()


def _png(svg: str, title: str) -> bytes:
    try:
        from pypdfium2 import PdfDocument
    except ImportError:
        raise InvalidPicture(MISSING) from None
    written = BytesIO()
    with PdfDocument(_pdf(svg, title)) as document:
        document[0].render(scale=PNG_SCALE).to_pil().save(written, "PNG", optimize=True)
    return written.getvalue()


MISSING = "PDF and PNG need an extra that is not installed: pip install -e '.[paper]'."

_FORMS: Mapping[str, Callable[[str, str], bytes]] = MappingProxyType(
    {".svg": lambda svg, _: svg.encode(), ".pdf": _pdf, ".png": _png, ".html": _html}
)
