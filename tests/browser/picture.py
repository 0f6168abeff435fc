"""The picture of a report in the README: ``python -m tests.browser.picture``.

It shows the page of the claim that the README gets wrong, as Chromium lays it out in light colours,
down to what it states.
"""

from __future__ import annotations

import io
import os
import sys
import tempfile
from pathlib import Path

from PIL import Image

from tests.browser.chromium import MISSING, SWITCHES, place
from tests.documents import ROOT, blocks

__all__ = ["PICTURE", "main", "report", "shot", "small"]

PICTURE = ROOT / "notebooks" / "pictures" / "disagrees.png"

WIDTH, HEIGHT, SCALE = 860, 765, 2
"""Of the picture in pixels of a style sheet, and how many of its own make one of them."""

COLOURS = 64
"""In a picture of text that many are enough, and it is a third as large."""


def report(folder: Path) -> Path:
    """The page of the README's claim, in a report in this folder."""
    from verify import cli

    text = next(b.text for b in blocks(ROOT / "README.md") if b.text.startswith("# energy.py"))
    (folder / "energy.py").write_text(text, encoding="utf-8")
    before = Path.cwd()
    os.chdir(folder)  # the page names the file as it was given
    try:
        cli.main(["run", "energy.py", "--report", "report", "--workers", "1"])
    finally:
        os.chdir(before)
    return folder / "report" / "claims" / "energy.html"


def shot(page: Path, chromium: str) -> bytes:
    """The top of a page as a PNG."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(SWITCHES))
        opened = browser.new_page(
            viewport={"width": WIDTH, "height": HEIGHT},
            device_scale_factor=SCALE,
            color_scheme="light",
        )
        opened.goto(page.as_uri())
        found = opened.screenshot()
        browser.close()
    return found


def small(picture: bytes) -> bytes:
    """The same picture with few colours."""
    written = io.BytesIO()
    few = Image.open(io.BytesIO(picture)).convert("RGB").quantize(COLOURS)
    few.save(written, format="PNG", optimize=True)
    return written.getvalue()


def main() -> int:
    """Write the picture; 1 if there is no Chromium."""
    chromium = place()
    if chromium is None:
        print(MISSING, file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as folder:
        PICTURE.write_bytes(small(shot(report(Path(folder)), chromium)))
    print(f"{PICTURE.relative_to(ROOT)}: {PICTURE.stat().st_size // 1000} kB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
