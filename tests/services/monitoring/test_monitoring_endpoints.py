"""The ports of trainer and app for the tools that watch them."""

import socket
import sys
import urllib.request
from urllib.error import HTTPError

import pytest
from browsing import free_port
from catalogues import write_catalogue
from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families

from remap_core.data_folder.folder import DataFolder
from remap_core.data_folder.heartbeat import TrainerStatus, write_trainer
from remap_core.errors import SettingsError
from remap_core.services.monitoring.trainer_endpoint import trainer_endpoint
from remap_core.services.monitoring.trainer_figures import Figures
from remap_core.services.monitoring.trainer_health import TrainerHealth
from remap_core.settings import Settings


def registry_of(folder, clock=lambda: 0.0):
    registry = CollectorRegistry()
    registry.register(Figures(folder, clock))
    return registry


def answer(port, path):
    """What a path answers: the status and the text."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as told:
            return told.status, told.read().decode()
    except HTTPError as error:
        return error.code, error.read().decode()


def test_the_endpoint_answers_with_the_figures_of_the_folder(tmp_path):
    folder, port = write_catalogue(tmp_path, waiting=3, failed=1), free_port()
    with trainer_endpoint(Settings(home=tmp_path, metrics_port=port), folder):
        _, text = answer(port, "/metrics")
    found = {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
    assert found["remap_trials", "complete"] == 6
    assert found["remap_trials", "waiting"] == 3
    assert found["remap_trials", "running"] == 0
    assert found["remap_epochs_total",] == 12
    assert found["remap_paused",] == 0
    assert found["remap_free_disk_bytes",] > 0
    assert 0 <= found["remap_snapshot_age_seconds",] < 1000


def test_the_heartbeat_of_a_hanging_trainer_ages(tmp_path):
    folder = DataFolder(tmp_path)
    write_trainer(folder, TrainerStatus(1, 0.0, 100.0, "0", "cpu", 1))
    assert registry_of(folder, lambda: 160.0).get_sample_value("remap_heartbeat_age_seconds") == 60


def test_before_anything_is_published_there_are_no_trials_and_no_error(tmp_path):
    registry = registry_of(DataFolder(tmp_path))
    assert registry.get_sample_value("remap_trials", {"state": "complete"}) is None
    assert registry.get_sample_value("remap_free_disk_bytes") > 0


def test_a_port_that_is_taken_is_one_sentence(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with (
            pytest.raises(SettingsError, match=f"metrics_port = {port} cannot be used: Address already in use."),
            trainer_endpoint(Settings(metrics_port=port), DataFolder(tmp_path)),
        ):
            pass


def test_an_address_that_is_not_ours_is_one_sentence(tmp_path):
    for address in ("203.0.113.1", "no such host.invalid"):
        with (
            pytest.raises(SettingsError, match=f"metrics_address = '{address}' and metrics_port"),
            trainer_endpoint(Settings(metrics_port=free_port(), metrics_address=address), DataFolder(tmp_path)),
        ):
            pass


def test_without_the_extra_it_is_one_sentence(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    with (
        pytest.raises(SettingsError, match=r"needs the extra `metrics`: pip install 'remap-nas\[metrics\]'"),
        trainer_endpoint(Settings(metrics_port=9), DataFolder(tmp_path)),
    ):
        pass


def test_there_is_no_endpoint_by_default(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    with trainer_endpoint(Settings(), DataFolder(tmp_path)):
        pass


@pytest.fixture
def trainer(tmp_path):
    """The health of a trainer that was built at second 100, its folder, and a clock to set."""
    folder, clock = write_catalogue(tmp_path), [100.0]
    return TrainerHealth(folder, lambda: clock[0]), folder, clock


def beat(folder, heartbeat, device="cpu", message="", started=101.0):
    write_trainer(folder, TrainerStatus(1, started, heartbeat, "0", device, 1, message))


def test_a_trainer_that_starts_is_healthy_but_not_ready_whatever_the_one_before_it_left(trainer):
    health, folder, clock = trainer
    beat(folder, 50.0, started=10.0)
    clock[0] = 200.0
    assert (health.problem(), health.obstacle()) == ("", "The trainer is starting.")
    beat(folder, 200.0, device="")
    assert (health.problem(), health.obstacle()) == ("", "The trainer is starting.")


def test_a_trainer_is_ready_once_it_serves_and_hangs_after_a_minute_without_a_heartbeat(trainer):
    health, folder, clock = trainer
    beat(folder, 110.0)
    clock[0] = 111.0
    assert (health.problem(), health.obstacle()) == ("", "")
    clock[0] = 170.0
    hangs = "The trainer hangs: its last heartbeat is 60 s old."
    assert (health.problem(), health.obstacle()) == (hangs, hangs)


def test_what_keeps_a_trainer_from_training_is_no_reason_to_restart_it(trainer, monkeypatch):
    health, folder, clock = trainer
    beat(folder, 110.0, message="No node of the cluster can train.")
    clock[0] = 111.0
    assert (health.problem(), health.obstacle()) == ("", "No node of the cluster can train.")
    monkeypatch.setattr(DataFolder, "disk_space_warning", lambda _: "The disk is full.")
    clock[0] = 300.0
    assert (health.problem(), health.obstacle()) == ("", "The disk is full.")


def test_a_trainer_whose_catalogue_cannot_be_read_is_not_ready(trainer):
    health, folder, clock = trainer
    beat(folder, 110.0)
    clock[0] = 111.0
    for snapshot in folder.snapshots.glob("*.duckdb"):
        snapshot.write_bytes(b"damaged")
    assert ".duckdb" in health.obstacle()


def test_health_and_readiness_are_answered_with_a_status_and_a_sentence(tmp_path):
    folder, port = write_catalogue(tmp_path), free_port()
    with trainer_endpoint(Settings(home=tmp_path, metrics_port=port), folder):
        assert answer(port, "/healthz") == (200, "ok\n")
        assert answer(port, "/readyz") == (503, "The trainer is starting.\n")
        assert answer(port, "/") == (404, "There are /metrics, /healthz and /readyz.\n")
    with pytest.raises(OSError, match="refused"):
        answer(port, "/healthz")
