"""The command line `remap`. Exit codes: 0 done, 1 failed (one sentence says why), 2 wrong usage."""

from __future__ import annotations

import sys

INTERRUPTED = 130
"""Exit code of a process that Ctrl-C has ended, as shells have it."""


def main() -> None:
    """Run the command line. Ctrl-C during the imports, which take a second, just ends it."""
    try:
        from remap_core.cli import typer_app

        typer_app.run()
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
