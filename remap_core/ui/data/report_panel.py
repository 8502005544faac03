"""The report on somebody's images: numbers first, then what to know, then pictures."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st

from remap_core.datasets.image_report import Findings, Report
from remap_core.drawing.charts.class_balance import class_balance_alt, class_balance_figure
from remap_core.formatting import count, percent, pluralize
from remap_core.ui.data.report_pictures import ReportPictures
from remap_core.ui.data.skipped_files import show_skipped
from remap_core.ui.events.chart_events import draw
from remap_core.ui.markdown import escape_markdown

MAX_CLASSES = 12
"""Classes whose samples are shown without asking."""
MAX_WARNINGS = 8
MAX_GROUPS = 4
"""Groups of equal images that are shown."""
MAX_IN_GROUP = 6
MAX_CONSTANT = 8
MAX_SIZES = 6
CHART_HEIGHT = 460
"""Pixels; a longer chart scrolls."""


def show_numbers(report: Report) -> None:
    """The size of the data set, and the floor that a network must beat."""
    height, width, channels = report.shape
    texts = {
        "Images": count(report.images),
        "Classes": count(len(report.class_names)),
        "Size": f"{height} x {width} {'grey' if channels == 1 else 'colour'}",
        "Train / validation / test": " / ".join(map(count, report.split)),
        "Skipped files": count(len(report.skipped)),
    }
    with st.container(horizontal=True, gap="medium"):
        for name, text in texts.items():
            st.metric(name, text, width="content")
    st.markdown(floor_sentence(report.findings))


def floor_sentence(findings: Findings) -> str:
    """What a network must beat.

    >>> floor_sentence(Findings(floor=0.412))
    'A nearest-mean classifier gets 41.2 %: a network must beat it.'
    """
    gets = f"A nearest-mean classifier gets {percent(findings.floor)}"
    if findings.floor == 1:
        return f"{gets}: these classes can be told apart without a network."
    return f"{gets}: a network must beat it."


def show_warnings(warnings: Sequence[str]) -> None:
    """What a person should know before training, the first sentences at once."""
    if warnings:
        st.warning("  \n".join(map(escape_markdown, warnings[:MAX_WARNINGS])))
    rest = warnings[MAX_WARNINGS:]
    if rest:
        with st.expander(f"{pluralize(len(rest), 'more warning')}"):
            st.markdown("\n".join(f"- {escape_markdown(warning)}" for warning in rest))


def show_report(report: Report, pictures: ReportPictures, key: str) -> None:
    """Everything below the numbers: files, balance, samples, checks."""
    show_skipped(report.skipped, key)
    chart, samples = st.columns(2, gap="large")
    with chart:
        _balance(report, key)
        _sizes(report)
        _checks(report, pictures)
    with samples:
        _samples(report, pictures, key)


def _balance(report: Report, key: str) -> None:
    st.markdown("##### Images per class")
    figure = class_balance_figure(report.class_names, report.per_class)
    alt = class_balance_alt(report.class_names, report.per_class)
    tall = int(figure.layout.height) > CHART_HEIGHT
    with st.container(height=CHART_HEIGHT if tall else "content", border=tall):
        draw(figure, f"data-balance-{key}", alt)
    st.caption(escape_markdown(alt))


def _sizes(report: Report) -> None:
    if not report.sizes:
        return
    seen = sum(images for _, _, images in report.sizes)
    shown = [f"{width} x {height}: {percent(images / seen)}" for height, width, images in report.sizes[:MAX_SIZES]]
    if len(report.sizes) > MAX_SIZES:
        shown.append("…")
    st.markdown("##### Original sizes")
    st.caption(f"Width x height, most frequent first. {' · '.join(shown)}")


def _samples(report: Report, pictures: ReportPictures, key: str) -> None:
    st.markdown("##### Samples")
    labels: Sequence[int] = range(len(report.class_names))
    if len(labels) > MAX_CLASSES:
        chosen = st.multiselect(
            "Classes",
            labels,
            format_func=lambda label: report.class_names[label][:60],
            placeholder=f"The first {MAX_CLASSES} of {count(len(labels))}: search for others",
            max_selections=MAX_CLASSES,
            key=f"data-samples-{key}",
            label_visibility="collapsed",
        )
        labels = chosen or labels[:MAX_CLASSES]
    st.caption("Left: as it came. Right: what the network sees.")
    for label in labels:
        st.markdown(f"**{escape_markdown(report.class_names[label][:60])}** · {count(report.per_class[label])}")
        st.html(pictures.samples(label))


def _checks(report: Report, pictures: ReportPictures) -> None:
    findings = report.findings
    st.markdown("##### Checks")
    _groups(
        findings.conflicts,
        "No picture has two labels.",
        f"The same picture with two labels: {count(len(findings.conflicts))}.",
        pictures,
    )
    _groups(
        findings.leaks,
        "No picture is in two parts of the split.",
        f"The same picture in two parts of the split: {count(len(findings.leaks))}. {_moved(findings)}",
        pictures,
    )
    only_copies = [group for group in findings.duplicates if group not in (*findings.conflicts, *findings.leaks)]
    _groups(
        only_copies,
        "No other exact duplicates.",
        f"Exact duplicates: {pluralize(len(only_copies), 'group')}.",
        pictures,
    )
    _constant(findings, pictures)
    _brightness(report)


def _moved(findings: Findings) -> str:
    if not findings.moved:
        return ""
    return f"{pluralize(len(findings.moved), 'image')} moved to the training images."


def _groups(groups: Sequence[Sequence[int]], fine: str, found: str, pictures: ReportPictures) -> None:
    if not groups:
        _fine(fine)
        return
    _found(found)
    for group in groups[:MAX_GROUPS]:
        st.html(pictures.images(group[:MAX_IN_GROUP]))
    if len(groups) > MAX_GROUPS:
        st.caption(f"… and {count(len(groups) - MAX_GROUPS)} more.")


def _constant(findings: Findings, pictures: ReportPictures) -> None:
    if not findings.constant:
        _fine("No image has only one value.")
        return
    _found(f"Images of only one value: {count(len(findings.constant))}.")
    st.html(pictures.images(findings.constant[:MAX_CONSTANT]))


def _brightness(report: Report) -> None:
    """Mean brightness, and how much of the classes it gives away: more than the largest class alone would."""
    findings = report.findings
    if not findings.brightness:
        return
    levels = np.array(findings.brightness)
    darkest = int(levels.argmin())
    brightest = int(levels.argmax())
    most_frequent = max(report.per_class) / max(1, sum(report.per_class))
    text = (
        f"Mean brightness (0 to 255): from {levels[darkest]:.0f} for {report.class_names[darkest]:.60} "
        f"to {levels[brightest]:.0f} for {report.class_names[brightest]:.60}. It alone gives away the class of "
        f"{percent(findings.brightness_accuracy)} of the images; the most frequent class has {percent(most_frequent)}."
    )
    if findings.brightness_accuracy > max(0.5, 1.5 * most_frequent):
        _found(text)
    else:
        _fine(text)


def _fine(sentence: str) -> None:
    st.markdown(f":green[:material/check_circle:] {escape_markdown(sentence)}")


def _found(sentence: str) -> None:
    st.markdown(f":orange[:material/error:] {escape_markdown(sentence)}")
