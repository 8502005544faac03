from dataclasses import replace
from html.parser import HTMLParser

from catalogues import CARD, architecture

from remap_core.drawing.report import Report, ReportedModel, Step, report_html
from remap_core.space.text import layers_text
from remap_core.trials.annotations import Annotation
from remap_core.trials.evaluation import EpochResult, Latency, SealedScore
from remap_core.trials.training_config import TrainingConfig
from remap_core.trials.trial import Proposal, Trial, TrialState


def trained(id: int, text: str, accuracy: float | None = 0.9) -> Trial:
    last = EpochResult(2, 0.5, 0.95, 0.6, accuracy, 1.0) if accuracy is not None else None
    state = TrialState.COMPLETE if last else TrialState.WAITING
    return Trial(id, Proposal(architecture(text), "digits", TrainingConfig()), state, 0, 1, 0.0, last=last)


PARENT, CHILD = trained(1, "Conv 16x3, ReLU, Dense 8"), trained(6, "Conv 16x3, Dense 8", 0.875)
REPORTED = ReportedModel(
    CHILD,
    (Step(PARENT, "Removed layer 2 (ReLU)", "-2.5 points (within noise), as many parameters"),),
    Latency(0.12, 3.4, "cpu", 1),
    SealedScore(200, 170, 0.4),
    Annotation("small enough", ("candidate",)),
)
REPORT = Report(CARD, "26 November 2026, 12:00 UTC", {"initial": 5, "ablation": 1}, [CHILD, PARENT], [REPORTED])


class Read(HTMLParser):
    """Tags and texts of a file; fails where tags are not closed in order."""

    def __init__(self, content: str) -> None:
        super().__init__()
        self.open, self.tags, self.texts = [], [], []
        self.feed(content)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        if tag not in ("meta", "rect", "path", "line", "polyline"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)


def words(report: Report) -> str:
    return " ".join(Read(report_html(report)).texts)


def test_the_front_and_the_models_have_their_numbers():
    said = words(REPORT)
    for part in (
        "Models of digits",
        "6 finished models: 5 initial, 1 ablation",
        "26 November 2026, 12:00 UTC",
        "87.5 %",
        "90.0 %",
        "test accuracy 85.0 % (200 sealed images)",
        "latency 0.12 ms for 1 image, 3.4 ms for 256",
        "From #1 (90.0 %): Removed layer 2 (ReLU): -2.5 points (within noise), as many parameters",
        "small enough",
        "candidate",
        layers_text(CHILD.architecture.layers),
    ):
        assert part in said


def test_every_row_is_a_vector_and_nothing_is_fetched():
    content = report_html(REPORT)
    assert Read(content).tags.count("svg") == 2 + 1
    assert "src=" not in content
    assert "<script" not in content


def test_what_was_typed_is_shown_as_text():
    evil = "<script>alert(1)</script>\"'&"
    card = replace(CARD, name=evil, class_names=(evil, *CARD.class_names[1:]))
    model = replace(REPORTED, annotation=Annotation(evil, (evil[:20],)))
    read = Read(report_html(replace(REPORT, card=card, models=[model])))
    assert "script" not in read.tags
    assert read.texts.count(evil) >= 1


def test_waiting_models_and_an_empty_population_are_reported():
    waiting = replace(REPORTED, trial=trained(9, "Dense 4", None), steps=(), latency=None, sealed=None, annotation=None)
    assert "Validation accuracy not known yet" in words(replace(REPORT, front=[], models=[waiting]))
    assert "0 finished models" in words(replace(REPORT, finished={}, front=[], models=[]))
