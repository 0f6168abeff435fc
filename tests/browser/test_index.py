"""The index in use: filters, search and sorting, by mouse and keyboard, and without scripts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.browser.visits import PHONE, until

ALL = 13
ALL_SHOWN = f"document.getElementById('shown').textContent === '{ALL} claims'"


def names(page: Any) -> list[str]:
    """The claims that are shown, in their order."""
    return [row.inner_text() for row in page.locator("#verdicts tbody tr:visible a").all()]


def said(page: Any) -> str:
    return str(page.get_by_role("status").inner_text())


def sorting(page: Any) -> list[str | None]:
    return [head.get_attribute("aria-sort") for head in page.locator("#verdicts thead th").all()]


def test_claims_are_filtered_by_verdict_and_the_count_is_announced(
    visit: Callable[..., Any],
) -> None:
    page = visit()
    assert said(page) == f"{ALL} claims"
    page.get_by_label("Verdict", exact=True).select_option("DISAGREES")
    assert names(page) == ["time_change.confused", "wrong", "attack.wrong"]
    assert said(page) == f"3 of {ALL} claims"
    page.get_by_label("Verdict", exact=True).select_option("ERROR")
    assert names(page) == ["broken", "attacking"]
    page.get_by_role("button", name="Show all").click()
    until(page, ALL_SHOWN)
    assert len(names(page)) == ALL


def test_filters_are_combined_and_none_may_be_left(visit: Callable[..., Any]) -> None:
    page = visit()
    page.get_by_label("Tier", exact=True).select_option("path")
    assert names(page) == ["time_change.confused", "narrow", "law"]
    page.get_by_label("Verdict", exact=True).select_option("INCONCLUSIVE")
    assert names(page) == ["narrow"]
    page.get_by_label("Theorem", exact=True).select_option("time_change")
    assert names(page) == []
    assert said(page) == f"0 of {ALL} claims"


def test_search_is_for_words_in_any_order_without_accents(visit: Callable[..., Any]) -> None:
    page = visit()
    page.get_by_role("searchbox").fill("BROWNIAN geometric")
    assert names(page) == ["right"]
    assert said(page) == f"1 of {ALL} claims"
    page.get_by_role("searchbox").fill("géometric")
    assert names(page) == ["right"]
    page.get_by_role("searchbox").fill("x_1")
    assert names(page) == ["narrow"]
    assert page.locator("tr:visible sub").inner_text() == "1"
    page.get_by_role("searchbox").fill("<img src")
    assert {"attack", "attack.wrong"} <= set(names(page))
    page.get_by_role("searchbox").fill("no claim has this")
    assert names(page) == []


def test_a_filter_is_kept_in_the_address(visit: Callable[..., Any]) -> None:
    page = visit()
    page.get_by_label("Verdict", exact=True).select_option("NOT APPLICABLE")
    page.reload()
    assert page.get_by_label("Verdict", exact=True).input_value() == "NOT APPLICABLE"
    assert names(page) == ["silent"]


def test_a_theorem_leads_to_its_claims(visit: Callable[..., Any]) -> None:
    page = visit()
    page.locator("a[data-theorem=time_change]").click()
    assert names(page) == ["time_change.confused"]
    assert said(page) == f"1 of {ALL} claims"


def test_the_table_is_sorted_by_a_column_and_back(visit: Callable[..., Any]) -> None:
    page = visit()
    as_judged = names(page)
    assert sorting(page)[0] == "ascending"
    page.get_by_role("button", name="Seconds").click()
    assert sorting(page) == [None] * (len(sorting(page)) - 1) + ["ascending"]
    times = page.locator("#verdicts tbody td:last-child").all_inner_texts()
    assert times == sorted(times, key=float)
    page.get_by_role("button", name="Seconds").click()
    assert sorting(page)[-1] == "descending"
    assert page.locator("#verdicts tbody td:last-child").all_inner_texts() == times[::-1]
    page.get_by_role("button", name="Claim").click()
    assert names(page) == as_judged


def test_filter_search_and_order_work_by_the_keyboard(visit: Callable[..., Any]) -> None:
    page = visit()
    page.get_by_role("searchbox").focus()
    page.keyboard.type("attack")
    assert set(names(page)) == {"attack", "attack.wrong", "attacking"}
    page.keyboard.press("Tab")
    page.keyboard.type("DIS")
    assert names(page) == ["attack.wrong"]
    for _ in range(3):
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    until(page, ALL_SHOWN)
    for _ in range(2):
        page.keyboard.press("Tab")
    page.keyboard.press("Space")
    assert sorting(page)[:2] == [None, "ascending"]
    verdicts = page.locator("#verdicts tbody .badge").all_inner_texts()
    assert verdicts == sorted(verdicts)
    width = page.evaluate("parseFloat(getComputedStyle(document.activeElement).outlineWidth)")
    assert width >= 2


def test_without_scripts_the_whole_table_is_there(visit: Callable[..., Any]) -> None:
    page = visit(java_script_enabled=False)
    assert len(names(page)) == ALL
    assert not page.locator("#filter").is_visible()
    page.get_by_role("link", name="eigenvalue").click()
    page.wait_for_url("**/claims/eigenvalue.html")
    assert page.locator("mfrac").first.bounding_box()["height"] > 10


def test_a_phone_shows_every_tier_of_every_claim(visit: Callable[..., Any]) -> None:
    page = visit()
    page.set_viewport_size(PHONE)
    cells = page.locator("#verdicts td.tier:not(.not-applicable)")
    assert cells.count() > 10
    places = cells.evaluate_all("(all) => all.map((e) => e.getBoundingClientRect().toJSON())")
    assert all(0 <= p["left"] < p["right"] <= PHONE["width"] and p["height"] > 0 for p in places)
    assert page.locator("#verdicts td.tier.not-applicable:visible").count() == 0
    said = "(all) => all.map((e) => getComputedStyle(e, '::before').content)"
    assert '"one-step"' in cells.evaluate_all(said)
