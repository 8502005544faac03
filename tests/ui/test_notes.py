"""Notes and tags: nothing that was typed is lost, nothing that somebody else wrote is overwritten unseen."""

import pytest
from apps import linked, opened, said, sign_in
from catalogues import changed, write_catalogue

from remap_core.access.roles import Role
from remap_core.data_folder.inbox import Inbox
from remap_core.trials.annotations import MAX_NOTE_LENGTH, Annotation
from remap_core.trials.commands import Annotate
from remap_core.ui.drawer.note_draft import Edited

BOB, EVE = "bob@example.org", "eve@example.org"


@pytest.fixture
def inbox(home):
    """Commands that were sent, of a catalogue whose model 3 has a note and two tags."""
    folder = write_catalogue(home)
    store(home, Annotation("<b>keep</b>", ("small", "odd")))
    return Inbox(folder)


def store(home, annotation):
    changed(home, lambda catalogue: catalogue.annotate(3, annotation))


def notes():
    return opened("inspect", drawer=[3], model="3", tab="notes")


def save(app):
    return app.button(key="save-3").click().run()


def commands(inbox):
    return [command for _, command, _ in inbox.pending()]


def test_note_and_tags_are_shown_as_they_are_stored(inbox):
    app = notes()
    assert app.text_area(key="note-3").value == "<b>keep</b>"
    assert app.text_input(key="tags-3").value == "small, odd"
    save(app)
    assert commands(inbox) == []


def test_one_click_saves_what_was_typed_until_then(inbox):
    app = notes()
    assert not app.button(key="save-3").disabled
    app.text_area(key="note-3").set_value("overfits")
    save(app)
    assert commands(inbox) == [Annotate(3, note="overfits")]
    assert app.text_area(key="note-3").value == "overfits"
    assert "Sent. Waiting for a trainer." in said(app)


def test_only_what_was_changed_is_written(inbox):
    app = notes()
    app.text_input(key="tags-3").set_value("small")
    save(app)
    assert commands(inbox) == [Annotate(3, tags=("small",))]


@pytest.mark.parametrize("elsewhere", ["pages/queue.py", "pages/drawer.py"])
def test_a_note_typed_but_not_saved_survives_another_page(inbox, elsewhere):
    app = notes()
    app.text_area(key="note-3").set_value("half a thou").run()
    app.switch_page(elsewhere).run()
    app.switch_page("pages/inspect.py").run()
    assert app.text_area(key="note-3").value == "half a thou"
    save(app)
    assert commands(inbox) == [Annotate(3, note="half a thou")]


def test_a_note_that_nobody_edits_here_follows_what_is_stored(inbox, home):
    app = notes()
    app.text_input(key="tags-3").set_value("mine").run()
    store(home, Annotation("from another tab", ("small", "odd")))
    app.run()
    assert app.text_area(key="note-3").value == "from another tab"
    assert app.text_input(key="tags-3").value == "mine"
    assert "has changed" not in said(app)
    save(app)
    assert commands(inbox) == [Annotate(3, tags=("mine",))]


def test_a_newer_note_is_shown_before_a_save_replaces_it(inbox, home):
    app = notes()
    store(home, Annotation("from another tab", ("small", "odd")))
    app.text_area(key="note-3").set_value("mine")
    save(app)
    assert commands(inbox) == []
    assert "The stored note has changed since you began to edit. Saving replaces it:" in said(app)
    assert app.text[-1].value == "from another tab"
    assert app.text_area(key="note-3").value == "mine"
    save(app)
    assert commands(inbox) == [Annotate(3, note="mine")]


def test_newer_tags_are_shown_before_a_save_replaces_them(inbox, home):
    app = notes()
    store(home, Annotation("<b>keep</b>", ("theirs",)))
    app.text_input(key="tags-3").set_value("mine")
    save(app)
    assert commands(inbox) == []
    assert "Saving replaces them: theirs." in said(app)


def test_a_text_that_is_too_long_stays_and_the_rule_is_said(inbox):
    app = notes()
    app.text_area(key="note-3").set_value("x" * (MAX_NOTE_LENGTH + 50))
    save(app)
    assert app.error[0].value == "A note has at most 10,000 characters, but this one has 10,050."
    assert len(app.text_area(key="note-3").value) == MAX_NOTE_LENGTH + 50
    assert commands(inbox) == []


def test_a_save_that_has_arrived_is_not_taken_for_somebody_elses():
    note = Edited("old", "old")
    assert note.is_changed("mine")
    note.sent = "mine"
    assert note.follow("mine", "old") == "mine"  # not applied yet
    assert note.follow("mine, longer", "mine") == "mine, longer"
    assert not note.is_conflict("mine, longer", "mine")
    assert note.is_changed("mine, longer")
    assert note.follow("mine, longer", "theirs") == "mine, longer"
    assert note.is_conflict("mine, longer", "theirs")


def store_own(home, annotation, person):
    changed(home, lambda catalogue: catalogue.annotate(3, annotation, person))


def test_a_viewer_keeps_a_note_of_their_own_and_reads_the_shared_one(inbox, monkeypatch):
    sign_in(monkeypatch, EVE, Role.VIEWER)
    app = notes()
    assert [text.value for text in app.text] == ["<b>keep</b>"]
    assert "Tags: small, odd" in said(app)
    assert [area.key for area in app.text_area] == [f"note-{EVE}-3"]
    app.text_area(key=f"note-{EVE}-3").set_value("ask Bob")
    app.text_input(key=f"tags-{EVE}-3").set_value("later")
    app.button(key=f"save-{EVE}-3").click().run()
    assert commands(inbox) == [Annotate(3, "ask Bob", ("later",), is_own=True)]


def test_a_builder_edits_both_notes_and_sees_no_note_of_another(inbox, home, monkeypatch):
    store_own(home, Annotation("hers"), EVE)
    store_own(home, Annotation("his"), BOB)
    sign_in(monkeypatch, BOB, Role.BUILDER)
    app = notes()
    assert app.text_area(key="note-3").value == "<b>keep</b>"
    assert app.text_area(key=f"note-{BOB}-3").value == "his"
    app.text_area(key="note-3").set_value("overfits")
    save(app)
    assert commands(inbox) == [Annotate(3, note="overfits")]


def test_the_drawers_table_has_the_shared_note_first_and_marks_ones_own(inbox, home, monkeypatch):
    store_own(home, Annotation("ask Bob\nwho trained it", ("later",)), EVE)
    sign_in(monkeypatch, EVE, Role.VIEWER)
    app = linked("drawer", "3,4")
    row = app.dataframe[0].value.iloc[0]
    assert list(row["Tags"]) == ["small", "odd", "later (mine)"]
    assert row["Note"] == "<b>keep</b> · mine: ask Bob…"
    assert [expander.label for expander in app.expander if "note" in expander.label] == ["My note on #3"]
