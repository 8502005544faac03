"""What a notebook shows: SNACs, on any ground, and nothing that was typed is taken for HTML."""

import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest

import remap_core as remap
from remap_core.lab import notebook_html
from remap_core.lab.recorded_trial import RecordedTrial

EVIL = "<script>alert('&')</script>"
VOID = ("br", "img", "rect", "line", "polyline", "circle", "path")


class Balance(HTMLParser):
    """Counts open tags."""

    def __init__(self):
        super().__init__()
        self.open, self.tags = [], set()

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.add(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def checked(html):
    parser = Balance()
    parser.feed(html)
    assert parser.open == []
    assert "script" not in parser.tags
    assert "color-scheme:light dark" in html
    assert "background:transparent" in html
    assert not re.search(r"(?<![-\w])(?:background|color):\s*(?:#|white|black|rgb)", html)
    return html


@pytest.fixture
def shown(lab):
    design = remap.architecture("Conv 8x3, ReLU, Dense 16", dataset=lab)
    return {
        "design": design,
        "misfit": design.append("Conv 3x3"),
        "head alone": remap.architecture("", dataset=lab),
        "edited": lab.model(1).edited().insert(0, "Conv 4x3"),
        "model": lab.model(1),
        "models": lab.models,
        "ablations": lab.model(1).ablations(),
        "sample": remap.sample(dataset=lab, n=60),
        "comparison": lab.compare(lab.model(1), lab.model(2)),
        "spaces": remap.spaces,
    }


KINDS = ["design", "misfit", "head alone", "edited", "model", "models", "ablations", "sample", "comparison", "spaces"]


@pytest.mark.parametrize("kind", KINDS)
def test_everything_shows_itself_on_light_and_dark_pages(shown, kind):
    html = checked(shown[kind]._repr_html_())
    assert ("<svg" in html) == (kind != "spaces")


@pytest.mark.parametrize("kind", [*KINDS, "lab", "frontless"])
def test_every_repr_is_one_plain_line(shown, kind, lab, tmp_path):
    things = {**shown, "lab": lab, "frontless": remap.open(tmp_path, dataset="digits").models}
    said = repr(things[kind])
    assert "\n" not in said
    assert "<" not in said
    assert len(said) < 200


def test_a_lab_says_how_optimistic_its_best_accuracy_is(lab):
    assert re.search(
        r"best .* % \(Model \d, optimistic by (about|less than) \d+\.\d points as the best of \d", repr(lab)
    )


def test_an_edited_design_marks_what_was_put_in(shown):
    assert "#ee7300" in shown["edited"]._repr_html_()
    assert "#ee7300" not in shown["design"]._repr_html_()


def test_a_design_shows_shapes_and_costs(shown):
    html = shown["design"]._repr_html_()
    assert "8 x 6 x 6" in html
    assert "4,874 parameters" in html


def test_a_misfit_says_why(shown):
    assert "Conv 3x3 at 4 does not fit" in shown["misfit"]._repr_html_()


def test_a_long_table_counts_what_it_leaves_out(shown):
    assert "10 more designs" in shown["sample"]._repr_html_()


def test_what_was_left_out_is_said(lab):
    notes = remap.Designs([], [f"Skipped: {EVIL}"])
    assert "&lt;script&gt;" in checked(notes._repr_html_())
    assert repr(remap.Designs([], ["Skipped: a note"])) == "0 designs; Skipped: a note"


def test_names_of_data_sets_and_errors_are_escaped(lab, tmp_path):
    folder = tmp_path / "<b>bold"
    folder.mkdir()
    path = folder / "x.npz"
    np.savez(
        path,
        images=np.random.default_rng(0).integers(0, 255, (40, 8, 8), dtype=np.uint8),
        labels=np.arange(40) % 2,
        class_names=np.array(["<i>a", "b"]),
    )
    named = remap.open(tmp_path / "lab", dataset=path)
    named.train(remap.architecture("Dense 4, ReLU", dataset=named), epochs=1, progress=False)
    assert "<b>bold" not in checked(named.models._repr_html_())
    failed = replace(named.models[0].trial, error=EVIL)
    assert "<script>" not in checked(remap.Model(RecordedTrial(named.workspace, failed))._repr_html_())


def test_html_is_not_escaped_twice():
    table = notebook_html.table(("<a>",), [(notebook_html.Html("<b>x</b>"),), ("<b>y</b>",)])
    assert "&lt;a&gt;" in table
    assert "<b>x</b>" in table
    assert "&lt;b&gt;y" in table
