"""The version of this software. pyproject reads it; the trainer and the app compare theirs."""

__version__ = "0.2.0"
