"""The four verdicts are told apart by everybody: contrast of word and ground, and distance of the grounds, also for
people who see no red or no green (WCAG 2.2, 1.4.6; CAM02-UCS, Luo et al. 2006; simulation of Machado et al. 2009)."""

import itertools
import re
from pathlib import Path

import numpy as np
import pytest
from colorspacious import cspace_convert, deltaE
from numpy.typing import NDArray

STATIC = Path(__file__).parents[2] / "verifier_terminal" / "web" / "static"
CLASSES = ("accept", "check", "refuse", "not_read")
MIN_CONTRAST = 7.0
MIN_DISTANCE = 20.0
Colour = NDArray[np.float64]


def colour(written: str) -> Colour:
    digits = written.removeprefix("#")
    whole = "".join(2 * each for each in digits) if len(digits) == 3 else digits
    return np.array([int(whole[at : at + 2], 16) / 255 for at in (0, 2, 4)])


def looks(sheet: str) -> dict[str, tuple[Colour, Colour]]:
    """Ground and ink of each verdict."""
    text = (STATIC / sheet).read_text("utf-8")
    found = {}
    for name in CLASSES:
        rule = re.search(rf'body\[data-look="{name}"\][^{{]*\{{ --look: (#\w+); --look-ink: (#\w+);', text)
        assert rule is not None, name
        found[name] = (colour(rule[1]), colour(rule[2]))
    return found


def luminance(of: Colour) -> float:
    """WCAG 2.2, "relative luminance"."""
    linear = np.where(of <= 0.04045, of / 12.92, ((of + 0.055) / 1.055) ** 2.4)
    return float(linear @ np.array([0.2126, 0.7152, 0.0722]))


def contrast(one: Colour, other: Colour) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("sheet", ["window.css", "kiosk.css"])
@pytest.mark.parametrize("name", CLASSES)
def test_the_word_stands_out(sheet: str, name: str) -> None:
    ground, ink = looks(sheet)[name]
    assert contrast(ground, ink) >= MIN_CONTRAST


@pytest.mark.parametrize("sheet", ["window.css", "kiosk.css"])
@pytest.mark.parametrize("sight", ["everybody", "protanomaly", "deuteranomaly", "tritanomaly"])
@pytest.mark.parametrize(("one", "other"), list(itertools.combinations(CLASSES, 2)))
def test_no_two_verdicts_look_alike(sheet: str, sight: str, one: str, other: str) -> None:
    grounds = [looks(sheet)[name][0] for name in (one, other)]
    if sight != "everybody":
        space = {"name": "sRGB1+CVD", "cvd_type": sight, "severity": 100}
        grounds = [np.clip(cspace_convert(each, space, "sRGB1"), 0, 1) for each in grounds]
    assert float(deltaE(*grounds, input_space="sRGB1", uniform_space="CAM02-UCS")) >= MIN_DISTANCE


def test_the_sheets_agree() -> None:
    for name in CLASSES:
        for one, other in zip(looks("window.css")[name], looks("kiosk.css")[name], strict=True):
            assert (one == other).all()
