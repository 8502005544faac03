"""What `remap doctor` looks at outside of the data folder: Python and packages, devices, settings."""

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

from remap_core import __version__
from remap_core.catalogue.health import Finding, Level
from remap_core.datasets.dataset import load_dataset, to_download
from remap_core.datasets.names import canonical_name
from remap_core.errors import RemapError
from remap_core.settings import Settings, unknown_variables

DISTRIBUTION = "remap-nas"
SHOWN = ("torch", "torchvision", "duckdb", "streamlit", "plotly", "numpy", "pyarrow")
"""Packages whose versions are worth telling; of the others only what is wrong is said."""
PATIENCE = 300.0
"""Seconds that PyTorch may take to start."""


def examine_packages() -> Iterator[Finding]:
    """Python, this software, and whether each package is there in a version that will do."""
    yield Finding("packages", Level.OK, f"Python {platform.python_version()}, {platform.platform()}.")
    try:
        installed = metadata.version(DISTRIBUTION)
        needed = [Requirement(line) for line in metadata.requires(DISTRIBUTION) or []]
    except metadata.PackageNotFoundError:
        yield Finding("packages", Level.WARNING, f"{DISTRIBUTION} is not installed, only found: pip install -e .")
        return
    if installed == __version__:
        yield Finding("packages", Level.OK, f"{DISTRIBUTION} {__version__}.")
    else:
        sentence = f"{DISTRIBUTION} was installed as {installed}, but its code is {__version__}: pip install -e ."
        yield Finding("packages", Level.WARNING, sentence)
    for requirement in needed:
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            yield from _package(requirement)


def _package(requirement: Requirement) -> Iterator[Finding]:
    try:
        version = metadata.version(requirement.name)
    except metadata.PackageNotFoundError:
        yield Finding("packages", Level.ERROR, f"{requirement.name} is missing: pip install '{requirement}'")
        return
    if not requirement.specifier.contains(version, prereleases=True):
        sentence = f"{requirement.name} {version} is too old: pip install '{requirement}'"
        yield Finding("packages", Level.ERROR, sentence)
    elif requirement.name in SHOWN:
        yield Finding("packages", Level.OK, f"{requirement.name} {version}.")


def begin_survey() -> subprocess.Popen[str]:
    """Ask PyTorch what it finds, in a process of its own: it takes seconds, and this one stays small."""
    command = [sys.executable, "-m", "remap_core.training.device_report"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def examine_devices(survey: subprocess.Popen[str], settings: Settings | None) -> Iterator[Finding]:
    """CPU, cores and memory; then what PyTorch made of them; then whether the settings fit."""
    cores = len(os.sched_getaffinity(0))
    flags = _cpu().get("flags", "").split()
    extras = [name for name in ("avx2", "avx512f", "avx512_bf16", "amx_bf16") if name in flags]
    yield Finding("devices", Level.OK, f"CPU: {_cpu().get('model name', platform.machine())}, {cores} cores for us.")
    yield Finding("devices", Level.OK, f"CPU instructions: {', '.join(extras) or 'nothing beyond the basic ones'}.")
    if settings and settings.workers > cores:
        sentence = f"workers = {settings.workers} is more than the {cores} cores: trainings will slow one another down."
        yield Finding("devices", Level.WARNING, sentence)
    try:
        out, err = survey.communicate(timeout=PATIENCE)
        found = json.loads(out)
    except (subprocess.TimeoutExpired, ValueError) as error:
        survey.kill()
        reason = f"it took over {PATIENCE:.0f} s" if isinstance(error, subprocess.TimeoutExpired) else _last_line(err)
        yield Finding("devices", Level.ERROR, f"PyTorch does not start ({reason}): install it anew.")
        return
    yield from _surveyed(found, settings)


def _surveyed(found: Mapping[str, Any], settings: Settings | None) -> Iterator[Finding]:
    yield Finding("devices", Level.OK, f"PyTorch {found['torch']} uses {found['instructions']} on the CPU.")
    for gpu in found["gpus"]:
        bf16 = "bf16" if gpu["bf16"] else "no bf16"
        yield Finding("devices", Level.OK, f"GPU: {gpu['name']}, {gpu['memory'] / 1e9:.0f} GB, {bf16}.")
    for complaint in found["complaints"]:
        yield Finding("devices", Level.WARNING, f"PyTorch complains: {complaint}")
    if not found["gpus"]:
        wanted = settings is not None and settings.device == "cuda"
        sentence = 'No GPU that PyTorch can use: device = "cuda" cannot train; "auto" takes the CPU.'
        yield Finding("devices", *((Level.ERROR, sentence) if wanted else (Level.OK, "No GPU: the CPU trains.")))


def examine_settings(settings: Settings, origins: Mapping[str, str]) -> Iterator[Finding]:
    """Those that are not the default, variables that are none, and whether the data set can be loaded."""
    for name, value in settings.model_dump(mode="json").items():
        if origins[name] != "default":
            yield Finding("settings", Level.OK, f"{name} = {value!r} (from {origins[name]}).")
    for sentence in unknown_variables():
        yield Finding("settings", Level.WARNING, sentence)
    if settings.metrics_port and not find_spec("prometheus_client"):
        sentence = "metrics_port needs the extra `metrics`: pip install 'remap-nas[metrics]'"
        yield Finding("settings", Level.ERROR, sentence)
    if settings.executor == "ray" and not find_spec("ray"):
        yield Finding("settings", Level.ERROR, "executor = 'ray' needs the extra `ray`: pip install 'remap-nas[ray]'")
    yield _dataset(settings)


def _dataset(settings: Settings) -> Finding:
    """Whether it can be loaded; downloading it is the trainer's."""
    try:
        name = canonical_name(settings.dataset)
        if address := to_download(name, settings.home):
            return Finding("settings", Level.OK, f"The trainer will download the data set {name} from {address}")
        card = load_dataset(name, settings.home).card()
    except RemapError as error:
        return Finding("settings", Level.ERROR, f"The data set cannot be loaded: {error}")
    training, validation, sealed = card.split
    images = f"{training:,} training, {validation:,} validation and {sealed:,} sealed test images"
    return Finding("settings", Level.OK, f"The data set {card.name} has {images} of {card.classes} classes.")


def _cpu() -> dict[str, str]:
    """The first processor's entries of /proc/cpuinfo; none where there is no such file."""
    try:
        first = Path("/proc/cpuinfo").read_text(encoding="utf-8").split("\n\n", 1)[0]
    except OSError:
        return {}
    return {name.strip(): value.strip() for name, _, value in (line.partition(":") for line in first.splitlines())}


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or ["it said nothing"])[-1]
