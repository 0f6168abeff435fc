"""The picture of a report in the README: light, small, and of the page as it is."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from PIL import Image

from tests.browser import picture
from tests.browser.chromium import chromium
from tests.documents import ROOT


def faults(image: Image.Image, kilobytes: float) -> list[str]:
    """What is wrong with a picture."""
    pixels = image.convert("L").histogram()
    light = sum(pixels[224:]) / sum(pixels)
    size = (picture.WIDTH * picture.SCALE, picture.HEIGHT * picture.SCALE)
    return [
        *(["dark"] if light < 0.8 else []),
        *(["empty"] if light > 0.995 else []),
        *(["of another size"] if image.size != size else []),
        *(["too large"] if kilobytes > 150 else []),
    ]


def test_the_picture_in_the_repository_is_light_and_small() -> None:
    assert not faults(Image.open(picture.PICTURE), picture.PICTURE.stat().st_size / 1000)
    name = picture.PICTURE.relative_to(ROOT).as_posix()
    assert f"({name})" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_that_a_wrong_picture_is_seen() -> None:
    size = (picture.WIDTH * picture.SCALE, picture.HEIGHT * picture.SCALE)
    assert faults(Image.new("RGB", size, "#111111"), 1) == ["dark"]
    assert faults(Image.new("RGB", size, "white"), 151) == ["empty", "too large"]
    assert "of another size" in faults(Image.new("RGB", (9, 9), "white"), 1)


def test_the_script_makes_such_a_picture(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = chromium()
    page = picture.report(tmp_path)
    assert "DISAGREES" in capsys.readouterr().out
    # A thread of its own: the other tests' browser has an event loop in this one.
    with ThreadPoolExecutor(1) as thread:
        found = picture.small(thread.submit(picture.shot, page, place).result())
    assert not faults(Image.open(io.BytesIO(found)), len(found) / 1000)
