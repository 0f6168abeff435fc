"""Increments: exact refinement, keys, laws; each against a literal loop or an exact covariance."""

from __future__ import annotations

import itertools
import tracemalloc

import numpy as np
import pytest

from numerics import brownian
from numerics.brownian import Block, basis, increments
from numerics.errors import SimulationError
from numerics.system import Array, NoiseSpec, System, covariance_factor


def system(*noises: NoiseSpec, **correlation: float) -> System:
    pairs = {tuple(pair.split("_")): rho for pair, rho in correlation.items()}
    return System(states={}, noises=noises, increment=lambda *_: {}, correlation=pairs)


B = NoiseSpec(name="B", shape=(2, 3))
C = np.array([[2.0, 0.6], [0.6, 1.0]])
E = np.array([[1.0, -0.5, 0.0], [-0.5, 1.0, 0.2], [0.0, 0.2, 0.5]])


def drawn(noise: NoiseSpec = B, *, block: Block | None = None, **options: object) -> Array:
    """All increments of one noise, shape (steps, N, ...)."""
    settings = {"horizon": 1.0, "steps": 8} | options
    stream = increments(system(noise), **settings)(block or Block(seed=5, index=0, size=4))
    return np.array([step[noise.differential] for step in stream])


@pytest.mark.parametrize("coarse", [1, 5, 12, 96])
@pytest.mark.parametrize("horizon", [1.0, 0.3, 7e3])
def test_a_coarse_increment_is_the_sum_of_its_fine_ones_to_the_last_bit(
    coarse: int, horizon: float
) -> None:
    for finer in (2, 4, 32):
        fine = drawn(steps=coarse * finer, horizon=horizon)
        sums = fine.reshape(coarse, finer, *fine.shape[1:]).sum(axis=1)
        assert np.array_equal(sums, drawn(steps=coarse, horizon=horizon))


def test_the_order_of_summation_does_not_matter() -> None:
    fine = drawn(steps=64)
    total = drawn(steps=1)[0]
    forwards, backwards = np.zeros_like(total), np.zeros_like(total)
    for step in fine:
        forwards += step
    for step in fine[::-1]:
        backwards += step
    assert np.array_equal(forwards, total)
    assert np.array_equal(backwards, total)


@pytest.mark.parametrize("law", ["gaussian", "two-point"])
def test_increments_drawn_at_a_finer_level_are_summed(law: str) -> None:
    fine = drawn(steps=24, law=law)
    coarse = drawn(steps=8, drawn=24, law=law)
    assert np.array_equal(fine.reshape(8, 3, *fine.shape[1:]).sum(axis=1), coarse)


def test_a_gaussian_level_does_not_depend_on_where_it_was_drawn() -> None:
    assert np.array_equal(drawn(steps=6), drawn(steps=6, drawn=24))


def literal_bridge(steps: int, horizon: float, block: Block) -> list[Array]:
    """The construction one increment at a time, rounded by `numpy.rint`."""
    depth, roots = 0, steps
    while roots % 2 == 0:
        depth, roots = depth + 1, roots // 2
    unit = 2.0 ** np.ceil(np.log2(np.sqrt(horizon))) * 2.0**-46
    shape = (B.components, block.size)
    drawing = block.generator(f"increments of B, {roots} roots")
    levels = [block.generator(f"bridges of B, {roots} roots, level {n}") for n in range(depth)]
    found: list[Array] = []

    def split(whole: Array, level: int, h: float) -> None:
        if level == depth:
            found.append(whole)
            return
        z = levels[level].standard_normal(shape)
        left = np.rint((0.5 * whole + 0.5 * np.sqrt(h) * z) / unit) * unit
        split(left, level + 1, h / 2)
        split(whole - left, level + 1, h / 2)

    for _ in range(roots):
        whole = np.rint(np.sqrt(horizon / roots) * drawing.standard_normal(shape) / unit) * unit
        split(whole, 0, horizon / roots)
    return found


@pytest.mark.parametrize("steps", [1, 3, 8, 40])
@pytest.mark.parametrize("at_once", [1, 100, 10**6])
def test_increments_are_those_of_a_literal_bridge(
    steps: int, at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(brownian, "DRAWN_AT_ONCE", at_once)
    block = Block(seed=3, index=7, size=5)
    fast = drawn(steps=steps, horizon=2.5, block=block)
    slow = literal_bridge(steps, 2.5, block)
    literal = np.moveaxis(np.array(slow).reshape(steps, 2, 3, 5), -1, 1)
    # The last rounding to a unit of 2⁻⁴⁵ may fall either way where the two add in another order.
    assert np.abs(fast - literal).max() <= 2.0**-44


def test_paths_may_stand_on_the_last_axis() -> None:
    first = next(iter(increments(system(B), horizon=1.0, steps=4)(Block(seed=1, index=0, size=6))))
    last = next(
        iter(
            increments(system(B), horizon=1.0, steps=4, paths_last=True)(
                Block(seed=1, index=0, size=6)
            )
        )
    )
    assert np.array_equal(first["dB"], last["dB"])
    assert first["dB"].strides[-1] == last["dB"].strides[0] == 8


def test_a_block_is_a_function_of_seed_and_index() -> None:
    again = drawn(block=Block(seed=5, index=0, size=4))
    assert np.array_equal(drawn(), again)
    for other in (Block(seed=6, index=0, size=4), Block(seed=5, index=1, size=4)):
        assert np.abs(drawn(block=other) - again).min() > 0.0


def test_noises_levels_and_purposes_have_streams_of_their_own() -> None:
    block = Block(seed=0, index=0, size=3)
    purposes = ["increments of B, 1 roots", "bridges of B, 1 roots, level 0", "start", "steps", ""]
    first = [block.generator(purpose).standard_normal() for purpose in purposes]
    assert len(set(first)) == len(first)
    other = NoiseSpec(name="other", shape=(2, 3))
    assert np.abs(drawn(steps=4) - drawn(other, steps=4)).min() > 0.0
    # 1000 = 125·8 and 1500 = 375·4 are no refinements of each other.
    assert np.abs(drawn(steps=3) - drawn(steps=9)[:3]).min() > 0.0


def test_gaussian_increments_have_the_moments_of_brownian_motion() -> None:
    # 2·10⁵ values: five standard errors are 1.1 % for the mean, 1.6 % for the variance.
    fine = drawn(
        NoiseSpec(name="B", shape=(1, 1)), steps=8, block=Block(seed=2, index=0, size=25000)
    )
    z = fine.reshape(8, -1) * np.sqrt(8.0)
    n = z.size
    assert abs(z.mean()) < 5 / np.sqrt(n)
    assert abs((z**2).mean() - 1) < 5 * np.sqrt(2 / n)
    assert abs((z**3).mean()) < 5 * np.sqrt(15 / n)
    assert abs((z**4).mean() - 3) < 5 * np.sqrt(96 / n)
    between = z @ z.T / z.shape[1] - np.eye(8)
    assert np.abs(between).max() < 5 * np.sqrt(2 / z.shape[1])


def row_and_column_covariance(noise: NoiseSpec) -> Array:
    directions = basis(system(noise))[noise.differential]
    return np.einsum("mia,mjb->ijab", directions, directions)


def test_row_and_column_covariances_are_as_declared() -> None:
    noise = NoiseSpec.with_covariance("B", (2, 3), rows=C, columns=E)
    expected = np.einsum("ij,ab->ijab", C, E)
    assert np.allclose(row_and_column_covariance(noise), expected, rtol=0, atol=1e-14)
    transposed = NoiseSpec.with_covariance("B", (2, 3), rows=C[::-1, ::-1], columns=E)
    assert not np.allclose(row_and_column_covariance(transposed), expected, atol=1e-3)


def test_drawn_increments_follow_the_directions_of_the_basis() -> None:
    correlated = NoiseSpec.with_covariance("B", (2, 3), rows=C, columns=E)
    stream = drawn(correlated, steps=2, block=Block(seed=1, index=0, size=50000), horizon=2.0)
    for step in stream:
        measured = np.einsum("nia,njb->ijab", step, step) / len(step)
        exact = np.einsum("ij,ab->ijab", C, E)
        # Var(B_ia B_jb) ≤ 2 C_ii C_jj E_aa E_bb = 8.
        assert np.abs(measured - exact).max() < 5 * np.sqrt(8 / len(step))
    plain = drawn(NoiseSpec(name="B", shape=(2, 3)), steps=2, block=Block(seed=1, index=0, size=3))
    A, D = correlated.row_factor, correlated.column_factor
    assert A is not None
    assert D is not None
    small = drawn(correlated, steps=2, block=Block(seed=1, index=0, size=3))
    for step, xi in zip(small, plain, strict=True):
        for path in range(3):
            assert np.allclose(step[path], A @ xi[path] @ D.T, rtol=0, atol=1e-15)


def test_a_singular_covariance_costs_one_normal_for_each_unit_of_rank() -> None:
    v = np.array([[1.0], [2.0], [-1.0]])
    noise = NoiseSpec.with_covariance("B", (3, 2), rows=v @ v.T)
    assert noise.inner_shape == (1, 2)
    step = drawn(noise, steps=1)[0]
    assert np.allclose(step[:, 1], 2 * step[:, 0], rtol=0, atol=1e-14)
    assert covariance_factor(np.zeros((2, 2))).shape == (2, 1)


def test_families_and_scalars_have_their_shapes_and_covariances() -> None:
    family = NoiseSpec.with_covariance("beta", (2,), rows=C)
    assert drawn(family, steps=4).shape == (4, 4, 2)
    directions = basis(system(family))["dbeta"]
    assert np.allclose(directions.T @ directions, C, rtol=0, atol=1e-14)
    scalar = NoiseSpec(name="w", shape=())
    assert drawn(scalar, steps=4).shape == (4, 4)
    assert basis(system(scalar))["dw"].tolist() == [1.0]


def test_correlated_scalars_have_their_correlation() -> None:
    a, b, c = (NoiseSpec(name=name, shape=()) for name in "abc")
    pair = system(a, b, c, a_b=-0.8, b_c=0.3)
    directions = np.stack([basis(pair)[name] for name in ("da", "db", "dc")])
    expected = np.array([[1.0, -0.8, 0.0], [-0.8, 1.0, 0.3], [0.0, 0.3, 1.0]])
    assert np.allclose(directions @ directions.T, expected, rtol=0, atol=1e-14)
    block = Block(seed=4, index=0, size=100000)
    (step,) = increments(pair, horizon=1.0, steps=1)(block)
    measured = np.cov(np.stack([step[name] for name in ("da", "db", "dc")]))
    assert np.abs(measured - expected).max() < 5 * np.sqrt(2 / block.size)


def test_perfectly_correlated_noises_are_one() -> None:
    a, b = NoiseSpec(name="a", shape=()), NoiseSpec(name="b", shape=())
    (step,) = increments(system(a, b, a_b=1.0), horizon=1.0, steps=1)(
        Block(seed=4, index=0, size=9)
    )
    assert np.allclose(step["da"], step["db"], rtol=0, atol=1e-15)


def test_correlated_matrix_noises_correlate_entry_by_entry() -> None:
    a, b = NoiseSpec(name="a", shape=(2, 2)), NoiseSpec(name="b", shape=(2, 2))
    directions = basis(system(a, b, a_b=0.5))
    cross = np.einsum("mia,mjb->ijab", directions["da"], directions["db"])
    expected = 0.5 * np.einsum("ij,ab->ijab", np.eye(2), np.eye(2))
    assert np.allclose(cross, expected, rtol=0, atol=1e-15)


# Label noise in its reduced form.


def label_data(n: int = 40) -> Array:
    rng = np.random.default_rng(11)
    return rng.standard_normal((n, 3)) @ np.array([[2.0, 0.5, 0.0], [0, 1.0, 0.3], [0, 0, 0.1]])


def test_reduced_label_noise_has_the_row_covariance_of_the_data() -> None:
    X = label_data()
    reduced = NoiseSpec(name="B", shape=(40, 2)).reduced(X)
    assert (reduced.shape, reduced.components) == ((3, 2), 6)
    expected = np.einsum("ij,ab->ijab", X.T @ X, np.eye(2))
    assert np.allclose(row_and_column_covariance(reduced), expected, rtol=0, atol=1e-12)
    wrong = NoiseSpec(name="B", shape=(3, 2), row_factor=np.linalg.qr(X)[1])
    assert not np.allclose(row_and_column_covariance(wrong), expected, atol=1e-1)


def test_reduced_label_noise_has_the_law_of_drawing_every_label() -> None:
    X = label_data(6)
    full = NoiseSpec.with_covariance("B", (6, 2), columns=E[:2, :2])
    rng = np.random.default_rng(1)
    reduced = full.reduced(X).draw(rng, 40000)
    direct = np.matmul(X.T, full.draw(rng, 40000))
    exact = np.einsum("ij,ab->ijab", X.T @ X, E[:2, :2])
    for samples in (reduced, direct):
        second = np.einsum("nia,njb->nijab", samples, samples)
        error = second.std(axis=0) / np.sqrt(len(samples))
        assert np.all(np.abs(second.mean(axis=0) - exact) < 5 * error)


def test_reduced_label_noise_of_correlated_labels() -> None:
    X = label_data(5)
    rows = np.diag([1.0, 4.0, 0.0, 2.0, 1.0])
    reduced = NoiseSpec.with_covariance("B", (5, 2), rows=rows).reduced(X)
    expected = np.einsum("ij,ab->ijab", X.T @ rows @ X, np.eye(2))
    assert np.allclose(row_and_column_covariance(reduced), expected, rtol=0, atol=1e-12)


def test_fewer_samples_than_features_need_fewer_normals() -> None:
    assert NoiseSpec(name="B", shape=(2, 4)).reduced(np.ones((2, 9))).components == 2 * 4


# Two-point increments.


def test_two_point_increments_are_fair_signs_of_the_simulated_level() -> None:
    block = Block(seed=9, index=0, size=20000)
    steps = drawn(NoiseSpec(name="B", shape=(1, 2)), steps=10, law="two-point", block=block)
    assert np.allclose(np.abs(steps), np.sqrt(0.1), rtol=1e-13)
    signs = np.sign(steps)
    assert abs(signs.mean()) < 5 / np.sqrt(signs.size)
    flat = signs.reshape(10, -1)
    between = flat @ flat.T / flat.shape[1] - np.eye(10)
    assert np.abs(between).max() < 5 / np.sqrt(flat.shape[1])


def test_two_point_levels_are_independent_of_each_other() -> None:
    block = Block(seed=9, index=0, size=5000)
    one = NoiseSpec(name="B", shape=())
    fine = drawn(one, steps=4, law="two-point", block=block).reshape(2, 2, -1).sum(axis=1)
    coarse = drawn(one, steps=2, law="two-point", block=block)
    correlation = (fine * coarse).mean() / 0.5
    assert abs(correlation) < 5 / np.sqrt(fine.size)


# What is bounded, and what is refused.


def test_memory_does_not_grow_with_the_number_of_steps() -> None:
    def peak(steps: int) -> int:
        tracemalloc.start()
        stream = increments(system(B), horizon=1.0, steps=steps)(Block(seed=0, index=0, size=2000))
        for _ in itertools.islice(stream, 64):
            pass
        used = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return used

    assert peak(2**20) < 3 * peak(2**7) + 20 * 2000 * 6 * 8


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"horizon": 0.0}, "horizon 0.0: not a positive time"),
        ({"horizon": np.nan}, "horizon nan: not a positive time"),
        ({"steps": 0}, "steps 0: no step"),
        ({"drawn": 12}, "drawn 12: not a multiple of steps 8"),
        ({"law": "uniform"}, "law 'uniform': unknown; give one of gaussian, two-point"),
    ],
)
def test_a_wrong_request_is_named(options: dict[str, object], message: str) -> None:
    with pytest.raises(SimulationError, match=message):
        drawn(**options)


@pytest.mark.parametrize(
    ("block", "message"),
    [
        ({"seed": -1}, "seed -1"),
        ({"seed": 2**128}, "seed 3402"),
        ({"index": 2**32}, "block index"),
        ({"size": 0}, "block 0: no path"),
    ],
)
def test_a_wrong_block_is_named(block: dict[str, int], message: str) -> None:
    with pytest.raises(SimulationError, match=message):
        Block(**({"seed": 0, "index": 0, "size": 1} | block))


@pytest.mark.parametrize(
    ("noise", "message"),
    [
        ({"shape": (2, 3, 4)}, r"shape \(2, 3, 4\) of noise B"),
        ({"shape": (0, 3)}, r"shape \(0, 3\) of noise B"),
        ({"row_factor": np.ones((3, 3))}, r"row_factor of noise B: shape \(3, 3\), but 2 rows"),
        ({"row_factor": np.ones(2)}, "row_factor of noise B"),
        ({"shape": (2,), "column_factor": np.eye(2)}, "column_factor of noise B: its shape"),
    ],
)
def test_a_wrong_noise_is_named(noise: dict[str, object], message: str) -> None:
    with pytest.raises(SimulationError, match=message):
        NoiseSpec(**({"name": "B", "shape": (2, 3)} | noise))


@pytest.mark.parametrize(
    ("covariance", "message"),
    [
        (np.ones((2, 3)), "must be square"),
        (np.array([[1.0, 2.0], [0.0, 1.0]]), "not finite and symmetric"),
        (np.array([[1.0, 2.0], [2.0, 1.0]]), "smallest eigenvalue -1"),
        (np.diag([1.0, -1.0]), "smallest eigenvalue -1"),
        (np.array([[np.nan]]), "not finite"),
    ],
)
def test_what_is_no_covariance_is_refused(covariance: Array, message: str) -> None:
    with pytest.raises(SimulationError, match=message):
        covariance_factor(covariance)


def test_factors_of_random_covariances_of_every_rank() -> None:
    rng = np.random.default_rng(0)
    for n, rank in itertools.product((1, 3, 8, 50), (1, 2, 8)):
        F = rng.standard_normal((n, min(n, rank)))
        A = covariance_factor(F @ F.T)
        assert A.shape == (n, min(n, rank))
        assert np.allclose(A @ A.T, F @ F.T, rtol=0, atol=1e-12 * n)


def test_data_that_do_not_multiply_the_noise_are_refused() -> None:
    with pytest.raises(SimulationError, match=r"X: shape \(4, 2\) does not multiply noise B"):
        B.reduced(np.ones((4, 2)))


def test_impossible_correlations_are_refused() -> None:
    a, b, c = (NoiseSpec(name=name, shape=()) for name in "abc")
    with pytest.raises(SimulationError, match="correlation: smallest eigenvalue"):
        system(a, b, c, a_b=0.9, b_c=0.9, a_c=-0.9)
    with pytest.raises(
        SimulationError, match=r"correlation \(a, B\): needs two noises of one shape"
    ):
        system(a, B, a_B=0.5)
    with pytest.raises(SimulationError, match="correlation: z is no noise"):
        system(a, b, a_z=0.5)
    twice = {("a", "b"): 0.5, ("b", "a"): -0.5}
    with pytest.raises(SimulationError, match=r"correlation \(b, a\): -0.5, and 0.5 the other way"):
        System(states={}, noises=(a, b), increment=lambda *_: {}, correlation=twice)
    with pytest.raises(SimulationError, match="noises: a, a name one twice"):
        system(a, a)
