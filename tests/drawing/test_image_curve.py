"""Accuracy by the number of training images, drawn."""

from remap_core.drawing.image_curve import ImageCurve, image_curve_alt, image_curve_figure

MEASURED = [(250, 0.7), (250, 0.8), (500, 0.85), (1000, 0.9)]
CURVE = ImageCurve([250, 500, 1000, 2000, 4000], [0.75, 0.85, 0.9, 0.92, 0.93], [0.7] * 5, [0.95] * 5)


def test_every_training_is_a_circle_and_what_is_carried_on_is_dashed():
    band, known, expected, circles = image_curve_figure(MEASURED, CURVE).data
    assert list(zip(circles.x, circles.y, strict=True)) == MEASURED
    assert (list(known.x), known.line.dash) == ([250, 500, 1000], "solid")
    assert (list(expected.x), expected.line.dash) == ([1000, 2000, 4000], "dash")
    assert expected.hovertext[1] == "2,000 images: 92.0 % expected (70.0 % to 95.0 %)"
    assert len(band.x) == 10


def test_without_a_curve_there_are_circles_alone():
    (circles,) = image_curve_figure(MEASURED[:2], None).data
    assert list(circles.x) == [250, 250]


def test_the_figure_in_words():
    assert image_curve_alt(MEASURED, CURVE) == (
        "Validation accuracy by training images. 250 images: 75.0 %; 500 images: 85.0 %; 1,000 images: 90.0 %. "
        "Carried on to 4,000 images: 93.0 %."
    )
