"""All settings, read once: defaults, then `remap.toml` in the working folder, then REMAP_* in the environment."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from pydantic_core import ErrorDetails, PydanticCustomError

from remap_core.errors import SettingsError

Device = Literal["auto", "cpu", "cuda"]

_ADDRESS = re.compile(r"(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+):(?P<port>[0-9]{1,5})")

OF_TESTS = {"REMAP_TEST_DATA"}
"""Variables that are for the tests, and no settings."""


class Settings(BaseModel):
    """Every setting with its default. Frozen; raises SettingsError through `read_settings`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    home: Path = Field(Path(".remap"), description="Data folder: catalogue, weights, inbox.")
    dataset: str = Field(
        "digits",
        min_length=1,
        description="Data set: digits, mnist, fashion-mnist, cifar-10, or the path of an .npz file or of a folder.",
    )
    space: Literal["remap-2019", "modern"] = Field(
        "remap-2019", description="Search space of initial models: remap-2019 (the paper's) or modern."
    )
    population: int = Field(40, ge=0, le=100_000, description="Initial models that an empty catalogue gets.")
    epochs: int = Field(10, ge=1, le=10_000, description="Epochs that an initial model is trained for.")
    halving: bool = Field(
        False, description="Whether only the best third of the initial models goes on after epoch 1, and after epoch 3."
    )
    patience: int = Field(0, ge=0, description="Epochs without a lower validation loss that end a training; 0: none.")
    batch_size: int = Field(0, ge=0, le=65_536, description="Images a training step; 0 fits the data set (16 to 256).")
    learning_rate: float = Field(0.001, gt=0, le=1, description="Adam's at first; times 0.75 after every epoch.")
    max_parameters: int = Field(
        1_000_000, ge=100, le=10**15, description="Cap on the parameters of any model that is trained."
    )
    time_limit: int = Field(0, ge=0, le=10**9, description="Seconds that one training may take; 0: any.")
    memory_limit: int = Field(
        0, ge=0, le=10**9, description="Megabytes that a worker process may hold while it trains (on Linux); 0: any."
    )
    seed: int = Field(0, ge=0, lt=2**31, description="Seed of sampling and training.")
    workers: int = Field(0, ge=0, le=1024, description="Trainings at once; 0 means one for each core.")
    device: Device = Field("auto", description="Where to train; auto takes a GPU if there.")
    executor: Literal["local", "ray"] = Field(
        "local", description="Where trainings run: processes of this machine, or a Ray cluster's nodes."
    )
    ray_address: str = Field("auto", description="The Ray cluster: HOST:PORT, or auto for the one of this machine.")
    ray_gpus: float = Field(0.0, ge=0, le=1, description="Part of a GPU that a training on Ray takes; 0: CPUs train.")
    events: Literal["bridge", "package"] = Field(
        "bridge", description="How clicks in charts reach the app; package: charts in frames, for an elder Streamlit."
    )
    autostart: bool = Field(True, description="Whether the app starts a trainer when none runs.")
    metrics_port: int = Field(0, ge=0, lt=2**16, description="Port of the trainer's Prometheus endpoint; 0: none.")
    metrics_address: str = Field(
        "127.0.0.1", min_length=1, description="Where that listens; 0.0.0.0: to other machines, too."
    )

    @field_validator("home", mode="before")
    @classmethod
    def _names_a_folder(cls, home: object) -> object:
        if home == "":
            raise PydanticCustomError("no_folder", "It must name a folder, and . is the working folder")
        return home

    @field_validator("home")
    @classmethod
    def _of_this_user(cls, home: Path) -> Path:
        try:
            return home.expanduser()  # not every shell does so where a variable is set
        except RuntimeError:
            raise PydanticCustomError("no_user", "There is no home folder that its ~ could stand for") from None

    @field_validator("ray_address")
    @classmethod
    def _names_a_cluster(cls, address: str) -> str:
        match = _ADDRESS.fullmatch(address)
        if address != "auto" and not (match and 0 < int(match["port"]) < 2**16):
            raise PydanticCustomError("no_address", "It must be auto or HOST:PORT")
        return address


def read_settings(
    environ: Mapping[str, str] | None = None, file: Path = Path("remap.toml"), **options: str | None
) -> tuple[Settings, dict[str, str]]:
    """The settings, and for each name where its value came from: "default", the file, the variable, or "an option".

    options: what a command was told, by the settings' names; None where it was not, and all else holds.
    Raises SettingsError naming the setting, the value and the rule.
    """
    environ = os.environ if environ is None else environ
    values: dict[str, Any] = {}
    origins = dict.fromkeys(Settings.model_fields, "default")
    for name, value in _file_values(file).items():
        values[name], origins[name] = value, str(file)
    for name in Settings.model_fields:
        variable = f"REMAP_{name.upper()}"
        if variable in environ:
            values[name], origins[name] = environ[variable], variable
        if options.get(name) is not None:
            values[name], origins[name] = options[name], "an option"
    try:
        return Settings.model_validate(values), origins
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(map(str, first["loc"]))
        source = origins.get(name, str(file))
        raise SettingsError(f"{name} = {first['input']!r:.80} (from {source}) is not usable: {_rule(first)}.") from None


def unknown_variables(environ: Mapping[str, str] | None = None) -> list[str]:
    """A sentence for each variable that looks like a setting and is none, naming the nearest that is one.

    >>> unknown_variables({"REMAP_EPOCH": "3", "REMAP_SEED": "1"})
    ['REMAP_EPOCH is no setting and has no effect; the nearest is REMAP_EPOCHS.']
    """
    environ = os.environ if environ is None else environ
    known = {f"REMAP_{name.upper()}" for name in Settings.model_fields} | OF_TESTS
    unknown = sorted(name for name in environ if name.upper().startswith("REMAP_") and name not in known)
    return [f"{name:.80} is no setting and has no effect{_nearest(name)}." for name in unknown]


def _rule(error: ErrorDetails) -> str:
    if error["type"] == "extra_forbidden":
        return f"there is no such setting{_nearest(str(error['loc'][0]))}"
    return error["msg"]


def _nearest(name: str) -> str:
    prefix = name[:6] if name.upper().startswith("REMAP_") else ""
    found = get_close_matches(name.removeprefix(prefix).lower(), Settings.model_fields, n=1)
    if not found:
        return ""
    return f"; the nearest is {f'REMAP_{found[0].upper()}' if prefix else found[0]}"


def _file_values(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise SettingsError(f"{file} cannot be read as TOML: {error}.") from None
