"""Functions of a system whose sizes are free: tried where the assumptions can hold."""

from typing import Any

import numpy as np
import pytest

from derivations import Brownian, MatrixSDE, State, dims, full_row_rank
from verify import Assumption, DifferentialClaim, Status, check

n, m = dims("n m")
X, B = State("X", n, m), Brownian("B", n, m)
RANK = Assumption(text="X full row rank", condition=full_row_rank(X))


def _gram(X: Any) -> Any:
    return X @ np.swapaxes(X, -1, -2)


@pytest.mark.parametrize(("missing", "status"), [(0, Status.AGREES), (1, Status.DISAGREES)])
def test_a_rank_that_only_some_sizes_can_have(missing: int, status: Status) -> None:
    claim = DifferentialClaim(
        sde=MatrixSDE({X: B.d}),
        observable=lambda X: np.linalg.slogdet(_gram(X))[1],
        drift=lambda X: (
            (X.shape[-1] - X.shape[-2] - 1 + missing)
            * np.trace(np.linalg.inv(_gram(X)), axis1=-2, axis2=-1)
        ),
        martingale=lambda X, dB: 2 * np.einsum("...ij,...ji->...", np.linalg.pinv(X), dB),
        assumptions=(RANK,),
    )
    assert check(claim, tiers=("generator",), effort="quick").status is status
