from remap_core.drawing.snac.wrapping_snac import wrapping_snac_html
from remap_core.space.architecture import Architecture
from remap_core.space.layers import Conv2d, Dense


def test_each_chip_is_a_picture_whose_tooltip_says_what_its_layer_does():
    html = wrapping_snac_html(Architecture((1, 8, 8), 10, (Conv2d(3, 32), Dense(64))))
    assert html.count("<img ") == 3
    assert "output: 32 channels of 6 x 6" in html
    assert "flex-wrap:wrap" in html


def test_the_row_has_one_text_alternative():
    html = wrapping_snac_html(Architecture((1, 2, 2), 3, (Dense(4),)))
    assert 'aria-label="Dense 4; head of 3 classes; 35 parameters, 28 multiply-adds"' in html
    assert html.count('alt=""') == 2
