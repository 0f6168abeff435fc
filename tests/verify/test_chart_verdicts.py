"""What a picture says with a colour, a bar or a scale, beside the rule of the verdict."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from verify.charts.convergence import Limit
from verify.charts.intervals import Interval
from verify.charts.scales import logarithmic, symmetric
from verify.charts.scatter import Comparison, scatter
from verify.planning import Estimate
from verify.verdict import Status

# Difference, half-width, bias, colour; the relevant error is 1.
ROWS = [
    (0.6, 0.2, 0.1, "good"),
    (-0.6, 0.2, 0.1, "good"),
    (0.6, 0.3, 0.4, "accent"),  # perhaps farther than 1
    (0.1, 0.1, 0.6, "accent"),  # within 1, by a bias that is more than half of it
    (1.5, 1.0, 0.6, "accent"),
    (1.5, 1.0, 0.4, "bad"),
    (-1.5, 1.0, 0.4, "bad"),
    (1.5, 0.4, 0.0, "bad"),
]


@pytest.mark.parametrize(("difference", "half", "bias", "colour"), ROWS)
@pytest.mark.parametrize("unit", [1.0, 1e-3])
def test_a_colour_is_the_verdict_on_the_interval(
    difference: float, half: float, bias: float, colour: str, unit: float
) -> None:
    value, half, bias = (unit * x for x in (difference, half, bias))
    row = Interval(label="a", difference=value, half_width=half, bias=bias, relevant=unit)
    assert row.colour == colour
    assert row.reach == pytest.approx(abs(difference) + (half + bias) / unit)
    status = Estimate(value=value, half_width=half, bias=bias).decide(unit)
    assert (status is Status.AGREES) == (colour == "good")
    assert (status is Status.DISAGREES) == (colour == "bad")


def test_without_a_half_width_nothing_agrees() -> None:
    row = Interval(label="a", difference=0.0, half_width=None, bias=0.0, relevant=1.0)
    assert row.colour == "accent"
    row = Interval(label="a", difference=None, half_width=0.0, bias=0.0, relevant=1.0)
    assert row.colour == "bad"


@pytest.mark.parametrize(
    ("size", "slack", "ends", "refutes"),
    [
        (0.5, 0.1, (0.4, 0.6), True),
        (0.3, 0.1, (0.2, 0.4), True),
        (0.2, 0.3, (0.0, 0.5), False),
        (0.1, 0.05, (0.05, 0.15), False),
    ],
)
def test_what_is_left_refutes_if_it_is_clear_of_zero_and_relevant(
    size: float, slack: float, ends: tuple[float, float], refutes: bool
) -> None:
    limit = Limit(size=size, slack=slack, relevant=0.3)
    assert limit.ends == pytest.approx(ends)
    assert limit.refutes is refutes
    assert not Limit(size=size, slack=slack).refutes


def test_a_bar_reaches_as_far_as_the_uncertainty() -> None:
    part = Comparison(
        label="a", claimed=[0.0, 6.0], measured=[0.0, 4.0], uncertainty=[0.0, 2.0], relevant=0.1
    )
    chart = scatter([part], "a", "measured")
    assert chart
    root = ElementTree.fromstring(chart.svg)
    paths = {e.get("class"): e.get("d", "") for e in root.iter() if e.get("class")}
    found = re.findall(r"[ML]([\d.]+) ([\d.]+)", paths["identity"])
    (x0, y0), (x1, y1) = ((float(x), float(y)) for x, y in found)
    bars = [re.fullmatch(r"M([\d.]+) ([\d.]+)V([\d.]+)", e.get("d", "")) for e in root.iter()]
    ((x, first, last),) = (tuple(map(float, bar.groups())) for bar in bars if bar)
    low, high = max(first, last), min(first, last)
    # Upwards on the page is down in y; on the diagonal stands the claimed value, 6 = 4 + 2.
    assert high == pytest.approx(y0 + (y1 - y0) * (x - x0) / (x1 - x0), abs=0.2)
    middle = float(re.findall(r"M[\d.]+ ([\d.]+)", paths["right"])[1])
    assert middle - high == pytest.approx(low - middle, abs=0.2)


@pytest.mark.parametrize(("value", "telling"), [(4.0, False), (6.0, True), (-6.0, True)])
def test_a_value_near_zero_tells_nothing(value: float, telling: bool) -> None:
    """Within five relevant errors of zero only noise would be seen."""
    two, slack = [value] * 2, [0.1] * 2
    part = Comparison(label="a", claimed=two, measured=two, uncertainty=slack, relevant=1.0)
    assert part.is_telling is telling
    assert (scatter([part], "a", "measured") is not None) is telling


def test_places_on_a_logarithmic_scale() -> None:
    scale = symmetric(99.0, 1.0, 0.0, 2.0)
    # log(1 + |x|/bend): 10 and 100 are one and two decades from zero.
    assert [scale(x) for x in (-99.0, -9.0, 0.0, 9.0, 99.0)] == pytest.approx([0, 0.5, 1, 1.5, 2])
    assert [logarithmic(1.0, 100.0, 0.0, 2.0)(x) for x in (1.0, 10.0)] == pytest.approx([0, 1])
