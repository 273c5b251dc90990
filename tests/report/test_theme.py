import numpy as np
import pytest

from paribus.report.theme import CATEGORICAL, DARK, LIGHT, config, ramp, series_of

PROTAN = np.array(
    [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.052],
    ]
)
DEUTAN = np.array(
    [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.01182, 0.04294, 0.968881],
    ]
)
XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])


def linear(colour):
    rgb = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def contrast(one, other):
    bright, dim = sorted((float(XYZ[1] @ linear(c)) for c in (one, other)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


def lab(colour, seen_by):
    xyz = XYZ @ np.clip(seen_by @ linear(colour), 0, 1) / np.array([0.9505, 1, 1.089])
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("colour", [*CATEGORICAL, *ramp(3), *ramp(8)])
@pytest.mark.parametrize("paper", [LIGHT, DARK])
def test_every_colour_stands_out_on_light_and_dark(colour, paper):
    assert contrast(colour, paper) >= 3


@pytest.mark.parametrize("seen_by", [np.eye(3), PROTAN, DEUTAN], ids=["all", "protan", "deutan"])
def test_colours_stay_apart_for_the_colour_blind(seen_by):
    seen = [lab(colour, seen_by) for colour in CATEGORICAL]
    distances = [np.linalg.norm(a - b) for i, a in enumerate(seen) for b in seen[:i]]
    assert min(distances) >= 23


def test_numbers_get_a_ramp_and_words_do_not():
    assert [one.colour for one in series_of(["8", "32", "128"])] == ramp(3)
    words = series_of(["a", "b", "c", "d", "e"])
    assert [one.colour for one in words] == list(CATEGORICAL[:5])
    assert words[4].dash != words[0].dash


def test_more_labels_than_colours_are_refused():
    with pytest.raises(ValueError, match="at most 8"):
        series_of([f"label {n}" for n in range(9)])


def test_the_page_takes_the_colour_of_its_text():
    page, file = config("page"), config("file")
    assert page["axis"]["labelColor"] == page["text"]["color"] == "currentColor"
    assert (page["background"], file["background"]) == (None, "#ffffff")
    assert "currentColor" not in str(file)


def test_numbers_in_order_can_be_more_than_words():
    assert [one.colour for one in series_of([str(n) for n in range(12)])] == ramp(12)
    with pytest.raises(ValueError, match="13 series"):
        series_of([str(n) for n in range(13)])
