"""JSON files with architectures, as commands read them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from remap_core.errors import InvalidArchitecture
from remap_core.space.architecture import Architecture


def read_architectures(file: Path) -> list[Architecture]:
    """All architectures of a JSON file with one or a list; raises InvalidArchitecture with the file and the place."""
    return parse_architectures(read_json(file), file)


def parse_architectures(form: object, file: Path) -> list[Architecture]:
    """All architectures of a JSON form that was read from `file`; raises InvalidArchitecture."""
    if not isinstance(form, list):
        return [_parse(form, str(file))]
    architectures = []
    for number, entry in enumerate(form):
        architectures.append(_parse(entry, f"{file}, architecture {number}"))
    return architectures


def _parse(form: object, place: str) -> Architecture:
    try:
        return Architecture.from_json(form)
    except InvalidArchitecture as error:
        raise InvalidArchitecture(f"{place}: {error}", error.index) from None


def read_json(file: Path) -> Any:
    """The content of a JSON file; raises InvalidArchitecture."""
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise InvalidArchitecture(f"{file} is not JSON: {error}.") from None
    except UnicodeDecodeError as error:
        raise InvalidArchitecture(f"{file} cannot be read: {error}.") from None
    except OSError as error:
        raise InvalidArchitecture(f"{file} cannot be read: {error.strerror}.") from None
    except RecursionError:
        raise InvalidArchitecture(f"{file} is nested too deeply to be an architecture.") from None
