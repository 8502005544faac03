"""Would more images help, on the inspect page, run by Streamlit's own test runner."""

from dataclasses import replace

from apps import opened, said
from catalogues import CARD, changed, write_catalogue

from remap_core.data_folder.folder import DataFolder
from remap_core.data_folder.inbox import Inbox
from remap_core.services.data.more_images import propose_more_images

LARGE = replace(CARD, split=(800, 20, 10))


def sent(home):
    return [command for _, command, _ in Inbox(DataFolder(home)).pending()]


def test_a_press_sends_the_trainings_and_the_page_says_what_they_are(home):
    write_catalogue(home, card=LARGE)
    app = opened("inspect", selected=6, tab="lineage")
    assert "Needs 8 trainings: on quarters, on halves and on all of the images." in said(app)
    app.button(key="more-images-train").click().run()
    assert not app.exception
    (command,) = sent(home)
    assert len(command.proposals) == 8


def test_too_few_images_are_said_in_a_sentence(home):
    write_catalogue(home)
    app = opened("inspect", selected=6, tab="lineage")
    assert "A quarter of the training images must have 2 of a class on average" in said(app)


def test_a_training_on_a_part_can_be_inspected_and_says_what_it_is(home):
    write_catalogue(home, card=LARGE)

    def write(store):
        first, *_ = propose_more_images(store.catalogue(), 6, 0.0)
        store.register_dataset(replace(LARGE, name=first.dataset, split=(200, 20, 10)))
        store.enqueue([first], 200.0)

    changed(home, write)
    app = opened("inspect", selected=7, tab="lineage")
    assert "A model must be complete to be trained on fewer images" in said(app)
    assert not app.exception
