import re
import time
from contextlib import closing
from dataclasses import replace

import pytest
import streamlit as st
from apps import opened, said
from catalogues import CARD, CHAINS, architecture, evaluation
from trainings import epoch, trial
from typer.testing import CliRunner

from remap_core.analysis.durations import TimeEstimate
from remap_core.analysis.previews import Preview, PreviewStatus
from remap_core.catalogue.snapshot import Publisher, open_snapshot
from remap_core.catalogue.store import CatalogueStore
from remap_core.cli.typer_app import app as remap
from remap_core.data_folder.folder import DataFolder
from remap_core.data_folder.heartbeat import TrainerStatus
from remap_core.formatting import duration
from remap_core.services.expected_time import (
    UNKNOWN_TIME,
    ExpectedTime,
    expected_time,
    queue_time,
    time_estimates,
    time_sentence,
    workers_of,
)
from remap_core.services.proposals import propose_children, propose_repeats
from remap_core.space.edits import ablations
from remap_core.trials.evaluation import EpochResult
from remap_core.trials.training_config import TrainingConfig
from remap_core.trials.trial import Origin, Proposal, TrialState

TWO_SECONDS = TimeEstimate(costs=(2.0, 0, 0, 0, 0, 0, 0), trainings=9, error=0.1)
"""Every epoch of any architecture takes 2 seconds."""


def waiting(number, epochs=10, dataset="toy"):
    queued = replace(trial(number, epochs=epochs), state=TrialState.WAITING)
    return replace(queued, proposal=replace(queued.proposal, dataset=dataset))


def write_measured(home, *, finished=5, waiting=0, scale=1.0):
    """Finished models of 2 epochs that took 1.0, 1.3, 1.6 ... times `scale` seconds each, then waiting ones."""
    folder = DataFolder(home)
    config = TrainingConfig(epochs=2)
    chains = [*CHAINS[:finished], *(f"Dense {200 + number}, ReLU" for number in range(waiting))]
    with closing(CatalogueStore.open(folder)) as store:
        store.register_dataset(CARD)
        ids = store.enqueue([Proposal(architecture(text), "digits", config) for text in chains], 100.0)
        for number in ids[:finished]:
            store.claim(101.0)
            for done in (1, 2):
                store.record_epoch(number, EpochResult(done, 1.0, 0.5, 1.0, 0.5, scale * (0.7 + 0.3 * number)))
            store.complete(number, evaluation(10 + number), 103.0)
        Publisher(store, folder).publish()
    return open_snapshot(folder)


def shown(app):
    """Everything that a page says, the labels of its buttons included."""
    return "\n".join([said(app), *(button.label for button in app.button)])


def time_alone(expected):
    return replace(expected, waiting=0).text


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("REMAP_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("REMAP_AUTOSTART", "false")
    st.cache_resource.clear()
    yield tmp_path / "home"
    st.cache_resource.clear()


def test_new_trainings_go_to_the_worker_that_is_free_first(tmp_path):
    catalogue = write_measured(tmp_path)
    proposals = [waiting(number, epochs, "digits").proposal for number, epochs in enumerate([10, 30, 10])]
    for workers, seconds in ((1, 100.0), (2, 60.0), (8, 60.0)):
        expected = expected_time(catalogue, proposals, workers=workers, estimates={"digits": TWO_SECONDS})
        assert expected == ExpectedTime(seconds, error=0.1, trainings=3)


def test_trainings_in_the_queue_are_counted_but_their_time_is_not_included(tmp_path):
    catalogue = write_measured(tmp_path, waiting=4)
    proposals = [waiting(1, 10, "digits").proposal]
    expected = expected_time(catalogue, proposals, workers=1, estimates={"digits": TWO_SECONDS})
    assert expected.text == "about 20 s (± 10 %), after 4 trainings in the queue"


def test_before_three_trainings_are_finished_no_time_is_known(tmp_path):
    catalogue = write_measured(tmp_path, finished=2)
    expected = expected_time(catalogue, [catalogue.trial(1).proposal], workers=1)
    assert expected is None
    assert time_sentence(expected) == UNKNOWN_TIME == "Expected time: not known yet, needs 3 finished trainings."


def test_an_error_that_is_not_known_is_left_out():
    assert ExpectedTime(0.5, float("nan"), trainings=1).text == "about 0.5 s"


def test_running_trainings_keep_their_workers_and_take_what_their_own_epochs_take():
    running = replace(trial(9, epochs=10), last=replace(epoch(4), seconds=3.0))
    assert queue_time([waiting(1), running], {"toy": TWO_SECONDS}, workers=1) == ExpectedTime(38.0, 0.1, 2)
    assert queue_time([waiting(1), running], {"toy": TWO_SECONDS}, workers=2).seconds == 20.0


def test_each_training_in_a_queue_takes_what_those_on_its_own_data_set_take():
    estimates = {"toy": TWO_SECONDS, "large": replace(TWO_SECONDS, costs=(4.0, 0, 0, 0, 0, 0, 0), error=0.3)}
    assert queue_time([waiting(1), waiting(2, dataset="large")], estimates, workers=1) == ExpectedTime(60.0, 0.3, 2)
    assert queue_time([waiting(1), waiting(2, dataset="unknown")], estimates, workers=1) is None
    finished = replace(waiting(3, dataset="unknown"), state=TrialState.COMPLETE)
    assert queue_time([finished], estimates, workers=1).seconds == 0


def test_trainings_that_wait_behind_the_listed_ones_take_as_long_as_these_on_average():
    listed = [waiting(1, epochs=10), waiting(2, epochs=30)]  # 20 and 60 s
    expected = queue_time(listed, {"toy": TWO_SECONDS}, workers=2, more=8)
    assert expected == ExpectedTime(60.0 + 8 * 40.0 / 2, 0.1, trainings=10)


def test_without_a_trainer_or_without_nodes_there_is_one_worker():
    trainer = TrainerStatus(pid=1, started=0.0, heartbeat=0.0, version="1", device="cpu", workers=6)
    assert workers_of(trainer) == 6
    assert workers_of(replace(trainer, workers=0)) == 1
    assert workers_of(None) == 1


def test_inspect_and_the_command_line_tell_the_same_time_for_repeats(home):
    catalogue = write_measured(home, waiting=2)
    proposals = propose_repeats(catalogue, catalogue.trial(1), 3, time.time())
    expected = expected_time(catalogue, proposals, workers=1)
    sentence = time_sentence(expected)
    assert re.fullmatch(r"Expected time: about \d.* s \(± \d+ %\), after 2 trainings in the queue\.", sentence)
    assert sentence in CliRunner().invoke(remap, ["repeat", "1", "--seeds", "3"]).output
    assert time_alone(expected) in shown(opened("inspect", model="1", tab="lineage"))


def test_generate_tells_the_time_of_what_it_trains(home):
    catalogue = write_measured(home, waiting=2)
    parent = catalogue.trial(1)
    children = [Preview(parent, child, PreviewStatus.NEW) for child in ablations(parent.architecture) if child.child]
    proposals = propose_children(Origin.ABLATION, children, time.time())
    expected = expected_time(catalogue, proposals, workers=1)
    app = opened("generate", model="1")
    assert time_alone(expected) in shown(app)
    (table,) = [frame.value for frame in app.dataframe if "Size, time" in frame.value]
    alone = [expected_time(catalogue, [proposal], workers=1).seconds for proposal in proposals]
    assert [text.partition(", ")[2] for text in table["Size, time"]] == [duration(seconds) for seconds in alone]
    assert sum(alone) == pytest.approx(expected.seconds)


def test_the_queue_tells_the_time_of_what_is_left_of_it(home):
    catalogue = write_measured(home, waiting=2)
    queued = [trial.proposal for trial in catalogue.queue(finished=0)]
    expected = expected_time(catalogue, queued, workers=1)
    assert time_alone(expected) in shown(opened("queue"))


def test_of_a_long_queue_pages_read_only_the_first_but_count_all(home, monkeypatch):
    catalogue = write_measured(home, waiting=12)
    for module in ("services.expected_time", "ui.sidebar.trainer_progress"):
        monkeypatch.setattr(f"remap_core.{module}.FIRST_WAITING", 3)
    expected = queue_time(catalogue.queue(0, waiting=3), time_estimates(catalogue, ["digits"]), workers=1, more=9)
    text = shown(opened("queue"))
    assert "0 running, 12 waiting" in text
    assert "##### Waiting: 12" in text
    assert "… and 9 more." in text
    assert time_alone(expected) in text
