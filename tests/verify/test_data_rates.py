"""The rates that the command ``data`` sums are those of the generated kernels."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from numerics.kernel import Kernel
from numerics.kernels import kernels
from numerics.network import gram
from numerics.training import log_det_change
from verify.data import rates
from verify.data.rates import minibatch_rate, predicted_rate
from verify.errors import KernelError


def point(seed: int = 0) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    return {
        "X": rng.standard_normal((6, 3)),
        "Y": rng.standard_normal((6, 2)),
        "W1": rng.standard_normal((4, 3, 7)),
        "W2": rng.standard_normal((4, 7, 2)),
        "eta": 0.1,
        "delta": 2.5,
        "b": 3.0,
    }


def test_the_label_noise_rate_by_hand() -> None:
    at = point()
    expected = -2 * 0.1 * 2.5 * 2 * np.sum(at["X"] ** 2) / 36
    np.testing.assert_allclose(predicted_rate("label_noise")(at), np.full(4, expected), rtol=1e-13)


def test_the_minibatch_rate_by_a_loop_over_samples() -> None:
    at = point()
    for run, rate in enumerate(predicted_rate("minibatch_with_replacement")(at)):
        own = [
            np.outer(x, y - x @ at["W1"][run] @ at["W2"][run])
            for x, y in zip(at["X"], at["Y"], strict=True)
        ]
        spread = np.mean([np.sum(g**2) for g in own]) - np.sum(np.mean(own, axis=0) ** 2)
        assert rate == pytest.approx(-2 * 0.1 / 3 * spread, rel=1e-12)


def test_a_kernel_that_states_another_rate_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    kernel = kernels("gradient_noise_determinant.minibatch")["rate"]

    def other(*values: Any) -> Any:
        return 2 * kernel.arrays(*values)

    changed = Kernel(name="rate", arguments=kernel.arguments, arrays=other, generic=kernel.generic)
    monkeypatch.setattr(rates, "kernels", lambda claim: {"rate": changed})
    with pytest.raises(
        KernelError, match=r"kernel 'rate' of gradient_noise_determinant\.minibatch"
    ):
        predicted_rate("minibatch_with_replacement")
    # The rate of label noise is the kernel itself, whatever it says.
    assert predicted_rate("label_noise") is not minibatch_rate


def test_the_change_that_training_adds_up_is_the_stated_one() -> None:
    """`log_det_change` against the right side of the theorem `discrete_determinant`."""
    at = point()
    G = np.random.default_rng(1).standard_normal((4, 3, 2))
    letters = {"W1": at["W1"], "W2": at["W2"], "G": G, "eta": 0.1, "k": 2}
    stated = kernels("discrete_determinant")["right"](letters)
    before = np.linalg.slogdet(gram(at["W1"], at["W2"]))[1]
    np.testing.assert_allclose(log_det_change(G, 0.1), np.log(stated) - before, rtol=1e-10)
