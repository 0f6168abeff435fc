"""Label-noise SGD beside its SDE: the coupled loop against its twins, the judge against wrong laws.

The compiled loop is held against its literal twin, against the training of `numerics.training` and
against the Euler–Maruyama scheme on the declared SDE (the generated kernel of the increment).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from numerics.compiled.sgd import coupled_steps, coupled_steps_literal
from numerics.declared import DeclaredSystem
from numerics.kernels import kernels, signature
from numerics.network import Array, advanced
from numerics.training import label_noise, noisy_residual
from verify.experiments.experiment import Finding
from verify.experiments.sgd_coupling import network
from verify.experiments.sgd_gaps import limit, order
from verify.experiments.sgd_judge import STATED, Laws, Measured, findings
from verify.experiments.sgd_versus_sde import experiment
from verify.planning import Estimate
from verify.verdict import Status

SETTINGS = {**experiment().settings, **experiment().quick}
CLAIM = "label_noise_determinant.label_noise"


def ran(
    loop: Callable[..., None],
    paths: int = 3,
    steps: int = 8,
    every: tuple[int, ...] = (4, 2, 1),
    noise: float = 2.0,
) -> tuple[Array, Array, Array]:
    net = network(SETTINGS)
    data, h = net.data, 0.05
    W1 = np.tile(net.W1, (len(every), paths, 1, 1))
    W2 = np.tile(net.W2, (len(every), paths, 1, 1))
    sums = np.zeros((len(every), 3, paths))
    rng = np.random.Generator(np.random.SFC64(5))
    factor = np.sqrt(noise * h) / data.n * data.factor
    loop(W1, W2, data.XX, data.XY, factor, h, np.array(every), steps, rng, sums)
    return W1, W2, sums


def test_the_compiled_loop_and_its_literal_twin_agree() -> None:
    for fast, literal in zip(ran(coupled_steps), ran(coupled_steps_literal), strict=True):
        np.testing.assert_allclose(fast, literal, rtol=1e-12, atol=1e-13)


def test_the_loop_is_training_at_its_step_size_and_the_scheme_of_the_declared_sde() -> None:
    net, h, noise = network(SETTINGS), 0.05, 2.0
    data = net.data
    W1, W2, _ = ran(coupled_steps, paths=1, steps=4, every=(1,), noise=noise)
    rng = np.random.Generator(np.random.SFC64(5))
    system = signature(CLAIM).systems["reduced"]
    declared = DeclaredSystem.from_signature(
        system, kernels(CLAIM), {"n": data.n, "p": data.p, "k": data.k, "l": net.W1.shape[1]}
    )
    delta = noise / h
    point = {"X": data.X, "Y": data.Y, "eta": h, "delta": delta, "n": data.n}
    trained = simulated = (net.W1, net.W2)
    for xi in rng.standard_normal((4, data.p, data.k)):
        draw = np.sqrt(delta) / data.n * data.factor @ xi
        algorithm = label_noise(step=h, variance=delta)
        G = noisy_residual(algorithm, data, *trained, draw)
        trained = advanced(*trained, G, h)
        dXB = np.sqrt(h) * data.factor @ xi
        state = {"W1": simulated[0], "W2": simulated[1]}
        moved = declared.increment({**point, **state, "dt": h, "dXB": dXB})
        simulated = (simulated[0] + moved[0], simulated[1] + moved[1])
    for found in (trained, simulated):
        np.testing.assert_allclose(W1[0, 0], found[0], rtol=1e-12)
        np.testing.assert_allclose(W2[0, 0], found[1], rtol=1e-12)


def test_sums_of_the_draws_have_the_means_that_the_controls_assume() -> None:
    _, _, sums = ran(coupled_steps, paths=4000, steps=40)
    net = network(SETTINGS)
    mean = 2.0 * net.data.k * np.trace(net.covariance) * 40 * 0.05
    for m in range(3):
        centred, cross = sums[m, 2] - mean, sums[m, 1]
        assert abs(centred.mean()) < 5 * centred.std() / np.sqrt(4000)
        assert abs(cross.mean()) < 5 * cross.std() / np.sqrt(4000)
        # A mean that is wrong by a tenth is seen.
        assert abs(centred.mean() + mean / 10) > 5 * centred.std() / np.sqrt(4000)


@pytest.fixture(scope="module")
def measured() -> Measured:
    numbers = [
        experiment().simulate(seed, SETTINGS, lambda fraction, what: None) for seed in (0, 1)
    ]
    return Measured(numbers=numbers, settings=SETTINGS)


def named(measured: Measured, laws: Laws) -> dict[str, Finding]:
    return {found.name: found for found in findings(replace(measured, laws=laws))}


def test_no_stated_law_is_rejected(measured: Measured) -> None:
    found = named(measured, STATED)
    assert all(finding.status != Status.DISAGREES for finding in found.values())
    agreeing = {name for name, finding in found.items() if finding.status == Status.AGREES}
    assert {"SDE", "log det M at fixed ηδ", "log det M at fixed δ"} <= agreeing


@pytest.mark.parametrize(
    ("laws", "name"),
    [
        (Laws(order=0.0), "log det M at fixed ηδ"),
        (Laws(order=2.0), "log det M at fixed ηδ"),
        (Laws(order=0.0), "singular values at fixed ηδ"),
        (Laws(order=0.0), "distribution functions"),
        (Laws(relative_order=1.0), "log det M at fixed δ"),
        (Laws(square=1.0), "the terms behind the gap"),
        (Laws(square=0.0), "the terms behind the gap"),
        (Laws(fourth=0.0), "the terms behind the gap"),
        (Laws(square=1.0), "what is left"),
        (Laws(square=1.0), "|R|² at fixed δ"),
        (Laws(square=0.0), "|R|² at fixed δ"),
        (Laws(rate=0.5), "SDE"),
    ],
)
def test_wrong_laws_are_rejected(measured: Measured, laws: Laws, name: str) -> None:
    assert named(measured, laws)[name].status == Status.DISAGREES


def test_an_order_that_is_lost_in_its_interval_settles_nothing() -> None:
    lost = [Estimate(value=v, half_width=0.5) for v in (0.4, 0.2, 0.1)]
    assert order(lost, 1.0).decide(0.5) == Status.INCONCLUSIVE


def test_limits_are_exact_for_quadratic_errors() -> None:
    steps = (0.4, 0.2, 0.1)
    found = limit([Estimate(value=3 + 2 * s - 5 * s**2) for s in steps])
    assert found.value == pytest.approx(3)
    assert found.bias > 0
