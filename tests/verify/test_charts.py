"""Pictures of evidence: what they show against the numbers that they were made of."""

from __future__ import annotations

import json
import math
import re
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

from verify import charts
from verify.charts.kills import kill_table
from verify.charts.scales import linear, logarithmic, symmetric
from verify.charts.svg import clipped, shown
from verify.mutants.kept import KeptMutant, KeptTable
from verify.mutants.table import Outcome
from verify.verdict import Evidence, Status

HOSTILE = "</title><script>alert(1)</script>\" onload='x' & \x00\ud800 λ"
SVG = "{http://www.w3.org/2000/svg}"
LARGEST = 6_000
Place = tuple[float, float]

ESTIMATE = {"difference": 1e-9, "half_width": 2e-9, "bias": 1e-10, "visible": 4e-9}
VALUES = {
    "claimed": [1.0, 2.0, 3.0],
    "measured": [1.0, 2.5, 3.0],
    "uncertainty": [0.1, 0.01, None],
    "refuting": [1],
    "relevant": 1e-3,
    "of": 7,
}
NUMBERS: dict[str, dict[str, Any]] = {
    "one-step": {
        "relevant": 1e-6,
        "drift": ESTIMATE,
        "covariation": ESTIMATE,
        "values": {"drift": VALUES, "covariation": VALUES | {"refuting": []}},
    },
    "generator": {
        "digits": {"float64": {"drift": 3.1}, "50 digits": {"drift": 60.0}},
        "required": {"float64": 5, "50 digits": 12},
    },
    "path": {
        "horizon": 1.0,
        "steps": [256, 512, 1024],
        "paths": 4000,
        "relevant": 0.02,
        "median": {"value": 0.001, "half_width": 0.004, "bias": 0.002},
        "spread": {"value": 0.0, "half_width": 0.01, "bias": 0.002},
        "medians": [[0.04], [0.02], [0.01]],
        "outer quantiles": [[0.2], [0.14], [0.1]],
        "weak order": 1.0,
        "strong order": 0.5,
    },
    "algorithm": {
        "gaps": [-0.4, -0.2, -0.1],
        "step sizes": [0.04, 0.02, 0.01],
        "order": 1.0,
        "claimed order": 1,
        "relevant": 0.05,
        "difference": 0.001,
        "half_width": 0.002,
        "bias": 0.001,
    },
}


def evidence(tier: str, numbers: dict[str, Any], status: Status = Status.AGREES) -> Evidence:
    return Evidence(tier=tier, status=status, reason="for a test", numbers=numbers)


def drawn(tier: str, numbers: dict[str, Any]) -> dict[str, ElementTree.Element]:
    """The pictures by their titles, read as XML."""
    found = charts.of(evidence(tier, numbers), "a")
    return {chart.title: ElementTree.fromstring(chart.svg) for chart in found}


def path_of(root: ElementTree.Element, name: str) -> str:
    """The path data of the elements of a class."""
    return "".join(e.get("d", "") for e in root.iter() if e.get("class") == name)


def places(data: str) -> list[Place]:
    """The points that a path moves to."""
    found = re.findall(r"M(-?[\d.]+) (-?[\d.]+)", data)
    return [(float(x), float(y)) for x, y in found]


def words(root: ElementTree.Element) -> list[str]:
    return [e.text or "" for e in root.iter(f"{SVG}text")]


@pytest.mark.parametrize("tier", NUMBERS)
def test_every_picture_is_well_formed_small_and_named(tier: str) -> None:
    found = charts.of(evidence(tier, NUMBERS[tier]), "claim-1")
    assert found
    ids = []
    for chart in found:
        root = ElementTree.fromstring(chart.svg)
        assert len(chart.svg.encode()) < LARGEST
        assert root.tag == f"{SVG}svg"
        assert root.get("role") == "img"
        assert "<script" not in chart.svg
        assert "href" not in chart.svg
        labels = (root.get("aria-labelledby") or "").split()
        ids += [e.get("id") for e in root.iter() if e.get("id")]
        assert labels == [root[0].get("id"), root[1].get("id")]
        assert [root[0].tag, root[1].tag] == [f"{SVG}title", f"{SVG}desc"]
        assert root[0].text == chart.title
        assert all(len(label) and label.startswith("claim-1") for label in labels)
        width, height = (float(x) for x in (root.get("viewBox") or "").split()[2:])
        assert width == 360
        assert float(root.get("font-size") or 0) >= 11
        for e in root.iter(f"{SVG}text"):
            assert 0 <= float(e.get("x", "")) <= width
            assert 0 <= float(e.get("y", "")) <= height
    assert len(set(ids)) == len(ids) == 2 * len(found)


@pytest.mark.parametrize("tier", NUMBERS)
def test_the_same_evidence_gives_the_same_text(tier: str) -> None:
    fresh = evidence(tier, NUMBERS[tier])
    stored = Evidence.from_json(json.loads(json.dumps(fresh.to_json(), sort_keys=True)))
    assert charts.of(fresh) == charts.of(stored) == charts.of(stored)


def interval(difference: Any, half: Any = 0.0, bias: Any = 0.0) -> ElementTree.Element:
    numbers = {"relevant": 0.5, "drift": ESTIMATE | {"difference": difference}}
    numbers["drift"] |= {"half_width": half, "bias": bias}
    return drawn("one-step", numbers)["Difference and relevant error"]


def edges(root: ElementTree.Element) -> tuple[float, float]:
    low, high = sorted({x for x, _ in places(path_of(root, "relevant"))})
    return low, high


@pytest.mark.parametrize(("difference", "edge"), [(-0.5, 0), (0.5, 1)])
def test_a_difference_of_the_relevant_error_lies_on_its_line(difference: float, edge: int) -> None:
    root = interval(difference, half=0.6)
    ((x, _),) = places(path_of(root, "difference"))
    assert x == pytest.approx(edges(root)[edge], abs=0.11)


def test_a_difference_within_lies_between_and_the_interval_around_it() -> None:
    root = interval(0.1, half=0.2, bias=0.1)
    low, high = edges(root)
    ((zero, _),) = places(path_of(root, "zero"))
    ((x, _),) = places(path_of(root, "difference"))
    assert low < zero < x < high
    ends = []
    for name in ("slack", "interval"):
        found = re.fullmatch(r"M([\d.]+) [\d.]+H([\d.]+)", path_of(root, name))
        assert found
        ends.append((float(found[1]), float(found[2])))
    (outer, inner) = ends
    assert low < outer[0] < inner[0] < zero < x < inner[1] < outer[1] < high


def test_a_refuted_difference_is_a_cross_beyond_the_line() -> None:
    root = interval(40.0, half=1.0)
    ((x, _),) = places(path_of(root, "difference"))
    assert x > edges(root)[1] + 50
    assert "l8 8" in path_of(root, "difference")
    assert "l8 8" not in path_of(interval(0.1, half=0.2), "difference")


@pytest.mark.parametrize(
    ("difference", "half", "bias", "said"),
    [
        (None, None, None, "no finite value"),
        (math.nan, 0.1, 0.1, "no finite value"),
        (math.inf, math.inf, math.inf, "no finite value"),
        (0.1, math.inf, 0.0, "0.1 ± ?"),
        (1e300, 1e290, 0.0, "10³⁰⁰ ± 10²⁹⁰"),
        (0.0, 0.0, 0.0, "0"),
        (5e-324, 0.0, 0.0, "4.9·10⁻³²⁴"),
        (0.25, 0.0, 0.125, "0.25, bias ≤ 0.1"),
    ],
)
def test_unusual_numbers_are_said(difference: Any, half: Any, bias: Any, said: str) -> None:
    assert said in words(interval(difference, half, bias))


def test_an_axis_that_is_not_straight_says_so() -> None:
    (chart,) = charts.of(evidence("path", {"relevant": 1.0, "median": {**ESTIMATE, "value": 50}}))
    assert "straight within 10⁻⁹ δ of 0 and logarithmic beyond" in chart.caption


def test_of_many_intervals_those_that_reach_farthest_are_drawn() -> None:
    rows = [
        {"setting": f"n = {n}", "difference": n / 100, "half_width": 0.1, "bias": 0, "relevant": 1}
        for n in range(90)
    ]
    (chart,) = charts.of(evidence("path", {"settings": rows, "relevant": 1, "horizon": 1}))
    assert len(chart.svg.encode()) < LARGEST
    assert "n = 89" in chart.svg
    assert "n = 1<" not in chart.svg
    assert "of 90" in chart.caption


def test_digits_reach_as_far_as_they_are_many() -> None:
    root = drawn("generator", NUMBERS["generator"])["Digits that agree"]
    rects = [(float(e.get("x", "")), float(e.get("width", ""))) for e in root.iter(f"{SVG}rect")]
    (left, whole), *others = rects
    # 3.1 of the 16 digits that float64 has, and all of fifty.
    assert others[0] == (left, pytest.approx(whole * 3.1 / 16, abs=0.1))
    assert others[-1] == (left, whole)
    lines = [x for e in root.iter(f"{SVG}path") for x, _ in places(e.get("d", ""))]
    assert lines == [
        pytest.approx(left + whole * 5 / 16, abs=0.1),
        pytest.approx(left + whole * 12 / 50, abs=0.1),
    ]
    assert [w for w in words(root) if w in ("3.1 ✗", "all")] == ["3.1 ✗", "all"]
    assert words(root)[0] == "float64"


def on_diagonal(root: ElementTree.Element, place: Place) -> float:
    """How far above the diagonal a place is, in pixels."""
    found = re.findall(r"[ML]([\d.]+) ([\d.]+)", path_of(root, "identity"))
    (x0, y0), (x1, y1) = ((float(x), float(y)) for x, y in found)
    return y0 + (y1 - y0) * (place[0] - x0) / (x1 - x0) - place[1]


def test_equal_values_lie_on_the_diagonal_and_wrong_ones_stand_out() -> None:
    root = drawn("one-step", {"values": {"drift": VALUES}})["Claimed against simulated"]
    right = places(path_of(root, "right"))
    assert len(right) == 2
    assert all(abs(on_diagonal(root, place)) < 0.2 for place in right)
    ((x, y),) = places(path_of(root, "wrong"))
    # The corner of the cross is where it begins.
    assert on_diagonal(root, (x + 4, y + 4)) > 20


def test_values_over_many_magnitudes_stay_on_the_diagonal() -> None:
    claimed = [10.0**n for n in range(-6, 7)] + [-1e5]
    numbers = {"values": {"drift": {"claimed": claimed, "measured": claimed, "uncertainty": []}}}
    root = drawn("one-step", numbers)["Claimed against simulated"]
    found = places(path_of(root, "right"))
    assert len({x for x, _ in found}) > 8
    assert all(abs(on_diagonal(root, place)) < 0.3 for place in found)


def test_the_noise_of_zeros_is_no_picture() -> None:
    zeros = {"claimed": [0.0] * 3, "measured": [1e-22, 0.0, 2e-22], "uncertainty": [1e-20] * 3}
    assert not drawn("one-step", {"values": {"drift": zeros | {"relevant": 1e-6}}})
    wrong = zeros | {"measured": [1.0, 0.0, 0.0], "refuting": [0], "relevant": 1e-6}
    root = drawn("one-step", {"values": {"drift": wrong}})["Claimed against simulated"]
    assert len(places(path_of(root, "wrong"))) == 1


def test_one_dot_in_an_empty_square_is_no_picture() -> None:
    one = {"claimed": [2.0], "measured": [3.0], "uncertainty": [0.1], "refuting": [0]}
    assert not drawn("one-step", {"values": {"drift": one}})
    both = {"values": {"drift": one, "covariation": VALUES}}
    root = drawn("one-step", both)["Claimed against simulated"]
    assert "covariation" in words(root)
    assert "drift" not in words(root)


COURSE = {
    "t": [0.25, 0.5, 1.0],
    "claimed": [-1.0, -2.0, -4.0],
    "low": [-1.2, -2.3, -4.4],
    "median": [-1.0, -2.0, -3.0],
    "high": [-0.8, -1.7, -2.0],
    "relevant": 0.1,
}


def test_a_course_is_drawn_beside_what_is_claimed() -> None:
    root = drawn("path", {"over time": COURSE})["Over time"]
    median = places(path_of(root, "median"))
    assert len(median) == 3
    (line,) = [e for e in root.iter() if e.get("class") == "claimed"]
    claimed = re.findall(r"[ML](-?[\d.]+) (-?[\d.]+)", line[0].get("d", ""))
    ys = [float(y) for _, y in claimed]
    # Where the median is what is claimed the dot lies on the line, and above it where it is more.
    assert [round(y - m[1], 1) == 0 for y, m in zip(ys, median, strict=True)] == [True, True, False]
    assert median[2][1] < ys[2]
    assert median[0][1] < median[1][1]
    assert "median −3, nine in ten between −4.4 and −2" in (root[1].text or "")


@pytest.mark.parametrize("name", ["t", "claimed", "low", "median", "high"])
def test_a_course_of_which_something_is_missing_is_no_picture(name: str) -> None:
    assert not drawn("path", {"over time": COURSE | {name: [1.0, None, None]}})
    assert not drawn("path", {"over time": {k: v for k, v in COURSE.items() if k != name}})


@pytest.mark.parametrize(("stated", "wrong"), [("<=", 1), ("<", 1), (">=", 2), (">", 2)])
def test_drifts_are_drawn_beside_zero_and_a_wrong_sign_stands_out(stated: str, wrong: int) -> None:
    given = {"stated": stated, "value": [2.0, -3.0, 0.01, -1e-4], "error": [0.1, 0.1, 0.02, 1e-6]}
    root = drawn("generator", {"drifts": given})["Drifts and their stated sign"]
    assert len(places(path_of(root, "right"))) == 4 - wrong
    assert len(places(path_of(root, "wrong"))) == wrong
    zero = places(path_of(root, "zero"))[0][1]
    ((_, y), *_) = places(path_of(root, "wrong"))
    assert (y + 4 < zero) is stated.startswith("<")
    one = {name: x if name == "stated" else x[:1] for name, x in given.items()}
    assert not drawn("generator", {"drifts": one})
    assert not drawn("generator", {"drifts": given | {"stated": "?"}})


def beside(rate: float, status: str, sign: int = 1, at: float = 1.1) -> dict[str, Any]:
    found = {"rate": rate, "half_width": 0.05, "bias": 0.02, "status": status}
    return {"at": at, "stated sign": sign, **found}


def test_both_sides_of_a_threshold_are_drawn_beside_zero() -> None:
    sides = [beside(0.2, "DISAGREES"), beside(-0.3, "AGREES", -1, 0.9)]
    setting = {"setting": "", "threshold": 1.0, "parameter": "κ", "sides": sides}
    root = drawn("path", {"settings": [setting], "relevant": 0.1, "horizon": 8})[
        "Growth beside the threshold"
    ]
    # The value below comes first.
    said = words(root)
    assert said.index("κ = 0.9, stated < 0") < said.index("κ = 1.1, stated > 0")
    zero = places(path_of(root, "zero"))[0][0]
    (left, right) = (float(x) for x in re.findall(r"[MH]([\d.]+)", path_of(root, "slack"))[:2])
    assert left < right < zero
    assert {"−0.3 ± 0.07", "0.2 ± 0.07"} <= set(said)


def test_one_value_is_shown_by_its_distance_from_zero_and_where_it_was_taken() -> None:
    one = {"claimed": [-2.0] * 2, "measured": [-2.0] * 2, "uncertainty": [], "relevant": 1e-6}
    found = replace(evidence("one-step", {"values": {"drift": one}}), points=1)
    (chart,) = charts.of(found)
    assert chart.caption.startswith("2 values at 1 point: claimed across, simulated upwards")
    root = ElementTree.fromstring(chart.svg)
    assert {"−2", "0"} <= set(words(root))
    assert abs(on_diagonal(root, places(path_of(root, "right"))[0])) < 0.2


def test_an_order_is_a_slope() -> None:
    root = drawn("path", NUMBERS["path"])["Convergence in h"]
    weak, strong = (places(e.get("d", "")) for e in root.iter() if e.get("class") == "points")
    assert len(weak) == len(strong) == 3
    weak_slope, strong_slope = (
        (line[0][1] - line[2][1]) / (line[0][0] - line[2][0]) for line in (weak, strong)
    )
    # Both axes are logarithmic: medians that halve twice as fast fall twice as steeply.
    assert weak_slope / strong_slope == pytest.approx(2.0, rel=0.02)
    shown_words = " ".join(words(root))
    assert "order 1.00 (1 expected)" in shown_words
    assert "order 0.50 (0.5 expected)" in shown_words


def test_what_is_judged_stands_at_step_0_beside_its_own_relevant_error() -> None:
    """A spread above δ at every step agrees: it is extrapolated, and may be ten times δ."""
    root = drawn("path", NUMBERS["path"])["Convergence in h"]
    own, ten = (places(e.get("d", ""))[0][1] for e in root.iter() if e.get("class") == "relevant")
    assert [w for w in words(root) if "δ" in w] == ["δ", "10 δ"]
    median, spread = (places(e.get("d", "")) for e in root.iter() if e.get("class") == "limit")
    # Upwards on the page is down in y: both intervals end below their lines.
    assert median[0][1] > own > ten
    assert spread[0][1] > ten
    assert spread[0][0] > median[0][0] + 8
    (chart,) = (x for x in charts.of(evidence("path", NUMBERS["path"])) if "Conv" in x.title)
    assert "Judged is what is left at h = 0" in chart.caption
    assert "that of the 75 % of the paths by 10 δ" in chart.caption
    far = {**NUMBERS["path"], "spread": {"value": 0.5, "half_width": 0.01, "bias": 0.002}}
    root = drawn("path", far)["Convergence in h"]
    (bad,) = (e for e in root.iter() if "--bad" in (e.get("style") or ""))
    assert places(bad[0].get("d", ""))[0][1] < ten


def test_a_gap_of_the_relevant_error_lies_on_its_line() -> None:
    gaps = {**NUMBERS["algorithm"], "gaps": [0.1, 0.05, 0.025]}
    root = drawn("algorithm", gaps)["Convergence in η"]
    points = places(path_of(root, "points"))
    ((_, relevant),) = places(path_of(root, "relevant"))
    assert points[1][1] == pytest.approx(relevant, abs=0.11)
    assert points[0][1] < relevant < points[2][1]


@pytest.mark.parametrize(
    "gaps", [[0.0, 0.0, 0.0], [0.1], [], [None, math.nan, math.inf], "wrong", [[1], [2]]]
)
def test_nothing_to_converge_is_no_picture(gaps: Any) -> None:
    assert "Convergence in η" not in drawn("algorithm", {**NUMBERS["algorithm"], "gaps": gaps})


@pytest.mark.parametrize(
    "numbers",
    [
        {},
        {"digits": None, "required": None, "values": None, "settings": None, "stated": None},
        {"digits": {"float64": {}}, "required": {}},
        {"digits": {"float64": None}, "values": {"drift": None}, "settings": [None, 3]},
        {"relevant": 0.0, "drift": ESTIMATE},
        {"relevant": math.inf, "difference": 1.0, "gaps": [], "step sizes": []},
        {"relevant": None, "median": ESTIMATE, "medians": [], "horizon": 0, "steps": [0]},
        {"values": {"drift": {"claimed": [], "measured": [], "uncertainty": []}}},
        {"values": {"drift": {"claimed": [1.0], "measured": [1.0], "uncertainty": [0.0]}}},
        {"values": {"drift": {"claimed": ["a", None], "measured": [True, 2.0]}}},
        {"settings": [{"difference": 1.0}], "stated": [{"stated": "x", "value": 1.0}]},
    ],
)
def test_what_is_missing_is_no_picture(numbers: dict[str, Any]) -> None:
    assert charts.of(evidence("path", numbers)) == ()


def test_a_tier_that_does_not_apply_has_no_picture() -> None:
    assert charts.of(evidence("one-step", NUMBERS["one-step"], Status.NOT_APPLICABLE)) == ()


def test_arrays_and_single_rows_are_read() -> None:
    numbers = {
        "values": {
            HOSTILE: {
                "claimed": np.array([1.0, 1e200, -1e200]),
                "measured": np.array([np.nan, 1e200, -1e200]),
                "uncertainty": np.array([0.0, np.inf, 1.0]),
            }
        }
    }
    root = drawn("path", numbers)["Claimed against simulated"]
    assert len(places(path_of(root, "right"))) == 2


def test_hostile_names_stay_text() -> None:
    rows = [{"setting": HOSTILE, "difference": 2.0, "half_width": 0.1, "bias": 0, "relevant": 1}]
    numbers = {
        "settings": rows,
        "relevant": 1.0,
        HOSTILE: ESTIMATE,
        "digits": {HOSTILE: {HOSTILE: 3.0}},
        "values": {HOSTILE: VALUES},
        "stated": [{"exponent": HOSTILE, "sizes": {HOSTILE: 1}, "stated": "1/2", "value": 1.0}],
    }
    found = charts.of(evidence("path", numbers), HOSTILE)
    assert len(found) == 3
    for chart in found:
        root = ElementTree.fromstring(chart.svg)
        assert {e.tag.removeprefix(SVG) for e in root.iter()} <= {
            "svg", "title", "desc", "g", "path", "rect", "text",
        }  # fmt: skip
        assert not [e for e in root.iter() if "onload" in e.attrib]
        assert re.fullmatch(r"[A-Za-z0-9_-]+", root[0].get("id") or "")
        assert "script" in "".join(root.itertext())


def test_exponents_are_predicted_and_measured() -> None:
    rows = [
        {"exponent": "λ1", "sizes": {"d": d}, "stated": text, "value": value,
         "half_width": 0.1, "bias": 0.05}
        for d, text, value in ((1, "-1/2", -0.49), (2, "0.0", 0.01), (3, "2", 1.0))
    ]  # fmt: skip
    found = drawn("path", {"relevant": 0.45, "stated": rows})
    root = found["Claimed against simulated"]
    assert len(places(path_of(root, "right"))) == 2
    assert len(places(path_of(root, "wrong"))) == 1
    assert "λ1 at d = 3" in words(found["Difference and relevant error"])


def test_scales_keep_order_and_ends() -> None:
    for scale in (
        linear(-2, 6, 0, 100),
        symmetric(100, 1e-6, 0, 100),
        logarithmic(1e-9, 1, 0, 100),
    ):
        values = np.linspace(scale.low, scale.high, 200)
        found = [scale(float(x)) for x in values]
        assert found == sorted(found)
        assert (found[0], found[-1]) == (0, 100)
        ticks = scale.ticks()
        assert len(ticks) >= 2
        assert all(scale.low <= x <= scale.high for x in ticks)
    assert linear(3, 3, 0, 100)(3) == 50
    assert symmetric(100, 1e-6, 0, 100)(0) == 50
    assert linear(0, 1, 0, 100)(7) == 100


def test_numbers_and_words_for_people() -> None:
    assert [shown(x) for x in (0.0, -1e-7, 1e20, 123456.0, -math.inf)] == [
        "0", "−10⁻⁷", "10²⁰", "1.2·10⁵", "−∞",
    ]  # fmt: skip
    assert clipped("short", 100) == "short"
    assert clipped("long " * 40, 60).endswith("…")


def test_the_kill_table_says_letters_and_escapes() -> None:
    outcomes = dict(zip(("derivation", "exact", "generator", "path"), Outcome, strict=True))
    mutant = KeptMutant(name=HOSTILE, mistake="sign", kind="sign", outcomes=outcomes)
    plain = KeptMutant(name="n", mistake="", kind="by hand", outcomes={"path": Outcome.KILLED})
    table = KeptTable(
        claim="a", hashes={}, effort="quick", seed=0, judged=2, available=9,
        mutants=(mutant, plain), defects=(HOSTILE,),
    )  # fmt: skip
    html = kill_table(table, HOSTILE)
    root = ElementTree.fromstring(f"<div>{html}</div>")
    rows = [[cell.text for cell in row] for row in root.iter("tr")]
    assert rows[0] == ["mistake", "derivation", "exact", "generator", "path"]
    assert rows[1][1:] == ["K", "S", "n", "="]
    assert rows[2] == ["n", None, None, None, "K"]
    assert "<script" not in html
    assert "2 wrong versions of this claim, of 9" in html
    empty = KeptTable(claim="a", hashes={}, effort="quick", seed=0, judged=0, available=0)
    assert kill_table(empty) == ""
