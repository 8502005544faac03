"""What `remap doctor` checks outside of the data folder: Python and packages, settings, devices."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from collections.abc import Iterator, Mapping
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement

from remap_core.access.roles import Roles
from remap_core.access.sign_in import SignIn, sign_in_of
from remap_core.catalogue.health import Finding, Level
from remap_core.datasets.dataset import load_dataset, to_download
from remap_core.datasets.preparation.resolving import resolve
from remap_core.errors import RemapError, SettingsError
from remap_core.formatting import count
from remap_core.services.sampling import find_space
from remap_core.setting_sources import unknown_variables
from remap_core.settings import AUTO_SPACE, Settings
from remap_core.space.caps import caps_text
from remap_core.space.markov.space_text import states_text
from remap_core.version import __version__

DISTRIBUTION = "remap-nas"
SHOWN_PACKAGES = ("torch", "torchvision", "duckdb", "streamlit", "plotly", "numpy", "pyarrow")
"""Packages whose versions are always shown; others appear only with a problem."""
SHOWN_INSTRUCTIONS = ("avx2", "avx512f", "avx512_bf16", "amx_bf16")
SURVEY_SECONDS = 300.0
"""Seconds that PyTorch may take to start."""


def check_packages() -> Iterator[Finding]:
    """Python, this software, and whether each required package is installed in a suitable version."""
    python = platform.python_version()
    system = platform.platform()
    yield _ok("packages", f"Python {python}, {system}.")
    try:
        installed = metadata.version(DISTRIBUTION)
        requirements = [Requirement(line) for line in metadata.requires(DISTRIBUTION) or []]
    except metadata.PackageNotFoundError:
        yield _warning("packages", f"{DISTRIBUTION} is not installed, only importable: pip install -e .")
        return
    if installed == __version__:
        yield _ok("packages", f"{DISTRIBUTION} {__version__}.")
    else:
        sentence = f"{DISTRIBUTION} is installed as {installed}, but its code is {__version__}: pip install -e ."
        yield _warning("packages", sentence)
    for requirement in requirements:
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            yield from _check_package(requirement)


def _check_package(requirement: Requirement) -> Iterator[Finding]:
    try:
        version = metadata.version(requirement.name)
    except metadata.PackageNotFoundError:
        yield _error("packages", f"{requirement.name} is missing: pip install '{requirement}'")
        return
    if not requirement.specifier.contains(version, prereleases=True):
        sentence = f"{requirement.name} {version} is too old: pip install '{requirement}'"
        yield _error("packages", sentence)
    elif requirement.name in SHOWN_PACKAGES:
        yield _ok("packages", f"{requirement.name} {version}.")


def check_settings(settings: Settings, origins: Mapping[str, str]) -> Iterator[Finding]:
    """Settings that are not the default, variables that are not settings, missing extras, and the data set."""
    for name, value in settings.model_dump(mode="json").items():
        origin = origins[name]
        if origin != "default":
            yield _ok("settings", f"{name} = {value!r} (from {origin}).")
    for sentence in unknown_variables():
        yield _warning("settings", sentence)
    yield from _check_access(settings)
    for name in ("metrics_port", "app_metrics_port"):
        if getattr(settings, name) and not find_spec("prometheus_client"):
            yield _error("settings", f"{name} needs the extra `metrics`: pip install 'remap-nas[metrics]'")
    if settings.executor == "ray" and not find_spec("ray"):
        yield _error("settings", "executor = 'ray' needs the extra `ray`: pip install 'remap-nas[ray]'")
    yield _check_space(settings)
    yield _check_dataset(settings)


def _check_access(settings: Settings) -> Iterator[Finding]:
    """How people sign in, and whether somebody is an admin."""
    try:
        way = sign_in_of(settings)
        roles = Roles.of(settings)
    except SettingsError as error:
        yield _error("settings", str(error))
        return
    if way is SignIn.NONE:
        return
    if way is SignIn.VISITOR:
        yield _ok("settings", "This is a demo: nobody signs in, and visitors may train, but change nothing of others.")
        return
    yield _ok("settings", f"People sign in ({way}); commands must be signed.")
    if not roles.admins:
        yield _warning(
            "settings", "Nobody is an admin: set REMAP_ADMINS, or only the command line can pause the queue."
        )


def _check_space(settings: Settings) -> Finding:
    """Whether the search space can be read."""
    if settings.space == AUTO_SPACE:
        return _ok("settings", "The search space is the one that fits the images.")
    try:
        space = find_space(settings, (1, 1, 1))
    except RemapError as error:
        return _error("settings", f"The search space cannot be used: {error}")
    return _ok("settings", f"The search space is {space.name}: {states_text(space)}, {caps_text(space.caps)}.")


def _check_dataset(settings: Settings) -> Finding:
    """Whether it can be loaded. Downloading is left to the trainer."""
    try:
        name = resolve(settings.dataset, settings.home)
        if address := to_download(name, settings.home):
            return _ok("settings", f"The trainer will download the data set {name} from {address}")
        card = load_dataset(name, settings.home).card()
    except RemapError as error:
        return _error("settings", f"The data set cannot be loaded: {error}")
    training, validation, test = map(count, card.split)
    images = f"{training} training, {validation} validation and {test} sealed test images"
    sentence = f"The data set {card.name} has {images} in {card.classes} classes."
    return _ok("settings", sentence)


def start_survey() -> subprocess.Popen[str]:
    """Ask PyTorch what it finds, in a separate process: importing it takes seconds and much memory."""
    command = [sys.executable, "-m", "remap_core.training.device_report"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def check_devices(survey: subprocess.Popen[str], settings: Settings | None) -> Iterator[Finding]:
    """The CPU, then what PyTorch found, then whether the settings fit."""
    yield from _check_cpu(settings)
    try:
        output, errors = survey.communicate(timeout=SURVEY_SECONDS)
    except subprocess.TimeoutExpired:
        survey.kill()
        yield _broken_pytorch(f"it took over {SURVEY_SECONDS:.0f} s")
        return
    try:
        report = json.loads(output)
    except ValueError:
        last_line = errors.strip().rpartition("\n")[2]
        yield _broken_pytorch(last_line or "no reason given")
        return
    yield from _check_pytorch(report, settings)


def _check_cpu(settings: Settings | None) -> Iterator[Finding]:
    cpu = _cpu_info()
    cores = len(os.sched_getaffinity(0))
    model = cpu.get("model name", platform.machine())
    yield _ok("devices", f"CPU: {model}, {cores} available cores.")
    flags = cpu.get("flags", "").split()
    instructions = ", ".join(name for name in SHOWN_INSTRUCTIONS if name in flags)
    if not instructions:
        instructions = "none beyond the basic ones"
    yield _ok("devices", f"CPU instructions: {instructions}.")
    if settings and settings.workers > cores:
        sentence = f"workers = {settings.workers} is more than the {cores} cores: trainings will slow each other down."
        yield _warning("devices", sentence)


def _broken_pytorch(reason: str) -> Finding:
    return _error("devices", f"PyTorch does not start ({reason}): reinstall it.")


def _check_pytorch(report: Mapping[str, Any], settings: Settings | None) -> Iterator[Finding]:
    yield _ok("devices", f"PyTorch {report['torch']} uses {report['instructions']} on the CPU.")
    for gpu in report["gpus"]:
        gigabytes = gpu["memory"] / 1e9
        bf16 = "bf16" if gpu["bf16"] else "no bf16"
        yield _ok("devices", f"GPU: {gpu['name']}, {gigabytes:.0f} GB, {bf16}.")
    for complaint in report["complaints"]:
        yield _warning("devices", f"PyTorch warns: {complaint}")
    if report["gpus"]:
        return
    if settings is not None and settings.device == "cuda":
        sentence = 'PyTorch finds no usable GPU: device = "cuda" cannot train; "auto" uses the CPU.'
        yield _error("devices", sentence)
    else:
        yield _ok("devices", "No GPU: the CPU trains.")


def _cpu_info() -> dict[str, str]:
    """The entries of the first processor in /proc/cpuinfo; empty where there is no such file."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return {}
    entries = {}
    for line in text.partition("\n\n")[0].splitlines():
        name, _, value = line.partition(":")
        entries[name.strip()] = value.strip()
    return entries


def _ok(area: str, sentence: str) -> Finding:
    return Finding(area, Level.OK, sentence)


def _warning(area: str, sentence: str) -> Finding:
    return Finding(area, Level.WARNING, sentence)


def _error(area: str, sentence: str) -> Finding:
    return Finding(area, Level.ERROR, sentence)
