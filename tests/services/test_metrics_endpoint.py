"""The trainer's Prometheus endpoint."""

import socket
import sys
import urllib.request

import pytest
from browsing import free_port
from catalogues import write_catalogue
from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families

from remap_core.data_folder.folder import DataFolder
from remap_core.data_folder.heartbeat import TrainerStatus, write_trainer
from remap_core.errors import SettingsError
from remap_core.services.metrics_endpoint import Figures, metrics
from remap_core.settings import Settings


def registry_of(folder, clock=lambda: 0.0):
    registry = CollectorRegistry()
    registry.register(Figures(folder, clock))
    return registry


def test_the_endpoint_answers_with_the_figures_of_the_folder(tmp_path):
    folder, port = write_catalogue(tmp_path, waiting=3, failed=1), free_port()
    with (
        metrics(Settings(home=tmp_path, metrics_port=port), folder),
        urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer,
    ):
        text = answer.read().decode()
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
            metrics(Settings(metrics_port=port), DataFolder(tmp_path)),
        ):
            pass


def test_an_address_that_is_not_ours_is_one_sentence(tmp_path):
    for address in ("203.0.113.1", "no such host.invalid"):
        with (
            pytest.raises(SettingsError, match=f"metrics_address = '{address}' and metrics_port"),
            metrics(Settings(metrics_port=free_port(), metrics_address=address), DataFolder(tmp_path)),
        ):
            pass


def test_without_the_extra_it_is_one_sentence(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    with (
        pytest.raises(SettingsError, match=r"needs the extra `metrics`: pip install 'remap-nas\[metrics\]'"),
        metrics(Settings(metrics_port=9), DataFolder(tmp_path)),
    ):
        pass


def test_there_is_no_endpoint_by_default(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    with metrics(Settings(), DataFolder(tmp_path)):
        pass
