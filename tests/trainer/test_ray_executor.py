"""What only a Ray cluster has: nodes that come and go, files and images that travel."""

import signal
from dataclasses import replace
from functools import partial

import pytest
import torch
from executor_contract import ExecutorContract
from fakes import MemoryStore
from on_nodes import (
    NODE,
    SCORE_NOTHING,
    load_and_count,
    load_in_vain,
    load_name,
    score_blindly,
    sleep,
    train_and_fill,
    train_and_wait,
    train_blindly,
)
from trainer_doubles import ListInbox
from trainings import WAIT, polled_until, prepare, ready, train_until_stopped, train_well, trial

from remap_core.assembly import train_on_node
from remap_core.datasets.dataset import load_dataset
from remap_core.errors import SettingsError, TrainingFailed
from remap_core.space.architecture import Architecture
from remap_core.space.text import parse_layers
from remap_core.trainer.executors.base import EpochDone, Failed, Finished, Lost, Run, Scored, Stopped, score_nothing
from remap_core.trainer.executors.ray.cluster import join
from remap_core.trainer.executors.ray.ray_executor import RayExecutor
from remap_core.trainer.limits import Limits
from remap_core.trainer.worker import Worker
from remap_core.training.jobs import prepare as prepare_node
from remap_core.training.jobs import score_on_node
from remap_core.training.test_scoring import score_sealed
from remap_core.training.training_loop import train
from remap_core.trials.commands import Enqueue
from remap_core.trials.training_config import TrainingConfig
from remap_core.trials.trial import Proposal, TrialState

DIGITS = load_dataset("digits#300")
TRAIN = partial(train_on_node, device="cpu", limits=Limits())
PREPARE = partial(prepare_node, "cpu")
LIVELY, BLIND = partial(train_blindly, train_until_stopped), partial(train_blindly, train_well)


def digits_trial(layers: str, **config) -> Proposal:
    architecture = Architecture(DIGITS.input_shape, DIGITS.classes, parse_layers(layers))
    return Proposal(architecture, DIGITS.name, TrainingConfig(batch_size=8, **config))


class Recording(MemoryStore):
    """Remembers all epochs as they were first recorded."""

    def __init__(self):
        super().__init__()
        self.first = {}

    def record_epoch(self, trial, result):
        self.first.setdefault((trial, result.epoch), result)
        super().record_epoch(trial, result)

    def curve(self, trial):
        return [result for (number, _, _), result in sorted(self._content.epochs.items()) if number == trial]


def until(worker, condition, limit=1200):
    for now in range(limit):
        worker.tick(float(now))
        if condition():
            return
        WAIT.wait(0.05)
    raise AssertionError("it did not come to that")


def with_slots(executor, slots, limit=1800):
    for _ in range(limit):
        executor.poll()
        if executor.slots == slots:
            return executor
        WAIT.wait(0.05)
    raise AssertionError(f"there are {executor.slots} slots, not {slots}")


def uninterrupted(trial):
    """Curve and evaluation of a training in this process, without the clock."""
    kept = torch.get_num_threads()
    torch.set_num_threads(1)
    epochs, training = [], train(trial, DIGITS, device="cpu")
    try:
        while True:
            epochs.append(replace(next(training), seconds=0))
    except StopIteration as end:
        return epochs, end.value
    finally:
        torch.set_num_threads(kept)


class TestRay(ExecutorContract):
    @pytest.fixture
    def make_executor(self, ray_executor):
        """Makes executors of one slot on the cluster, for toy trainings."""

        def make(train, prepare=prepare, score=score_nothing, **options):
            without_images = partial(train_blindly, train), prepare
            return ray_executor(*without_images, score=partial(score_blindly, score), max_slots=1, **options)

        return make


@pytest.mark.timeout(600)  # three processes import PyTorch, and Ray looks for a lost node
def test_a_trial_whose_node_is_lost_resumes_from_its_last_checkpoint_on_another_one(cluster, ray_executor, tmp_path):
    store, inbox = Recording(), ListInbox()
    executor = with_slots(ray_executor(TRAIN, PREPARE, partial(load_and_count, tmp_path / "loads")), 2)
    worker = Worker(store, inbox, executor, lambda name: DIGITS.card())
    inbox.send(Enqueue(tuple(digits_trial("Conv 16x3, ReLU, Dense 32", epochs=10, seed=seed) for seed in (1, 2))))
    doomed = next(iter(cluster.worker_nodes))
    try:
        until(worker, lambda: len(executor._jobs) == 2)
        (lost,) = [job.trial.id for job in executor._jobs.values() if job.node.name == doomed.node_id]
        until(worker, lambda: store.trial(lost).epochs_done >= 2)
        cluster.remove_node(doomed, allow_graceful=False)
        before = store.trial(lost).epochs_done
        until(worker, lambda: all(store.trial(number).state.is_finished() for number in (1, 2)))
        assert executor.slots == 1
    finally:
        cluster.add_node(**NODE)
    assert [store.trial(number).state for number in (1, 2)] == [TrialState.COMPLETE] * 2
    curve, evaluation = uninterrupted(store.trial(lost))
    assert [replace(result, seconds=0) for result in store.curve(lost)] == curve
    assert store._content.evaluations[lost].predictions.tolist() == evaluation.predictions.tolist()
    # a restored epoch has the seconds that it took the first time; one that is done again takes others
    assert store.curve(lost)[:before] == [store.first[lost, number] for number in range(1, before + 1)]
    assert before < 10
    assert (tmp_path / "loads").read_text() == f"{DIGITS.name}\n"
    with_slots(executor, 2)


def test_a_model_trained_on_a_node_gets_the_same_score_on_any_node_and_here(ray_executor, tmp_path):
    executor = ready(ray_executor(TRAIN, PREPARE, load_dataset, score=partial(score_on_node, device="cpu")))
    done = replace(trial(5), proposal=digits_trial("Dense 16", epochs=1))
    executor.start(done)
    polled_until(executor, Finished)
    kept = tmp_path / "artifacts" / "5"
    assert [path.name for path in kept.iterdir()] == ["weights.safetensors"]
    executor.score(done)
    scored = polled_until(executor, Scored)[-1].score
    here = score_sealed(done, DIGITS, device="cpu", folder=kept)
    assert (scored.images, scored.right) == (here.images, here.right)
    assert scored.loss == pytest.approx(here.loss)


def test_files_travel_with_a_trial_and_come_back_with_its_epochs(ray_executor, tmp_path):
    folder = tmp_path / "artifacts" / "7"
    folder.mkdir(parents=True)
    (folder / "checkpoint.safetensors").write_bytes(b"what was kept")
    executor = ready(ray_executor(train_and_fill))
    executor.start(trial(7))
    polled_until(executor, Finished)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {
        "weights.safetensors": b"the end, after what was kept"
    }


def test_an_epoch_is_reported_after_its_checkpoint_was_written(ray_executor, tmp_path):
    executor = ready(ray_executor(train_and_wait))
    executor.start(trial(7))
    polled_until(executor, EpochDone)
    assert (tmp_path / "artifacts" / "7" / "checkpoint.safetensors").read_bytes() == b"of epoch 1"


def test_files_that_cannot_be_written_fail_the_training_with_the_reason(ray_executor, tmp_path):
    (tmp_path / "artifacts").write_text("not a folder")
    executor = ready(ray_executor(train_and_fill))
    executor.start(trial(7))
    failed = polled_until(executor, Failed)[-1]
    assert failed.sentence == f"{tmp_path}/artifacts/7 cannot be written: Not a directory."
    assert executor.free_slots == executor.slots


def test_a_data_set_that_cannot_be_loaded_fails_the_training_with_its_sentence(ray_executor):
    executor = ready(ray_executor(BLIND, load=load_in_vain))
    for number in (1, 2):
        executor.start(trial(number))
        assert polled_until(executor, Failed)[-1] == Failed(Run(number, 1), "toy: there is no such file.")


def test_a_job_that_waits_for_its_node_is_stopped_before_it_starts(ray_executor):
    ray = pytest.importorskip("ray")
    executor = with_slots(ray_executor(LIVELY, max_slots=2), 2)
    others = [ray.remote(num_cpus=1)(sleep).remote() for _ in range(2)]
    for _ in range(200):
        if not ray.available_resources().get("CPU"):
            break
        WAIT.wait(0.05)
    executor.start(trial(1))
    for _ in range(20):
        assert executor.poll() == []
        WAIT.wait(0.05)
    executor.stop(Run(1, 1))
    assert polled_until(executor, Stopped) == [Stopped(Run(1, 1))]
    assert executor.free_slots == 2
    for other in others:
        ray.cancel(other, force=True)


def test_slots_follow_the_gpus_of_the_nodes_if_a_training_takes_a_part_of_one(cluster, ray_executor):
    node = cluster.add_node(**NODE | {"num_cpus": 3, "num_gpus": 1})
    try:
        executor = with_slots(ray_executor(BLIND, gpus=0.5), 2)
        executor.start(trial(1))
        assert executor.free_slots == 1
        assert polled_until(executor, Finished)[-1].run == Run(1, 1)
    finally:
        cluster.remove_node(node)


def test_a_cluster_that_is_lost_ends_the_trainer_with_one_sentence(ray_executor, monkeypatch):
    executor = ready(ray_executor(BLIND))

    def fail():
        raise ConnectionError("GCS may have been killed.\nSee the log.")

    monkeypatch.setattr("ray.nodes", fail)
    with pytest.raises(TrainingFailed, match=r"^The Ray cluster is lost: its head does not answer\.$"):
        polled_until(executor, Finished)


@pytest.mark.parametrize("asked_to_stop", [False, True])
def test_a_job_on_a_node_that_has_left_is_given_up_at_once(ray_executor, monkeypatch, asked_to_stop):
    ray = pytest.importorskip("ray")
    executor = with_slots(ray_executor(LIVELY), 2)
    executor.start(trial(1))
    polled_until(executor, EpochDone)
    (job,) = executor._jobs.values()
    others = [entry for entry in ray.nodes() if entry["NodeID"] != job.node.name]
    monkeypatch.setattr("ray.nodes", lambda: others)
    job.is_stopping = asked_to_stop  # what the task is not told any more
    gone = Stopped(Run(1, 1)) if asked_to_stop else Lost(Run(1, 1), f"Node {job.node.address} has left the cluster.")
    assert [event for event in polled_until(executor, type(gone)) if not isinstance(event, EpochDone)] == [gone]
    assert executor.slots == 1
    monkeypatch.undo()
    with_slots(executor, 2)


def test_joining_a_cluster_leaves_signals_to_the_trainer_and_closing_leaves_it(unconnected, cluster, tmp_path):
    ray = pytest.importorskip("ray")

    def ours(*_):
        pass

    kept = signal.signal(signal.SIGTERM, ours)
    try:
        executor = RayExecutor(cluster.address, BLIND, prepare, load_name, SCORE_NOTHING, folder=tmp_path)
        assert signal.getsignal(signal.SIGTERM) is ours
    finally:
        signal.signal(signal.SIGTERM, kept)
    assert ray.is_initialized()
    executor.close(grace=1)
    assert not ray.is_initialized()


def test_a_cluster_of_another_version_is_refused_with_both_versions(unconnected, cluster, monkeypatch):
    monkeypatch.setattr("ray._private.utils.compute_version_info", lambda: ("2.50.0", "3.12.1"))
    for _ in range(2):  # it is no part of the cluster after the first time
        with pytest.raises(
            SettingsError, match=r"the trainer runs Ray 2\.50\.0 and Python 3\.12\.1: both must be the same\.$"
        ):
            join(cluster.address)
