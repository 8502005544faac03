"""Baselines and imported files on the generate page, run by Streamlit's own test runner."""

import json

import pytest
from apps import opened, said
from catalogues import CARD, architecture, changed, evaluation, write_catalogue
from trainings import epoch

from remap_core.data_folder.inbox import Inbox
from remap_core.space.baselines.named_baselines import BASELINES
from remap_core.space.text import layers_text
from remap_core.trials.training_config import TrainingConfig
from remap_core.trials.trial import Origin, Proposal
from remap_core.ui.session import SESSION

RESNET = "ResNet-20"


def sent(folder):
    return [command for _, command, _ in Inbox(folder).pending()]


def test_every_baseline_is_listed_and_those_that_do_not_fit_say_why(home):
    write_catalogue(home)
    app = opened("generate", way="baselines")
    assert "LeNet-5 does not fit images of 1 x 8 x 8: layer 4" in said(app)
    assert "272,202 parameters" in said(app)
    assert [button.key for button in app.button if (button.key or "").startswith("baseline-train-")] == [
        f"baseline-train-{RESNET}"
    ]


def test_one_click_trains_a_baseline_which_its_batch_is_named_after(home):
    folder = write_catalogue(home)
    app = opened("generate", way="baselines")
    app.button(key=f"baseline-train-{RESNET}").click().run()
    assert not app.exception
    (command,) = sent(folder)
    (proposal,) = command.proposals
    assert proposal.architecture == BASELINES[RESNET].fitted(CARD.input_shape, CARD.classes)
    assert (proposal.origin, proposal.parent) == (Origin.HANDCRAFTED, None)
    assert proposal.batch.startswith("baseline ResNet-20, ")


def test_a_baseline_over_the_cap_is_not_trained_and_says_so(home, monkeypatch):
    monkeypatch.setenv("REMAP_MAX_PARAMETERS", "100000")
    write_catalogue(home)
    app = opened("generate", way="baselines")
    assert app.button(key=f"baseline-train-{RESNET}").disabled
    assert any("over the cap of 100,000 parameters (REMAP_MAX_PARAMETERS)" in caption.value for caption in app.caption)


def uploaded(name, content):
    app = opened("generate", model="1", way="edit")
    app.file_uploader(key="generate-import").set_value((name, content, "application/octet-stream")).run()
    assert not app.exception
    return app


def test_a_file_is_read_and_trained_as_a_model_without_a_parent(home):
    folder = write_catalogue(home)
    app = uploaded("my net.json", json.dumps(architecture("Conv 4x3, ReLU").to_json()).encode())
    app.button(key="import-train").click().run()
    (command,) = sent(folder)
    (proposal,) = command.proposals
    assert layers_text(proposal.architecture.layers) == "Conv 4x3, ReLU"
    assert proposal.parent is None
    assert proposal.batch.startswith("import my net.json, ")


def test_a_file_becomes_the_draft(home):
    write_catalogue(home)
    app = uploaded("net.txt", b"Conv 4x3\nReLU")
    app.button(key="import-use").click().run()
    assert layers_text(app.session_state[SESSION].drafts[1].layers) == "Conv 4x3, ReLU"


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("net.pt", b"x", "may hold a pickle"),
        ("net.onnx", b"x", "it is damaged, or no ONNX file"),
        ("net.json", b'{"input_shape": [3, 32, 32], "classes": 10, "layers": []}', "but digits has 1 x 8 x 8"),
    ],
)
def test_a_file_that_cannot_be_read_is_one_sentence(home, name, content, sentence):
    write_catalogue(home)
    app = uploaded(name, content)
    assert any(sentence in error.value.replace("\\", "") for error in app.error)


def test_a_trained_baseline_is_a_second_model_by_name(home):
    write_catalogue(home)
    resnet = BASELINES[RESNET].fitted(CARD.input_shape, CARD.classes)

    def train(store):
        store.enqueue([Proposal(resnet, "digits", TrainingConfig(epochs=1), Origin.HANDCRAFTED, batch="b")], 100.0)
        store.claim(101.0)
        store.record_epoch(7, epoch(1))
        store.complete(7, evaluation(15), 103.0)

    changed(home, train)
    app = opened("inspect", model="1")
    choice = next(box for box in app.selectbox if box.key.startswith("inspect-compare-"))
    assert "Compare with #7 ResNet-20" in choice.options
    choice.set_value(7).run()
    assert app.session_state[SESSION].compared == 7
    app = opened("inspect", model="7")
    assert any("Baseline ResNet-20" in caption.value for caption in app.caption)
