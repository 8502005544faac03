"""A model card as one HTML file that needs no other file."""

from __future__ import annotations

from html import escape

from markdown_it import MarkdownIt

from remap_core.drawing.model_card.card import ModelCard
from remap_core.drawing.model_card.card_markdown import card_body, card_snac
from remap_core.formatting import dataset_title, model_name

_STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;margin:32px auto;max-width:900px;padding:0 16px}"
    "table{border-collapse:collapse;display:block;overflow-x:auto}"
    "td,th{padding:4px 12px 4px 0;text-align:right;white-space:nowrap}th:first-child,td:first-child{text-align:left}"
    "table:first-of-type td{text-align:left;white-space:normal}"
    "pre{overflow-x:auto;padding:12px;border:1px solid #8886;border-radius:6px;font-size:13px}"
    "blockquote{margin:12px 0;padding:4px 12px;border-left:4px solid #d9480f}svg{max-width:100%}"
)


def card_html(card: ModelCard) -> str:
    """The file's content; what people typed is escaped."""
    body = MarkdownIt("commonmark", {"html": False}).enable("table")
    html: str = body.render(f"{card_body(card)}\n[snac]: snac\n")
    start = html.index('<img src="snac"')
    end = html.index(">", start) + 1
    drawn = html[:start] + card_snac(card) + html[end:]
    title = escape(f"{model_name(card.trial.id)} of {dataset_title(card.dataset.name)}")
    return (
        "<!doctype html><html lang='en'><head><meta charset='utf-8'>"
        "<meta name='viewport' content='width=device-width'><meta name='color-scheme' content='light dark'>"
        f"<title>{title}</title><style>{_STYLE}</style></head><body>{drawn}</body></html>\n"
    )
