"""Numbers and names as a person reads them: every page, chart, command and message gets them here."""

from __future__ import annotations

import re
from collections.abc import Sequence
from math import isfinite

NOT_AVAILABLE = "n/a"
"""Shown for a number that is not known."""

MINUS = "\N{MINUS SIGN}"

_MINUTE = 60
"""Seconds."""
_HOUR_MINUTES = 60
_DAY_HOURS = 24
_DIGEST = re.compile(r"@[0-9a-f]{12}(?=#|%|$)")
_PART = re.compile(r"%(not)?([1-9])of([2-9])$")
"""What tells data sets of one title apart, see `datasets.kept`."""
_LISTED_CHARACTERS = 60


def model_name(model: int) -> str:
    """A model in a sentence.

    >>> model_name(7)
    'Model 7'
    """
    return f"Model {model}"


def model_tag(model: int) -> str:
    """A model where space is short: in labels, lists and table cells.

    >>> model_tag(7)
    '#7'
    """
    return f"#{model}"


def model_tags(models: Sequence[int]) -> str:
    """Several models, separated by commas.

    >>> model_tags([3, 7])
    '#3, #7'
    """
    return ", ".join(map(model_tag, models))


def dataset_title(name: str) -> str:
    """A data set for people: a file without its folders, an added data set without its digest.

    >>> dataset_title("leaves@1f3a9c2e0b7d"), dataset_title("/photos/birds.npz#500"), dataset_title("digits")
    ('leaves', 'birds.npz#500', 'digits')
    >>> dataset_title("digits%2of4"), dataset_title("digits%not2of3")
    ('digits, part 2 of 4', 'digits, all but part 2 of 3')
    """
    title = _DIGEST.sub("", name.rsplit("/", 1)[-1])
    return _PART.sub(lambda part: f", {'all but ' if part[1] else ''}part {part[2]} of {part[3]}", title)


def percent(share: float, decimals: int = 1) -> str:
    """A share (0..1) in percent; "n/a" for NaN.

    >>> percent(0.981), percent(0.981, decimals=0), percent(float("nan"))
    ('98.1 %', '98 %', 'n/a')
    """
    if not isfinite(share):
        return NOT_AVAILABLE
    return f"{100 * share:.{decimals}f} %"


def relative_error(share: float) -> str:
    """The typical error of an estimate, relative to the estimate.

    >>> relative_error(0.2331)
    '± 23 %'
    """
    return f"± {percent(share, decimals=0)}"


def spread(deviation: float, seeds: int | None = None) -> str:
    """A standard deviation of accuracies (0..1) in points, with the number of seeds if given.

    >>> spread(0.0051), spread(0.0051, seeds=4)
    ('± 0.5', '± 0.5 (4 seeds)')
    """
    text = f"± {100 * deviation:.1f}"
    if seeds is None:
        return text
    return f"{text} ({pluralize(seeds, 'seed')})"


def accuracy_over_seeds(share: float, deviation: float, seeds: int) -> str:
    """An accuracy (0..1): of one training, or the mean of several with their sample standard deviation in points.

    >>> accuracy_over_seeds(0.981, float("nan"), 1), accuracy_over_seeds(0.9642, 0.0051, 4)
    ('98.1 %', '96.4 % ± 0.5 (4 seeds)')
    """
    if seeds == 1:
        return percent(share)
    return f"{percent(share)} {spread(deviation, seeds)}"


def predicted_accuracy(share: float, low: float, high: float) -> str:
    """An expected accuracy (0..1) with its bounds.

    >>> predicted_accuracy(0.931, 0.876, 0.962)
    '93 % (88 to 96)'
    """
    return f"{percent(share, decimals=0)} ({100 * low:.0f} to {100 * high:.0f})"


def points(difference: float) -> str:
    """A difference of two shares in percentage points, signed.

    >>> points(0.012), points(-0.1), points(-0.0001)
    ('+1.2 points', '−10.0 points', '0.0 points')
    """
    if not isfinite(difference):
        return NOT_AVAILABLE
    rounded = round(100 * difference, 1)
    if not rounded:
        return "0.0 points"
    return f"{_signed(f'{rounded:+.1f}')} points"


def points_interval(low: float, high: float) -> str:
    """The ends of an interval of differences of shares, in percentage points, where the mean says the unit.

    >>> points_interval(-0.004, 0.0221)
    '−0.4 to +2.2'
    """
    return f"{signed_points(100 * low)} to {signed_points(100 * high)}"


def signed_points(difference: float) -> str:
    """A difference in percentage points, signed, where the column says the unit.

    >>> signed_points(1.23), signed_points(-10), signed_points(-0.01)
    ('+1.2', '−10.0', '0.0')
    """
    rounded = round(difference, 1)
    if not rounded:
        return "0.0"
    return _signed(f"{rounded:+.1f}")


def count(number: int) -> str:
    """A whole number with thousands separated.

    >>> count(24122)
    '24,122'
    """
    return f"{int(number):,}"


def signed_count(number: int) -> str:
    """A difference of two whole numbers, signed.

    >>> signed_count(1610), signed_count(-24122), signed_count(0)
    ('+1,610', '−24,122', '0')
    """
    if not number:
        return "0"
    return _signed(f"{int(number):+,}")


def relative_change(number: int, before: int) -> str:
    """How much more or less a whole number is than one before it, in percent.

    >>> relative_change(96, 1_000), relative_change(4_100, 1_000), relative_change(7, 7)
    ('−90 %', '+310 %', '0')
    """
    if number == before:
        return "0"
    return _signed(f"{100 * (number - before) / before:+.0f} %")


def more_or_fewer(difference: int, noun: str) -> str:
    """A difference of two whole numbers of things, in words.

    >>> more_or_fewer(-100, "parameter"), more_or_fewer(1, "parameter"), more_or_fewer(0, "parameter")
    ('100 parameters fewer', '1 parameter more', 'as many parameters')
    """
    if not difference:
        return f"as many {noun}s"
    things = pluralize(abs(difference), noun)
    if difference < 0:
        return f"{things} fewer"
    return f"{things} more"


def compact(number: int) -> str:
    """A whole number in three digits at most, where space is short.

    >>> [compact(n) for n in (850, 1_000, 24_122, 999_999, 1_300_000)]
    ['850', '1k', '24k', '1M', '1.3M']
    """
    for unit, letter in ((1_000_000, "M"), (1_000, "k")):
        scaled = _two_digits(number / unit)
        if scaled >= 1:
            return f"{scaled:g}{letter}"
    return str(number)


def pluralize(number: int, noun: str) -> str:
    """A whole number of things; the noun gets an s unless there is exactly one.

    >>> pluralize(1, "model"), pluralize(1610, "parameter")
    ('1 model', '1,610 parameters')
    """
    if number == 1:
        return f"1 {noun}"
    return f"{count(number)} {noun}s"


def sentence_case(text: str) -> str:
    """The text with a capital at its beginning; other letters stay.

    >>> sentence_case("baseline LeNet-5")
    'Baseline LeNet-5'
    """
    return text[:1].upper() + text[1:]


def listed(names: Sequence[str], limit: int = 10) -> str:
    """The first names of a list, and how many more there are; long names are cut.

    >>> listed(["cat", "dog"]), listed(["cat", "dog", "eel"], limit=1)
    ('cat, dog', 'cat and 2 more')
    """
    shown = ", ".join(f"{name:.{_LISTED_CHARACTERS}}" for name in names[:limit])
    more = len(names) - limit
    if more > 0:
        return f"{shown} and {count(more)} more"
    return shown


def duration(seconds: float) -> str:
    """A time span with two units at most.

    >>> [duration(s) for s in (0.84, 12, 200, 7500, 100_000)]
    ['0.8 s', '12 s', '3 min 20 s', '2 h 05 min', '1 d 4 h']
    """
    if not isfinite(seconds) or seconds < 0:
        return NOT_AVAILABLE
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    minutes, rest_seconds = divmod(round(seconds), _MINUTE)
    if not minutes:
        return f"{rest_seconds} s"
    if minutes < _HOUR_MINUTES:
        return f"{minutes} min {rest_seconds:02d} s"
    hours, rest_minutes = divmod(round(seconds / _MINUTE), _HOUR_MINUTES)
    if hours < _DAY_HOURS:
        return f"{hours} h {rest_minutes:02d} min"
    days, rest_hours = divmod(round(seconds / _MINUTE / _HOUR_MINUTES), _DAY_HOURS)
    return f"{days} d {rest_hours} h"


def kilobytes(number: float) -> str:
    """Bytes of a microcontroller's memory, in units of 1,024, rounded to two digits below 10.

    >>> kilobytes(65_536), kilobytes(1_500), kilobytes(300)
    ('64 KB', '1.5 KB', '0.29 KB')
    """
    size = number / 1024
    if size >= 10:
        return f"{size:,.0f} KB"
    return f"{size:.2g} KB"


def milliseconds(number: float) -> str:
    """A latency given in milliseconds, rounded to about two digits.

    >>> [milliseconds(n) for n in (0.004, 0.123, 4.56, 1234)]
    ['< 0.01 ms', '0.12 ms', '4.6 ms', '1,234 ms']
    """
    if not isfinite(number) or number < 0:
        return NOT_AVAILABLE
    if number < 0.01:
        return "< 0.01 ms"
    if number < 1:
        return f"{number:.2f} ms"
    if number < 100:
        return f"{number:.1f} ms"
    return f"{number:,.0f} ms"


def shape_text(shape: Sequence[int]) -> str:
    """The shape of one example: (channels, height, width) or (features,).

    >>> shape_text((32, 26, 24)), shape_text((1, 8, 8)), shape_text((64,))
    ('32 channels of 26 x 24', '1 channel of 8 x 8', '64 values')
    """
    if len(shape) == 1:
        return pluralize(shape[0], "value")
    channels, height, width = shape
    return f"{pluralize(channels, 'channel')} of {height} x {width}"


def _two_digits(number: float) -> float:
    """Rounded to two digits, or to a whole number from 100 on."""
    if number >= 100:
        return round(number)
    return float(f"{number:.2g}")


def _signed(text: str) -> str:
    return text.replace("-", MINUS)
