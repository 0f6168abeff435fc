from __future__ import annotations

from collections.abc import Callable

import flint
import mpmath
import numpy as np
import pytest

from tests.conftest import changed, global_state


def draw() -> None:
    np.random.normal()  # noqa: NPY002 - the planted fault


CHANGES: list[tuple[str, Callable[[], object]]] = [
    ("mpmath precision", lambda: setattr(mpmath.mp, "prec", 60)),
    ("flint precision", lambda: setattr(flint.ctx, "prec", 60)),
    ("NumPy error handling", lambda: np.seterr(divide="ignore")),
    ("NumPy print options", lambda: np.set_printoptions(precision=3)),
    ("NumPy global random state", draw),
]


@pytest.mark.parametrize(("name", "change"), CHANGES, ids=[name for name, _ in CHANGES])
def test_a_planted_change_is_seen(name: str, change: Callable[[], object]) -> None:
    before = global_state()
    prec, flint_prec, random_state = mpmath.mp.prec, flint.ctx.prec, np.random.get_state()  # noqa: NPY002
    with np.errstate(), np.printoptions():
        change()
        assert changed(before, global_state()) == [name]
    mpmath.mp.prec, flint.ctx.prec = prec, flint_prec
    np.random.set_state(random_state)  # noqa: NPY002 - put back
    assert not changed(before, global_state())
