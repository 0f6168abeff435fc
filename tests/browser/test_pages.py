"""Every page as Chromium lays it out: on a desk, on a phone, on paper, in the dark."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.browser.looks import CONTRAST, not_laid_out, open_all, overflow, violations
from tests.browser.visits import DESK, PHONE, Visit, until

SHEET = {"width": 672, "height": 980}
"""A sheet of A4 within its margins, in px."""

HIDDEN_ON_PAPER = "nav, .skip, #filter, details:not(.long), .long > summary"
OUTER = "(all) => all.map((e) => `shown: ${e.outerHTML.slice(0, 80)}`)"
LOOKED_AT = ("index", "claims/right", "claims/time_change.confused", "claims/broken")


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What is seen of a page: its faults, formulas, and boxes that scroll on a phone."""

    title: str
    formulas: int
    boxes: int
    mathematics: list[str]
    phone: list[str]
    paper: list[str]


def look(page: Any) -> Seen:
    """Look at a page on a desk, on a phone and on paper, with everything open that can be."""
    page.set_viewport_size(DESK)
    open_all(page)
    mathematics, formulas = not_laid_out(page), page.locator("math").count()
    page.set_viewport_size(PHONE)
    page.evaluate("dispatchEvent(new Event('resize'))")
    phone, boxes = overflow(page), page.locator("[role=group][tabindex='0']").count()
    page.set_viewport_size(SHEET)
    page.emulate_media(media="print", color_scheme="dark")
    navigation = page.locator(f":is({HIDDEN_ON_PAPER}):visible").evaluate_all(OUTER)
    paper = [*overflow(page), *navigation]
    if background(page) != "rgb(255, 255, 255)":
        paper.append(background(page))
    page.emulate_media(media="screen")
    return Seen(
        title=page.title(),
        formulas=formulas,
        boxes=boxes,
        mathematics=mathematics,
        phone=phone,
        paper=paper,
    )


@pytest.fixture(scope="module")
def seen(browser: Any, site: Path) -> dict[str, Seen]:
    """What is seen of every page of the site, in one visit."""
    visit, found = Visit(browser, site), {}
    for path in sorted(site.rglob("*.html")):
        name = path.relative_to(site).as_posix()
        found[name] = look(visit.to(name))
    assert not visit.close()
    return found


def test_every_page_loads(seen: dict[str, Seen]) -> None:
    assert len(seen) == 14
    assert all(page.title for page in seen.values())


def test_mathematics_is_laid_out(seen: dict[str, Seen]) -> None:
    assert not {path: page.mathematics for path, page in seen.items() if page.mathematics}
    assert seen["claims/eigenvalue.html"].formulas > 20
    assert seen["claims/wrong.html"].formulas > 5


def test_a_phone_shows_everything_and_what_is_wide_scrolls_in_its_box(
    seen: dict[str, Seen],
) -> None:
    assert not {path: page.phone for path, page in seen.items() if page.phone}
    assert sum(page.boxes for page in seen.values()) > len(seen)


def test_on_paper_there_is_no_navigation_and_nothing_is_cut_off(seen: dict[str, Seen]) -> None:
    # The one symbol of the attack is longer than a line.
    cut_off = {path for path, page in seen.items() if page.paper}
    assert cut_off <= {"claims/attack.html", "claims/attack.wrong.html"}


def test_a_box_is_a_stop_of_the_keyboard_only_where_it_scrolls(visit: Callable[..., Any]) -> None:
    page = visit("claims/right.html", viewport=PHONE)
    box = page.locator(".command").first
    assert box.get_attribute("tabindex") == "0"
    box.focus()
    page.keyboard.press("ArrowRight")
    until(page, "document.activeElement.scrollLeft > 0")
    page.set_viewport_size(DESK)
    until(page, "!document.querySelector('.command').hasAttribute('tabindex')")


def background(page: Any) -> str:
    return str(page.evaluate("getComputedStyle(document.body).backgroundColor"))


def test_the_page_is_dark_in_the_dark(visit: Callable[..., Any]) -> None:
    page = visit("claims/wrong.html", color_scheme="light")
    light = background(page)
    page.emulate_media(color_scheme="dark")
    assert sum(rgb(background(page))) < 150 < 600 < sum(rgb(light))


def rgb(colour: str) -> list[int]:
    return [int(part) for part in colour.removeprefix("rgb(").removesuffix(")").split(",")]


def test_the_status_of_a_wrong_claim_and_what_is_wrong_are_seen_first(
    visit: Callable[..., Any],
) -> None:
    page = visit("claims/wrong.html")
    assert page.get_by_role("heading", level=1).inner_text() == "A third for a half"
    wrong = page.get_by_role("heading", name="What is wrong")
    assert wrong.bounding_box()["y"] < DESK["height"] / 2
    assert "claimed coefficient −1/3, measured −1/2" in page.locator(".finding").inner_text()


def test_links_lead_through_the_claims_by_the_keyboard(visit: Callable[..., Any]) -> None:
    page = visit()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("location.hash") == "#main"
    page.get_by_role("link", name="right", exact=True).focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/claims/right.html")
    page.locator("a[rel=next]").first.click()
    page.wait_for_url("**/claims/wrong.html")
    page.get_by_role("link", name="Verdicts").click()
    page.wait_for_url("**/index.html")


@pytest.mark.parametrize("path", LOOKED_AT)
def test_axe_finds_nothing_in_light_and_dark(visit: Callable[..., Any], path: str) -> None:
    page = visit(f"{path}.html", color_scheme="light")
    open_all(page)
    assert not violations(page)
    page.emulate_media(color_scheme="dark")
    assert not violations(page, only=CONTRAST)


# Planted faults: what the looks above must see.


@pytest.fixture(scope="module")
def blank(browser: Any, site: Path) -> Iterator[Visit]:
    """A visit to no page of the site, on a phone."""
    visit = Visit(browser, site, viewport=PHONE)
    yield visit
    visit.close()


@pytest.mark.parametrize(
    ("markup", "seen"),
    [
        ("<math><mi>x</mi></math>", ""),
        ("<math style='display: none'><mi>x</mi></math>", ""),
        ("<math><mfrac><mn>1</mn><mn>2</mn></mfrac></math>", ""),
        ("<math><mi style='font-size: 0'>x</mi></math>", "no box"),
        ("<math><mfrac style='display: flex'><mn>1</mn><mn>2</mn></mfrac></math>", "not set as"),
        ("<p>the rate \\frac{1}{2}</p>", "LaTeX"),
        ("<p>the rate $x$</p>", "LaTeX"),
        ("<code>\\frac{1}{2}</code>", ""),
    ],
)
def test_planted_mathematics_is_seen(blank: Visit, markup: str, seen: str) -> None:
    page = blank.to_markup(markup)
    faults = not_laid_out(page)
    assert bool(faults) == bool(seen)
    assert all(fault.startswith(seen) for fault in faults)


@pytest.mark.parametrize(
    ("markup", "seen"),
    [
        ("<p>words</p>", ""),
        ("<p style='width: 400px'>words</p>", "too wide"),
        ("<div style='overflow-x: auto'><p style='width: 400px'>words</p></div>", "scrolls"),
        ("<div style='overflow-x: auto' tabindex='0'><p style='width: 400px'>a</p></div>", ""),
    ],
)
def test_a_planted_overflow_is_seen(blank: Visit, markup: str, seen: str) -> None:
    page = blank.to_markup(markup)
    faults = overflow(page)
    assert bool(faults) == bool(seen)
    assert not seen or faults[0].startswith(seen)


def test_planted_barriers_are_seen(blank: Visit) -> None:
    page = blank.to_markup("<p style='color: #999; background: #fff'>pale</p><select></select>")
    found = " ".join(violations(page))
    assert "color-contrast" in found
    assert "select-name" in found
    assert "html-has-lang" in found


def test_planted_complaints_of_a_page_are_seen(blank: Visit) -> None:
    page = blank.to_markup(
        "<script>console.error('planted'); throw new Error('thrown')</script>"
        "<img src='https://example.org/x.png'>"
    )
    page.wait_for_timeout(50)
    troubles = " ".join(blank.troubles)
    for seen in ("planted", "thrown", "asked for: https://example.org", "failed: https://"):
        assert seen in troubles


def test_a_folded_derivation_is_open_on_paper(visit: Callable[..., Any], blank: Visit) -> None:
    """By the style sheet alone; what else is folded is not printed."""
    style = visit().locator("style").first.inner_text()
    page = blank.to_markup(
        f"<style>{style}</style><details class='long'><summary>4 steps</summary><ol><li>one</li>"
        "</ol></details><details><summary>Numbers</summary><p>two</p></details>"
    )
    assert not page.get_by_text("one").is_visible()
    page.emulate_media(media="print")
    assert page.get_by_text("one").evaluate(
        "(e) => e.checkVisibility({contentVisibilityAuto: true})"
    )
    assert page.get_by_text("one").bounding_box()["height"] > 0
    assert not page.get_by_text("two").is_visible()
