"""Where settings come from: defaults, overridden by `remap.toml` in the working folder, then by REMAP_* variables."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from remap_core.errors import SettingsError
from remap_core.settings import Settings

DEMO: dict[str, Any] = {
    "workers": 1,
    "builders": "*",
    "population": 10,
    "max_parameters": 100_000,
    "max_waiting": 200,
    "max_waiting_each": 10,
    "max_epochs": 30,
    "memory_total": 1_000,
}
"""The defaults of the demo profile that differ."""
DEMO_ORIGIN = "the demo profile"
_CLOUD_FOLDER = Path("/mount/src")
_CLOUD_USERS = ("appuser", "adminuser")

TEST_VARIABLES = {"REMAP_TEST_DATA", "REMAP_TEST_ORT_WEB"}
"""Variables that only the tests read."""

_RULES = {
    "int_parsing": "a whole number",
    "int_parsing_size": "a whole number of fewer digits",
    "float_parsing": "a number",
    "bool_parsing": "true or false",
    "greater_than": "greater than {gt}",
    "greater_than_equal": "at least {ge}",
    "less_than": "less than {lt}",
    "less_than_equal": "at most {le}",
}
"""What a value must be, by the type of pydantic's error."""


def read_settings(
    environ: Mapping[str, str] | None = None, file: Path = Path("remap.toml"), **options: str | None
) -> tuple[Settings, dict[str, str]]:
    """Return the settings and, by name, the origin of each value: "default", the file, the variable, or "an option".

    options: values from a command line, by setting; None for those that were not given. The demo profile has defaults
    of its own, whose origin it is.
    Raises SettingsError with the setting, the value and the rule.
    """
    if environ is None:
        environ = os.environ
    values: dict[str, Any] = {}
    origins = dict.fromkeys(Settings.model_fields, "default")
    for name, value in _file_values(file).items():
        values[name] = value
        origins[name] = str(file)
    for name in Settings.model_fields:
        variable = _variable(name)
        if variable in environ:
            values[name] = environ[variable]
            origins[name] = variable
        if options.get(name) is not None:
            values[name] = options[name]
            origins[name] = "an option"
    if values.get("profile", "auto") == "auto" and is_community_cloud(environ=environ):
        values["profile"] = "demo"
        origins["profile"] = "Streamlit Community Cloud"
    if values.get("profile") == "demo":
        own = {name: value for name, value in DEMO.items() if name not in values}
        values |= own
        origins |= dict.fromkeys(own, DEMO_ORIGIN)
    try:
        return Settings.model_validate(values), origins
    except ValidationError as error:
        raise SettingsError(_sentence(error.errors()[0], origins, file)) from None


def is_community_cloud(folder: Path | None = None, environ: Mapping[str, str] | None = None) -> bool:
    """Whether this is Streamlit Community Cloud, which clones an app to /mount/src and runs it as a user of its own.

    It documents no sign of itself; these two are known from what its apps see. folder: the working folder.
    """
    if environ is None:
        environ = os.environ
    if folder is None:
        folder = Path.cwd()
    return folder.is_relative_to(_CLOUD_FOLDER) and Path(environ.get("HOME", "")).name in _CLOUD_USERS


def unknown_variables(environ: Mapping[str, str] | None = None) -> list[str]:
    """Return a sentence for each variable that looks like a setting but is not, with the most similar setting.

    >>> unknown_variables({"REMAP_EPOCH": "3", "REMAP_SEED": "1"})
    ['REMAP_EPOCH is not a setting and has no effect; did you mean REMAP_EPOCHS?']
    """
    if environ is None:
        environ = os.environ
    known = {_variable(name) for name in Settings.model_fields} | TEST_VARIABLES
    sentences = []
    for name in sorted(environ):
        if name.upper().startswith("REMAP_") and name not in known:
            sentences.append(f"{name:.80} is not a setting and has no effect{_suggestion(name)}")
    return sentences


def _variable(name: str) -> str:
    return f"REMAP_{name.upper()}"


def _sentence(error: ErrorDetails, origins: Mapping[str, str], file: Path) -> str:
    name = ".".join(map(str, error["loc"]))
    setting = f"{name} = {error['input']!r:.80} (from {origins.get(name, str(file))})"
    if error["type"] == "extra_forbidden":
        return f"{setting} is not a setting{_suggestion(name)}"
    return f"{setting} is not valid: {_rule(error)}."


def _rule(error: ErrorDetails) -> str:
    rule = _RULES.get(error["type"])
    if rule is None:
        return error["msg"].replace("Input should", "it must").replace("String should", "it must")
    return "it must be " + rule.format_map(error.get("ctx", {}))


def _suggestion(name: str) -> str:
    """End a sentence with the setting that was probably meant, if any."""
    is_variable = name.upper().startswith("REMAP_")
    bare_name = name.lower().removeprefix("remap_")
    similar = get_close_matches(bare_name, Settings.model_fields, n=1)
    if not similar:
        return "."
    (meant,) = similar
    if is_variable:
        meant = _variable(meant)
    return f"; did you mean {meant}?"


def _file_values(file: Path) -> dict[str, Any]:
    if not file.is_file():
        return {}
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise SettingsError(f"{file} cannot be read as TOML: {error}.") from None
