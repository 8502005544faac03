"""The trainer's log: one JSON object per line in the data folder, and lines for people in its terminal."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from logging.handlers import RotatingFileHandler
from typing import Any

from remap_core.data_folder.folder import DataFolder

MAX_BYTES = 5_000_000
"""Size at which the file is renamed to trainer.log.1, and so on."""
OLD_FILES = 3
"""Renamed files that are kept."""
FIELDS = ("model", "command", "sender", "dataset")
"""What a line can be about: a call such as `log.info(..., extra={"model": 7})` says it."""


def log_to_terminal() -> None:
    """Log to standard error, for people. `main` prints the error that ends the command."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    handler.addFilter(lambda record: record.levelno < logging.CRITICAL)
    logging.basicConfig(level=logging.INFO, handlers=[handler])


@contextmanager
def logged(folder: DataFolder) -> Iterator[None]:
    """Log what happens in the block to the folder's log; an error that ends it is logged as critical.

    Only for the one trainer of the folder: two would rotate the file under each other. A line that cannot be written
    (a full disk) is lost, and nothing else. Raises FolderUnusable if the file cannot be opened.
    """
    with folder.errors_as_unusable():
        handler = _LogFile(folder.trainer_log, maxBytes=MAX_BYTES, backupCount=OLD_FILES, encoding="utf-8")
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    with closing(handler):
        root.addHandler(handler)
        root.setLevel(logging.INFO)
        try:
            yield
        except Exception as error:
            logging.getLogger(__name__).critical("trainer stopped: %s", error, exc_info=True)
            raise
        finally:
            root.removeHandler(handler)


class JsonLines(logging.Formatter):
    """A record as one line of JSON: time (UTC), level, logger, message; any of FIELDS; error with its stack trace."""

    def format(self, record: logging.LogRecord) -> str:
        time = datetime.fromtimestamp(record.created, UTC)
        line: dict[str, Any] = {
            "time": time.isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        for field in FIELDS:
            if hasattr(record, field):
                line[field] = getattr(record, field)
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)


class _LogFile(RotatingFileHandler):
    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 (the standard library's name)
        """Ignore it: the trainer itself reports a full disk, once, and not with a stack trace per line."""
