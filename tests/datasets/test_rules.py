from pathlib import Path

import pytest

from remap_core.datasets.rules import errors_name, path_text, reason
from remap_core.errors import DatasetError


def test_errors_in_the_block_name_the_file_once_each():
    with pytest.raises(DatasetError, match=r"^a\.png: it is too large\.$"), errors_name(Path("a.png")):
        raise DatasetError("it is too large.")
    with (
        pytest.raises(DatasetError, match=r"^a\.png: it cannot be read \(Permission denied\)\.$"),
        errors_name(Path("a.png")),
    ):
        raise PermissionError(13, "Permission denied")


def test_an_unprintable_path_is_quoted():
    assert path_text(Path("a b.png")) == "a b.png"
    assert path_text(Path("a\nb.png")) == r"'a\nb.png'"


def test_the_reason_is_the_first_line_of_an_error_and_not_too_long():
    assert reason(ValueError("  first\nsecond")) == "ValueError: first"
    assert reason(ValueError()) == "ValueError: "
    assert len(reason(ValueError("x" * 1000))) == len("ValueError: ") + 200
