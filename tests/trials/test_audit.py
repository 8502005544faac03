import csv
import io

from hypothesis import given
from hypothesis import strategies as st

from remap_core.trials.audit import HEADER, audit_csv
from remap_core.trials.commands import Outcome, Receipt


def rows(*receipts):
    return list(csv.reader(io.StringIO(audit_csv(receipts), newline="")))


def test_a_row_says_who_asked_for_what_and_when_in_utc():
    receipt = Receipt("7", "cancel", Outcome.REFUSED, 'Model 3, "small", belongs to Bob.', 1.5, "ada@example.org")
    assert rows(receipt) == [
        list(HEADER),
        [
            "7",
            "1970-01-01T00:00:01.500+00:00",
            "ada@example.org",
            "cancel",
            "refused",
            'Model 3, "small", belongs to Bob.',
        ],
    ]


@given(st.text(st.characters(exclude_categories=["Cs"])), st.text(st.characters(exclude_categories=["Cs"])))
def test_no_text_becomes_a_formula_and_none_is_lost(sender, message):
    _, (_, _, who, _, _, answer) = rows(Receipt("7", "pause", Outcome.APPLIED, message, 0.0, sender))
    for cell, text in ((who, sender), (answer, message)):
        assert cell.removeprefix("'") == text or cell == text
        assert not cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))
