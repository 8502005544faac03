"""Files that commands write where the user wants them."""

from __future__ import annotations

from pathlib import Path

from remap_core.errors import RemapError
from remap_core.system.files import replacing


def write_output(out: Path, content: bytes, subject: str, error_type: type[RemapError]) -> None:
    """Write a file in one step. Raises `error_type`: "The picture cannot be written to rows.svg: ..."."""
    try:
        with replacing(out) as temporary:
            temporary.write_bytes(content)
    except OSError as error:
        raise error_type(f"{subject} cannot be written to {out}: {error.strerror}.") from error
