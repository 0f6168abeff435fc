"""How differences of which some are no numbers are judged by the worst of them."""

import numpy as np
import pytest

from numerics.generator import GeneratorEstimate
from verify.agreement import digits_of, relative, worst
from verify.planning import Estimate
from verify.verdict import Status

nan, inf = np.nan, np.inf
SMALL = 1e-16


@pytest.mark.parametrize("turned", [1, -1])
@pytest.mark.parametrize(
    ("gap", "scale", "error", "status"),
    [
        ([SMALL, 0.3], [1, 1], [0, 0], Status.DISAGREES),
        # What has no error is not known, wherever it stands.
        ([SMALL, 0.3], [1, 1], [SMALL, nan], Status.INCONCLUSIVE),
        ([SMALL, SMALL], [1, 1], [SMALL, nan], Status.INCONCLUSIVE),
        ([0.2, 0.3], [1, 1], [SMALL, nan], Status.DISAGREES),
        # Terms that overflow are no unit, of themselves or of others.
        ([SMALL, 0.3], [1, inf], [0, 0], Status.INCONCLUSIVE),
        ([0.3, SMALL], [SMALL, nan], [0, 0], Status.DISAGREES),
        # A stated form without a value is as far off as can be, also where all terms are 0.
        ([0, nan], [1, 1], [0, 0], Status.DISAGREES),
        ([0, nan], [0, 0], [0, 0], Status.DISAGREES),
    ],
)
def test_what_is_no_number_hides_nothing(
    gap: list[float], scale: list[float], error: list[float], status: Status, turned: int
) -> None:
    gaps, scales, errors = (np.array(x, dtype=float)[::turned] for x in (gap, scale, error))
    assert worst(gaps, scales, errors, 1).decide(1e-9) == status


def test_what_is_no_number_has_no_digits() -> None:
    assert digits_of(Estimate(value=nan)) == digits_of(relative(inf, 0.0)) == 0.0
    assert digits_of(relative(1e-9, 1.0)) == pytest.approx(9.0)


def test_a_covariation_with_a_part_that_is_not_known_is_not_known() -> None:
    """An error without bound times a coefficient that is 0 is no number, and bounds nothing."""

    def estimate(martingale: list[float], error: list[float]) -> GeneratorEstimate:
        scale, none = np.ones((2, 2)), np.zeros(2)
        return GeneratorEstimate(
            drift=none,
            drift_error=none,
            drift_scale=none,
            # Two components of two values, of which the first is known.
            martingale=np.array([[1.0, 1.0], martingale]),
            martingale_error=np.array([[0.0, 0.0], error]),
            martingale_scale=scale,
            directions={},
        )

    f, g = estimate([1.0, 5.0], [0.0, inf]), estimate([1.0, 0.0], [0.0, 0.0])
    for value, error, scale in (f.covariation(g), g.covariation(f)):
        assert value.tolist() == [2.0, 1.0]
        assert error.tolist() == [0.0, inf]
        assert worst(value - [2.0, 1.3], scale, error, 1).decide(1e-9) == Status.INCONCLUSIVE
