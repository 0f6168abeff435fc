"""The experiments on symmetry and noise: what their judges accept, and wrong laws they reject."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import numpy as np
import pytest

from numerics.compiled import factorization as loops
from numerics.network import Array
from tests.verify import experimenting
from verify.experiments import (
    convergence_balance,
    convergence_speed,
    data_covariance,
    data_covariance_judge,
    latent_representations,
    style,
    warm_up,
)
from verify.experiments.command import Report, conduct
from verify.experiments.experiment import Experiment, Settings
from verify.experiments.factorization import (
    Model,
    balanced,
    carried,
    curvature,
    equilibrium,
    imbalance,
    noise_imbalance,
    on_orbit,
    orbit_flow,
    sharpness,
)
from verify.experiments.factorization import loss as loss_of
from verify.experiments.noise_equilibrium_judge import Force
from verify.verdict import Status

SMALL: Mapping[str, tuple[Callable[[], Experiment], int, Mapping[str, Any]]] = {
    "convergence-speed": (convergence_speed.experiment, 5, {"repeats": 2}),
    "data-covariance": (
        data_covariance.experiment,
        7,
        {"covariances": [0.2, 1.0], "time": 200.0, "repeats": 3},
    ),
    "warm-up": (
        warm_up.experiment,
        4,
        {"marks": 20, "runs": 10, "steps": 8_000, "warm_steps": 7_000},
    ),
    "latent-representations": (
        latent_representations.experiment,
        5,
        {"steps": 6_000},
    ),
}


@cache
def report(name: str) -> Report:
    make, seeds, changed = SMALL[name]
    return conduct(experimenting.quickly(make(), **changed), range(seeds))


def judged(name: str, exchanged: Mapping[str, str], **changed: Any) -> dict[str, Status]:
    """The findings where what one name stands for is replaced by that of another."""
    found = report(name)
    numbers = [
        {**run, **{here: run[there] for here, there in exchanged.items()}} for run in found.numbers
    ]
    return experimenting.judged(found, numbers, **changed)


@pytest.mark.parametrize("name", SMALL)
def test_as_stated_and_drawn(name: str) -> None:
    found = report(name)
    open_ones = {f.name: f.reason for f in found.findings if f.status is not Status.AGREES}
    # Few paths leave open what the standard settings decide; nothing is refuted.
    assert not any(f.status is Status.DISAGREES for f in found.findings), open_ones
    assert sum(f.status is Status.AGREES for f in found.findings) >= len(found.findings) - 1, (
        open_ones
    )
    with style.applied():
        drawn = found.experiment.draw(found.numbers, found.experiment.settings, found.findings)
    assert set(drawn) == {name}


@pytest.mark.parametrize(
    ("name", "exchanged", "finding"),
    [
        (
            "data-covariance",
            {"norms_sgd_plain": "norms_gd_decay"},
            "norms under SGD, without decay",
        ),
        ("data-covariance", {"norms_sgd_plain": "norms_gd_decay"}, "balance of the norms"),
        ("data-covariance", {"norms_sgd_plain": "norms_gd_plain"}, "balance of the norms"),
        ("data-covariance", {"norms_gd_plain": "norms_sgd_plain"}, "norms under gradient descent"),
        (
            "data-covariance",
            {"flattening_sgd": "flattening_gd", "flattening_coarse": "flattening_gd"},
            "flattening",
        ),
        ("data-covariance", {"flattening_gd": "flattening_sgd"}, "flattening"),
        (
            "data-covariance",
            {"sharpening_sgd": "flattening_sgd", "sharpening_coarse": "flattening_coarse"},
            "sharpening",
        ),
        ("warm-up", {"S_warm": "S_cold", "end_warm": "end_cold"}, "warm-up"),
        ("warm-up", {"S_cold": "S_warm", "end_cold": "end_warm"}, "no warm-up"),
        ("warm-up", {"S_xavier": "S_gd", "end_xavier": "end_gd"}, "Xavier's start"),
        ("warm-up", {"S_gd": "S_warm", "end_gd": "end_warm"}, "gradient descent"),
        ("latent-representations", {"centred_sgd": "centred_gd"}, "SGD beside GD"),
        ("latent-representations", {"centred_sgd": "centred_gd"}, "alignment under SGD"),
        ("latent-representations", {"centred_sgd": "bare_sgd"}, "alignment under SGD"),
        ("latent-representations", {"centred_sgd": "bare_sgd"}, "Σ_x counts"),
        ("latent-representations", {"centred_gd": "cosine_sgd"}, "gradient descent"),
    ],
)
def test_what_does_otherwise_is_rejected(
    name: str, exchanged: Mapping[str, str], finding: str
) -> None:
    assert judged(name, exchanged)[finding] is Status.DISAGREES


def moments(x: Array, y: Array) -> tuple[float, float, float, float]:
    """v at the minimum, Var x², Cov(x², xy), Var(xy)."""
    (a1, a2), (_, a3) = np.cov(x * x, x * y, ddof=0)
    return float(np.mean(x * y) / np.mean(x * x)), float(a1), float(a2), float(a3)


BALANCE: Mapping[str, Callable[[Array, Array, float, int], float]] = {
    "factor two": lambda x, y, eta, b: 2 * convergence_balance.predicted_balance(x, y, eta, b),
    "half": lambda x, y, eta, b: convergence_balance.predicted_balance(x, y, eta, b) / 2,
    "T²": lambda x, y, eta, b: eta / b * convergence_balance.predicted_balance(x, y, eta, b),
    "η for η/b": lambda x, y, eta, b: b * convergence_balance.predicted_balance(x, y, eta, b),
    "η/b²": lambda x, y, eta, b: convergence_balance.predicted_balance(x, y, eta, b) / b,
    "α2 for 2α2": lambda x, y, eta, b: quadratic(moments(x, y), eta / b, cross=1.0),
    "+2α2": lambda x, y, eta, b: quadratic(moments(x, y), eta / b, cross=-2.0),
    "α1v": lambda x, y, eta, b: quadratic(moments(x, y), eta / b, power=1),
    "α3 alone": lambda x, y, eta, b: 4 * eta / b * moments(x, y)[3],
    "a seventh more": lambda x, y, eta, b: (
        1.15 * convergence_balance.predicted_balance(x, y, eta, b)
    ),
}


def quadratic(
    of: tuple[float, float, float, float], T: float, *, cross: float = 2.0, power: int = 2
) -> float:
    v, a1, a2, a3 = of
    return 4 * T * (a1 * v**power - cross * a2 * v + a3)


@pytest.mark.parametrize("law", BALANCE)
def test_another_law_of_balance_is_rejected(law: str, monkeypatch: pytest.MonkeyPatch) -> None:
    found, stated = report("convergence-speed"), convergence_balance.predicted_balance
    runs, wrong = found.numbers, {}
    for run in runs:
        x, y = np.asarray(run["balance_x"]), np.asarray(run["balance_y"])
        assert stated(x, y, 0.1, 2) == pytest.approx(quadratic(moments(x, y), 0.05))
        for eta in (0.003, 0.006):
            wrong[x.tobytes(), eta] = BALANCE[law](x, y, eta, 2)
    monkeypatch.setattr(
        convergence_balance,
        "predicted_balance",
        lambda x, y, eta, batch: wrong[np.asarray(x).tobytes(), eta],
    )
    finding = convergence_balance.judged_balance(runs, found.experiment.settings)
    assert finding.status is Status.DISAGREES, finding.reason


def with_coefficients(
    of_inputs: Callable[[float, float], float], of_noise: Callable[[float, float], float]
) -> Force:
    """F = a WΣ_xW' − b U'Σ_rU, a and b of tr Σ_x and tr Σ_r."""

    def force(model: Model, U: Array, W: Array) -> Array:
        first = of_inputs(*model.traces) * W @ model.inputs @ np.swapaxes(W, -1, -2)
        return np.asarray(
            first - of_noise(*model.traces) * np.swapaxes(U, -1, -2) @ model.noise @ U
        )

    return force


NORMS = ("norms under SGD, without decay", "norms under SGD, with decay")
LAWS: Mapping[str, tuple[Force, tuple[str, ...]]] = {
    "traces exchanged": (
        with_coefficients(lambda x, r: x, lambda x, r: r),
        (*NORMS, "flattening", "sharpening"),
    ),
    "d for both": (
        with_coefficients(lambda x, r: 4, lambda x, r: 4),
        (*NORMS, "flattening", "sharpening"),
    ),
    "d for tr Σ_r": (
        with_coefficients(lambda x, r: 4, lambda x, r: x),
        (*NORMS, "flattening", "sharpening"),
    ),
    "tr²/d for tr Σ_r": (
        with_coefficients(lambda x, r: r * r / 4, lambda x, r: x),
        (*NORMS, "flattening", "sharpening"),
    ),
    "tr²/d for tr Σ_x": (
        with_coefficients(lambda x, r: r, lambda x, r: x * x / 4),
        (*NORMS, "sharpening"),
    ),
    "twice as fast": (
        with_coefficients(lambda x, r: 2 * r, lambda x, r: 2 * x),
        ("norms under SGD, with decay", "flattening", "sharpening"),
    ),
    "faster by a fifth": (
        with_coefficients(lambda x, r: 1.2 * r, lambda x, r: 1.2 * x),
        ("flattening",),
    ),
    "W alone faster by a fifth": (with_coefficients(lambda x, r: 1.2 * r, lambda x, r: x), NORMS),
    "W alone slower by a quarter": (
        with_coefficients(lambda x, r: 0.75 * r, lambda x, r: x),
        (*NORMS, "flattening"),
    ),
}


@pytest.mark.parametrize("law", LAWS)
def test_another_law_of_the_imbalance_is_rejected(law: str) -> None:
    found, (force, seen) = report("data-covariance"), LAWS[law]
    wrong = data_covariance_judge.judge(found.numbers, found.experiment.settings, force)
    statuses = experimenting.statuses(wrong)
    assert {name: statuses[name] for name in seen} == dict.fromkeys(seen, Status.DISAGREES)


def test_gradient_descent_has_a_way_to_go_and_keeps_what_is_stated() -> None:
    """It starts off the orbit: on it, where the gradient is 0, every law would be kept."""
    name = "norms under gradient descent"
    runs = report("data-covariance").numbers
    losses = np.concatenate([run["losses_gd_plain"] for run in runs])
    assert losses[:, 0].min() > 0.01
    assert losses[:, 1].max() < 1e-9
    # The norms themselves, in the place of D, are not kept.
    assert judged("data-covariance", {}, off=1.0)[name] is Status.DISAGREES
    stopped = [{**run, "losses_gd_plain": 0 * np.asarray(run["losses_gd_plain"])} for run in runs]
    found = experimenting.judged(report("data-covariance"), stopped)
    assert found[name] is Status.INCONCLUSIVE


@pytest.mark.parametrize("factor", [0.75, 0.85, 1.15, 1.2])
def test_another_change_of_the_sharpness_is_rejected(
    factor: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    stated = data_covariance_judge.stated_sharpness

    def wrong(*given: Any) -> Array:
        lines = stated(*given)
        return np.asarray(lines[:, :1] * (lines / lines[:, :1]) ** factor)

    monkeypatch.setattr(data_covariance_judge, "stated_sharpness", wrong)
    found = judged("data-covariance", {})
    assert found["flattening"] is found["sharpening"] is Status.DISAGREES


@pytest.mark.parametrize("factor", [0.8, 0.9, 1.1, 1.2, 1.4, 1.6, 2.0])
def test_another_sharpness_at_the_end_is_not_taken_for_the_least(
    factor: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    stated = warm_up.least
    monkeypatch.setattr(warm_up, "least", lambda settings: factor * stated(settings))
    found = judged("warm-up", {})
    wrong = {found[name] for name in ("warm-up", "Xavier's start")}
    assert wrong == {Status.DISAGREES} if abs(factor - 1) > 0.15 else Status.AGREES not in wrong


@pytest.mark.parametrize("factor", [0.95, 1.05])
def test_another_end_of_gradient_descent_is_rejected(
    factor: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    stated = warm_up.kept_by_descent
    monkeypatch.setattr(warm_up, "kept_by_descent", lambda *given: factor * stated(*given))
    assert judged("warm-up", {})["gradient descent"] is Status.DISAGREES


@pytest.mark.parametrize("off", [-1.0, -0.5, -0.25, 0.25, 0.5, 1.0])
@pytest.mark.parametrize("name", convergence_speed.EXPONENTS)
def test_another_exponent_is_rejected(name: str, off: float) -> None:
    found = report("convergence-speed")
    exponents = {**convergence_speed.EXPONENTS, name: convergence_speed.EXPONENTS[name] + off}
    wrong = convergence_speed.judge(found.numbers, found.experiment.settings, exponents)
    index = list(convergence_speed.EXPONENTS).index(name)
    assert wrong[index].status is Status.DISAGREES


@pytest.mark.parametrize("factor", [0.5, 0.9, 1.1, 2.0])
def test_another_rate_of_convergence_is_rejected(factor: float) -> None:
    found = report("convergence-speed")
    rate = convergence_speed.judge(found.numbers, found.experiment.settings, factor=factor)[-1]
    assert rate.status is Status.DISAGREES, rate.reason


@pytest.mark.parametrize(
    ("name", "power"), [("noise", 4), ("noise", -3), ("noise", -1), ("variance", 1), ("inputs", 1)]
)
def test_a_rate_with_another_power_of_a_letter_is_rejected(
    name: str, power: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    stated = convergence_speed.predicted_rate

    def wrong(settings: Settings, **changed: float) -> float:
        return stated(settings, **changed) * float({**settings, **changed}[name]) ** power

    found = report("convergence-speed")
    monkeypatch.setattr(convergence_speed, "predicted_rate", wrong)
    rate = convergence_speed.judge(found.numbers, found.experiment.settings)[-1]
    assert rate.status is Status.DISAGREES, rate.reason


def test_the_trace_of_the_inputs_for_that_of_the_noise_is_rejected(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """d_x for d_y: by the powers of both, and by the rate itself."""
    stated = convergence_speed.predicted_rate

    def wrong(settings: Settings, **changed: float) -> float:
        s = {**settings, **changed}
        return float(stated(s) * s["inputs"] / s["outputs"])

    found = report("convergence-speed")
    powers = {**convergence_speed.EXPONENTS, "outputs": 0.0, "inputs": 1.0}
    monkeypatch.setattr(convergence_speed, "predicted_rate", wrong)
    judged = convergence_speed.judge(found.numbers, found.experiment.settings, powers)
    by_name = {finding.name: finding.status for finding in judged}
    for name in (
        *(convergence_speed.NAMES[name] for name in ("outputs", "inputs")),
        judged[-1].name,
    ):
        assert by_name[name] is Status.DISAGREES


def system(seed: int = 4) -> tuple[Model, tuple[Array, Array]]:
    rng = np.random.Generator(np.random.SFC64(seed))
    A, B = rng.standard_normal((2, 5, 5))
    inputs, noise = A[:4, :] @ A[:4, :].T + np.eye(4), B[:3, :] @ B[:3, :].T + np.eye(3)
    V = rng.standard_normal((3, 2)) @ rng.standard_normal((2, 4))
    model = Model(V=V, inputs=inputs, noise=noise)
    return model, on_orbit(model, 2, np.eye(2) + 0.3 * rng.standard_normal((2, 2)))


def test_the_loop_takes_the_steps_of_its_literal_twin() -> None:
    model, (U, W) = system()
    first, second = np.linalg.cholesky(model.inputs), np.linalg.cholesky(model.noise)
    A, B = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    etas = np.linspace(1e-4, 2e-3, 200)
    ways = []
    for loop in (loops.sgd_steps, loops.sgd_steps_literal):
        here = U.copy(), W.copy()
        rng = np.random.Generator(np.random.SFC64(1))
        loop(*here, model.V, A, B, etas, 2, 0.1, rng)
        ways.append(here)
    np.testing.assert_allclose(ways[0][0], ways[1][0], rtol=1e-11)
    np.testing.assert_allclose(ways[0][1], ways[1][1], rtol=1e-11)


def test_gradient_descent_has_the_expected_gradient_and_its_hessian_has_this_trace() -> None:
    model, (U, W) = system()
    U = U + 0.1

    def loss(theta: Array) -> float:
        u, w = theta[: U.size].reshape(U.shape), theta[U.size :].reshape(W.shape)
        off = u @ w - model.V
        return float(np.trace(off @ model.inputs @ off.T))

    theta, eye = np.concatenate([U.ravel(), W.ravel()]), np.eye(U.size + W.size)
    slope = [(loss(theta + 1e-5 * e) - loss(theta - 1e-5 * e)) / 2e-5 for e in eye]
    for decay in (0.0, 0.7):
        u, w = U.copy(), W.copy()
        loops.full_steps(u, w, model.V, model.inputs, np.array([1e-3]), decay)
        moved = np.concatenate([u.ravel(), w.ravel()]) - theta
        # The gradient of γ|θ|² is 2γθ.
        down = np.array(slope) + 2 * decay * theta
        np.testing.assert_allclose(moved, -1e-3 * down, rtol=1e-6, atol=1e-9)
    curved = sum(loss(theta + 1e-3 * e) + loss(theta - 1e-3 * e) - 2 * loss(theta) for e in eye)
    assert sharpness(model, U, W) == pytest.approx(curved / 1e-6, rel=1e-4)
    assert loss_of(model, U, W) == pytest.approx(loss(theta))
    both = curvature(model, np.stack([U, 2 * U]), np.stack([W, W]))
    np.testing.assert_allclose(both, [sharpness(model, u, W) for u in (U, 2 * U)])


def test_the_orbit_flow_ends_in_the_equilibrium() -> None:
    model, start = system()
    U, W = equilibrium(model, start)
    np.testing.assert_allclose(U @ W, model.V, atol=1e-12)
    np.testing.assert_allclose(noise_imbalance(model, U, W), 0, atol=1e-9)
    flow = orbit_flow(model, start, np.linspace(0, 200, 201), temperature=1e-3)
    np.testing.assert_allclose(flow[0] @ flow[1], np.broadcast_to(model.V, (201, 3, 4)), atol=1e-2)
    ends = [np.linalg.eigvalsh(w @ model.inputs @ w.T) for w in (flow[1][-1], W)]
    np.testing.assert_allclose(ends[0], ends[1], rtol=2e-2)


@pytest.mark.parametrize(("temperature", "decay"), [(1e-3, 0.0), (0.0, 0.05), (1e-3, 0.05)])
def test_the_orbit_flow_has_the_stated_pace(temperature: float, decay: float) -> None:
    model, (U, W) = system()
    inputs, noise = model.inputs, model.noise
    F = np.trace(noise) * W @ inputs @ W.T - np.trace(inputs) * U.T @ noise @ U
    D = W @ W.T - U.T @ U
    h = 1e-6
    flow = orbit_flow(model, (U, W), np.array([0, h]), temperature=temperature, decay=decay)
    pace = np.diff(imbalance(*flow), axis=0)[0] / h
    np.testing.assert_allclose(pace, -4 * temperature * F - 4 * decay * D, rtol=1e-4, atol=1e-6)


def test_the_flattest_point_is_flattest() -> None:
    model, start = system()
    U, W = balanced(start, model)
    least = sharpness(model, U, W)
    rng = np.random.Generator(np.random.SFC64(0))
    for _ in range(20):
        A = np.eye(2) + 0.1 * rng.standard_normal((2, 2))
        assert sharpness(model, U @ np.linalg.inv(A), A @ W) >= least - 1e-9


def test_carrying_to_the_orbit_keeps_the_imbalance() -> None:
    model, (U, W) = system()
    rng = np.random.Generator(np.random.SFC64(0))
    near = U + 0.01 * rng.standard_normal(U.shape), W + 0.01 * rng.standard_normal(W.shape)
    there = carried(model, *near)
    np.testing.assert_allclose(there[0] @ there[1], model.V, atol=1e-2)
    moved = np.abs(imbalance(*there) - imbalance(*near)).max()
    assert moved < 0.02 * np.abs(imbalance(*near) - imbalance(U, W)).max() + 1e-3
