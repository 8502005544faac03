"""Training from a notebook, by a training that takes no time: in this process, or by a trainer that runs."""

import os
import threading
import time
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import pytest
from trainings import epoch
from weights import leave_weights

import remap_core as remap
from remap_core.access.person import NOBODY
from remap_core.assembly import build_trainer
from remap_core.data_folder.heartbeat import TrainerStatus, write_trainer
from remap_core.data_folder.inbox import Inbox
from remap_core.errors import CommandRefused, FolderInUse, InvalidArgument, RemapWarning, TrainingFailed
from remap_core.lab import training_run
from remap_core.space.edits import Remove
from remap_core.trainer.executors.inline import InlineExecutor
from remap_core.trials.commands import Pause
from remap_core.trials.evaluation import Evaluation, Latency
from remap_core.trials.trial import Origin

DATASET = "digits#200"
FIRST = "Dense 8, ReLU"


class Training:
    """Trains in no time, counts what it trains, and fails or is interrupted where a chain has so many units."""

    def __init__(self, card) -> None:
        self.card = card
        self.trained = []
        self.interrupts = 1

    def __call__(self, trial, should_stop):
        self.trained.append(trial.id)
        units = getattr(trial.architecture.layers[0], "units", 0)
        for number in range(trial.epochs_done + 1, trial.proposal.config.epochs + 1):
            if units == 13:
                raise TrainingFailed("The training diverged at epoch 1: its loss is no longer a number.")
            if units == 14 and number == 2 and self.interrupts:
                self.interrupts -= 1
                raise KeyboardInterrupt
            yield epoch(number)
        labels = self.card.validation_labels
        confusion = np.diag(np.bincount(labels, minlength=10))
        return Evaluation(confusion, labels.copy(), Latency(0.1, 2.0, "cpu", 1))


@pytest.fixture
def lab(tmp_path):
    return remap.open(tmp_path / "lab", dataset=DATASET, epochs=2)


@pytest.fixture
def training(lab, monkeypatch):
    training = Training(lab.card)
    monkeypatch.setattr(training_run, "build_inline_executor", lambda settings: InlineExecutor(training))
    return training


def design(text=FIRST):
    return remap.architecture(text, dataset=DATASET)


def test_what_is_asked_for_is_trained_in_order(lab, training):
    models = lab.train([design(), [design("Dense 9, ReLU")]], progress=False)
    assert [(model.id, model.text, model.epochs) for model in models] == [(1, FIRST, 2), (2, "Dense 9, ReLU", 2)]
    assert [model.id for model in lab.models] == [1, 2]


def test_nothing_is_trained_twice(lab, training):
    lab.train([design(), design()], progress=False)
    models = lab.train([design(), design("Dense 9, ReLU")], progress=False)
    assert [model.id for model in models] == [1, 2]
    assert training.trained == [1, 2]


def test_a_model_is_trained_for_more_epochs_as_another_one(lab, training):
    (model,) = lab.train(design(), progress=False)
    assert [found.id for found in lab.train(model, progress=False)] == [1]
    (longer,) = lab.train(model, epochs=3, progress=False)
    assert (longer.id, longer.epochs) == (2, 3)


def test_children_carry_parent_edits_and_origin_and_are_trained_as_their_parent_was(lab, training):
    (parent,) = lab.train(design(), epochs=3, progress=False)
    made = [parent.ablations(), parent.variations(children=2, seed=0), parent.edited().append("Dense 4")]
    lab.train(made, progress=False)
    children = [model.trial.proposal for model in parent.children]
    assert [child.origin for child in children[:2]] == [Origin.ABLATION] * 2
    assert {child.origin for child in children[2:]} == {Origin.VARIATION, Origin.HANDCRAFTED}
    assert {child.parent for child in children} == {1}
    assert {child.config for child in children} == {parent.trial.proposal.config}
    assert children[0].edits == (Remove(0),)
    assert parent.children[-1].edits == ["Inserted Dense 4 before the head"]
    assert parent.children[0].parent == parent


def test_children_start_from_their_parents_weights_where_they_are_asked_to(lab, training):
    (parent,) = lab.train(design(), epochs=9, progress=False)
    leave_weights(lab.folder, 1)
    short = lab.train(parent.ablations(), inherit=True, progress=False)
    assert {(model.epochs, model.trial.proposal.config.start) for model in short} == {(3, 1)}
    (one,) = lab.train(parent.edited().append("Dense 4"), inherit=True, epochs=1, progress=False)
    assert (one.epochs, one.trial.proposal.inherits) == (1, True)
    assert [model.id for model in lab.front] == [1]
    (full,) = lab.train(one.edited().append("Tanh"), progress=False)
    assert (full.epochs, full.trial.proposal.config.start) == (9, None)


def test_what_has_no_parents_weights_does_not_start_from_them(lab, training):
    with pytest.raises(InvalidArgument, match=r"^Only a child can start from its parent's weights, but got Design"):
        lab.train(design(), inherit=True, progress=False)
    (parent,) = lab.train(design(), progress=False)
    with pytest.raises(InvalidArgument, match=r"^The weights of Model 1 are gone, so its children cannot"):
        lab.train(parent.ablations(), inherit=True, progress=False)


def test_sampled_designs_are_initial_and_written_ones_handcrafted(lab, training):
    (written,) = lab.train(design(), progress=False)
    assert written.origin == "handcrafted"
    sampled = remap.sample(dataset=DATASET, n=1)
    assert sampled[0].origin == "initial"


def test_a_finish_belongs_to_its_model(lab, training):
    (model,) = lab.train(design(), progress=False)
    leave_weights(lab.folder, 1)
    (finished,) = lab.train(model.finish(epochs=4), progress=False)
    assert finished.id == 1
    assert [(trial.id, trial.epochs_done) for trial in lab.catalogue.finishes(1)] == [(2, 4)]


def test_repeats_belong_to_their_model(lab, training):
    (model,) = lab.train(design(), progress=False)
    (repeated,) = lab.train(model.repeats(2), progress=False)
    assert repeated.id == model.id
    assert repeated.trial.score.seeds == 3
    assert len(lab.models) == 1
    assert lab.model(2).id == 1


def test_a_model_that_failed_is_named_and_the_others_are_returned(lab, training):
    with pytest.warns(RemapWarning, match=r"1 model of 2 .* Model 2: The training diverged at epoch 1"):
        models = lab.train([design(), design("Dense 13, ReLU")], progress=False)
    assert [model.id for model in models] == [1]
    assert lab.model(2).state == "failed"


def test_a_model_that_failed_is_tried_again(lab, training):
    with pytest.warns(RemapWarning):
        lab.train(design("Dense 13, ReLU"), progress=False)
    with pytest.warns(RemapWarning, match="Model 2"):
        lab.train(lab.model(1), progress=False)


def test_an_interrupt_keeps_what_was_recorded_and_the_next_call_continues(lab, training):
    asked = [design(), design("Dense 14, ReLU")]
    with pytest.raises(KeyboardInterrupt):
        lab.train(asked, progress=False)
    assert [model.id for model in lab.models] == [1]
    assert [(model.id, model.state, model.epochs) for model in lab.queue] == [(2, "waiting", 1)]
    assert [model.epochs for model in lab.train(asked, progress=False)] == [2, 2]
    assert training.trained == [1, 2, 2]


def test_a_paused_queue_is_said(lab, training):
    Inbox(lab.folder).send(Pause(), time.time(), NOBODY)
    with pytest.warns(RemapWarning, match="Model 1: waiting The queue is paused: resume it in the app"):
        assert not lab.train(design(), progress=False)


def test_progress_is_shown_only_where_it_is_wanted(lab, training, capsys):
    lab.train(design(), progress=False)
    assert capsys.readouterr().err == ""
    lab.train(design("Dense 9, ReLU"))
    assert "Training: 100%" in capsys.readouterr().err


@contextmanager
def trainer(lab, training, executor=InlineExecutor, **settings):
    """A trainer that runs in the folder, as `remap trainer` does."""
    stop, ready = threading.Event(), threading.Event()
    values = lab.settings.model_copy(update=settings)

    def run():
        with lab.folder.lock(), build_trainer(values, lab.folder) as running:
            now = time.time()
            write_trainer(lab.folder, TrainerStatus(os.getpid(), now, now, "0", "cpu", 1))
            ready.set()
            running.serve(stop, executor(training))

    thread = threading.Thread(target=run)
    thread.start()
    ready.wait(20)
    try:
        yield stop
    finally:
        stop.set()
        thread.join()


def test_a_trainer_that_runs_does_the_work(lab, training, monkeypatch):
    monkeypatch.setattr(training_run, "build_inline_executor", None)
    with trainer(lab, training):
        models = lab.train([design(), design("Dense 9, ReLU")], progress=False)
    assert [model.state for model in models] == ["complete", "complete"]


def test_what_the_trainer_refuses_is_said_in_its_words(lab, training):
    with trainer(lab, training, max_parameters=100), pytest.raises(CommandRefused, match="at most 100 parameters"):
        lab.train(design(), progress=False)


def test_where_the_trainer_ends_this_process_continues(lab, training):
    class Leaving(InlineExecutor):
        def start(self, trial):
            stop.set()
            super().start(trial)

    with trainer(lab, training, executor=Leaving) as stop:
        models = lab.train(design("Dense 9, ReLU"), progress=False)
    assert [model.state for model in models] == ["complete"]


def test_a_folder_that_another_process_holds_is_refused_and_nothing_is_sent(lab, training):
    with lab.folder.lock(), pytest.raises(FolderInUse, match="already works in"):
        lab.train(design(), progress=False)
    assert Inbox(lab.folder).pending() == []


def test_a_lab_reads_while_another_one_trains(lab, training):
    reader = remap.open(lab.folder.home, dataset=DATASET)
    assert len(reader.models) == 0
    lab.train(design(), progress=False)
    assert repr(reader.models) == repr(lab.models)
    assert replace(reader.models[0].trial, score=None) == lab.models[0].trial
