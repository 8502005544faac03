"""docs/portal: systemd's own checks of the units, and what the compose files name."""

import re
import shlex
import shutil
import subprocess
import sys

import pytest
import yaml
from browsing import ROOT

PORTAL = ROOT / "docs" / "portal"
UNITS = sorted(path for path in PORTAL.iterdir() if path.suffix in (".service", ".timer"))
SERVICES = [path for path in UNITS if path.suffix == ".service"]
COMPOSE = [yaml.safe_load((PORTAL / name).read_text(encoding="utf-8")) for name in ("compose.yaml", "compose.gpu.yaml")]
MOST_EXPOSED = 30
"""Tenths of the points of `systemd-analyze security`, of which a service without any protection has 96."""

needs_systemd = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd-analyze")


@pytest.fixture
def units(tmp_path):
    """The units as documented; their commands are an executable of this machine."""
    for path in UNITS:
        text = path.read_text(encoding="utf-8")
        (tmp_path / path.name).write_text(re.sub(r"/opt/remap/\.venv/bin/\w+", sys.executable, text), encoding="utf-8")
    return tmp_path


@needs_systemd
def test_systemd_finds_nothing_wrong_with_the_units(units):
    files = [str(path) for path in sorted(units.iterdir())]
    checked = subprocess.run(["systemd-analyze", "verify", *files], capture_output=True, text=True, check=False)
    assert (checked.returncode, checked.stderr) == (0, "")


@needs_systemd
@pytest.mark.parametrize("service", SERVICES, ids=lambda path: path.stem)
def test_services_are_little_exposed(units, service):
    command = ["systemd-analyze", "security", "--offline=yes", f"--threshold={MOST_EXPOSED}", str(units / service.name)]
    rated = subprocess.run(command, capture_output=True, text=True, check=False)
    assert rated.returncode == 0, rated.stdout


def test_every_timer_has_its_service():
    assert {path.stem for path in UNITS if path.suffix == ".timer"} <= {path.stem for path in SERVICES}


def test_both_ways_run_the_same_commands_from_files_that_are_there():
    started = {}
    for service in SERVICES:
        text = service.read_text(encoding="utf-8").replace("\\\n", " ")
        started[service.stem.removeprefix("remap-")] = re.search(r"^ExecStart=/opt/remap/.venv/bin/(.*)$", text, re.M)[
            1
        ]
    composed = {name: service["command"] for name, service in COMPOSE[0]["services"].items()}
    for name, command in composed.items():
        assert shlex.split(command)[:3] == shlex.split(started[name])[:3]
        assert all((ROOT / word).is_file() for word in shlex.split(command) if word.endswith(".py"))


def test_compose_names_files_volumes_and_services_that_are_there():
    base, gpu = COMPOSE
    assert set(gpu["services"]) <= set(base["services"])
    for service in base["services"].values():
        assert (PORTAL / service["build"]["context"] / service["build"]["dockerfile"]).is_file()
        assert {volume.split(":")[0] for volume in service["volumes"]} <= set(base["volumes"])


def test_compose_probes_the_ports_that_its_settings_open():
    for service in COMPOSE[0]["services"].values():
        (port,) = [value for name, value in service["environment"].items() if name.endswith("METRICS_PORT")]
        assert f":{port}/" in service["healthcheck"]["test"][-1]
