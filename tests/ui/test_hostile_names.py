"""What somebody else wrote is text, on every page, whatever it says."""

import re
from contextlib import closing
from dataclasses import replace

import pytest
from apps import linked, opened, said
from catalogues import CARD, write_catalogue

from remap_core.catalogue.snapshot import Publisher, open_snapshot
from remap_core.catalogue.store import CatalogueStore
from remap_core.trials.annotations import Annotation
from remap_core.ui.url import PARTS

PAGES = ("overview", "drawer", "inspect", "generate", "queue", "data")
EVIL = "<img src=x onerror=alert(1)>"
SQL = "'; DROP TABLE trials; --"


def named_evilly(home):
    """Models whose data set, classes, batches, notes, tags and errors are markup."""
    card = replace(CARD, name=f"/srv/{EVIL}.npz", class_names=(EVIL, *CARD.class_names[1:]))
    folder = write_catalogue(home, card=card, waiting=2, failed=1)
    with closing(CatalogueStore.open(folder)) as store:
        store._live.change(
            "UPDATE trials SET batch = ?, error = CASE WHEN error IS NULL THEN NULL ELSE ? END", EVIL, EVIL
        )
        store.annotate(1, Annotation(EVIL, (EVIL,)))
        Publisher(store, folder).publish()
    return folder


@pytest.mark.parametrize("page", PAGES)
def test_names_that_are_markup_are_text_on_every_page(home, page):
    named_evilly(home)
    app = opened(page, drawer=[1, 2], selected=1)
    assert not app.exception
    drawn = "".join(chart.proto.spec for chart in app.get("plotly_chart"))
    html = "".join(element.value for element in app.get("html") if isinstance(element.value, str))
    for shown in (drawn, html):
        assert EVIL not in shown
    assert EVIL not in said(app)
    assert re.search(r"onerror|srv", said(app) + drawn + html)


@pytest.mark.parametrize("page", PAGES)
def test_sql_in_any_part_of_a_url_is_a_text(home, page):
    folder = write_catalogue(home)
    app = linked(page, **{**dict.fromkeys(PARTS, SQL), "drawer": f"1,{SQL}"})
    assert not app.exception
    assert len(open_snapshot(folder).trials(list(range(1, 7)))) == 6
