"""The trainer's log: one JSON object a line in the data folder, and lines for people in its terminal."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from logging.handlers import RotatingFileHandler
from typing import Any

from remap_core.data_folder.folder import DataFolder

LARGEST = 5_000_000
"""Bytes after which a file is put aside as trainer.log.1, and so on."""
KEPT = 3
"""Files that are kept beside the newest."""

_PLACEHOLDER = re.compile(r"%%|(?:\b(model|command|map of) )?%[-+# 0-9.]*[a-z]")


def log_to_terminal() -> None:
    """From now on what happens is said on standard error, for people; what ends the command is `main`'s to say."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    handler.addFilter(lambda record: record.levelno < logging.CRITICAL)
    logging.basicConfig(level=logging.INFO, handlers=[handler])


@contextmanager
def logged(folder: DataFolder) -> Iterator[None]:
    """Whatever happens in the block goes into the folder's log; so does the error that ends it, at level critical.

    Only for the one trainer of the folder: two would rotate the file under each other. A line that cannot be written
    (a full disk) is lost, and nothing else. Raises FolderUnusable where the file cannot be opened.
    """
    with folder.errors_as_unusable():
        handler = _LogFile(folder.trainer_log, maxBytes=LARGEST, backupCount=KEPT, encoding="utf-8")
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    with closing(handler):
        root.addHandler(handler)
        root.setLevel(logging.INFO)
        try:
            yield
        except Exception as error:
            logging.getLogger(__name__).critical("The trainer ends: %s", error, exc_info=True)
            raise
        finally:
            root.removeHandler(handler)


class JsonLines(logging.Formatter):
    """A record as one line of JSON: time (UTC), level, logger, message; model, command, error where there are such.

    A field is what the message says after its name: "model %d begins" has the field model.
    """

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **_fields(record),
        }
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)


def _fields(record: logging.LogRecord) -> dict[str, object]:
    arguments = record.args if isinstance(record.args, tuple) else ()
    names = [found[1] for found in _PLACEHOLDER.finditer(str(record.msg)) if found[0] != "%%"]
    found = zip(names, arguments, strict=False)
    return {"dataset" if name == "map of" else name: argument for name, argument in found if name}


class _LogFile(RotatingFileHandler):
    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 (the standard library's name)
        """A full disk is said by the trainer itself, once; not with a stack trace a line."""
