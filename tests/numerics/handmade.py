"""Systems and observables written by hand against the Kernel interface, for the tests of the tiers.

Each is the declaration as a person would type it; none is derived from anything.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from numerics.declared import BrownianMotion, DeclaredSystem, letter
from numerics.kernel import Kernel


def swap(A: Any) -> Any:
    return np.swapaxes(A, -1, -2)


def times(c: Any, A: Any) -> Any:
    return np.asarray(c)[..., None, None] * A


# ---------------------------------------------------------------------- scalars


def scalar_system(drift: Any, noise: Any, parameters: tuple[str, ...] = ("mu", "sigma")) -> Any:
    """dx = drift(x, *parameters) dt + noise(x, *parameters) dB for bodies written with * and +."""

    def body(ctx: Any, x: Any, *rest: Any) -> Any:
        *values, dt, dB = rest
        return (drift(ctx, x, *values) * dt + noise(ctx, x, *values) * dB,)

    return DeclaredSystem(
        states=("x",),
        increment=Kernel(
            name="increment",
            arguments=("x", *parameters, "dt", "dB"),
            arrays=lambda *values: body(np, *values),
            generic=body,
        ),
        brownian=(BrownianMotion(name="B", shape=()),),
    )


def geometric_brownian_motion() -> DeclaredSystem:
    return scalar_system(lambda ctx, x, mu, sigma: mu * x, lambda ctx, x, mu, sigma: sigma * x)


def bessel() -> DeclaredSystem:
    """dx = (n−1)/(2x) dt + dB, the norm of n independent Brownian motions."""
    return scalar_system(
        lambda ctx, x, n: (n - 1) / (2 * x), lambda ctx, x, n: 0 * x + 1, parameters=("n",)
    )


def of_scalar(name: str, f: Any, arguments: tuple[str, ...] = ("x",)) -> Kernel:
    return Kernel(
        name=name,
        arguments=arguments,
        arrays=lambda *values: f(np, *values),
        generic=f,
    )


log_x = of_scalar("observable", lambda ctx, x: ctx.log(x))


# ---------------------------------------------------------------------- Wishart


def matrix_brownian_motion(n: int, m: int) -> DeclaredSystem:
    return DeclaredSystem(
        states=("X",),
        increment=Kernel(
            name="increment",
            arguments=("X", "dt", "dB"),
            arrays=lambda X, dt, dB: (0 * X + dB,),
            generic=lambda ctx, X, dt, dB: (dB,),
        ),
        brownian=(BrownianMotion(name="B", shape=(n, m)),),
    )


logdet_gram = Kernel(
    name="observable",
    arguments=("X",),
    arrays=lambda X: np.linalg.slogdet(X @ swap(X))[1],
    generic=lambda ctx, X: ctx.logdet(ctx.matmul(X, ctx.transpose(X))),
)

trace_of_inverse = Kernel(
    name="trace",
    arguments=("X",),
    arrays=lambda X: np.trace(np.linalg.inv(X @ swap(X)), axis1=-2, axis2=-1),
    generic=lambda ctx, X: ctx.trace(ctx.inverse(ctx.matmul(X, ctx.transpose(X)))),
)


# ---------------------------------------------------------------------- the two-layer network


def label_noise(p: int, k: int, *, transpose_lost: bool = False) -> DeclaredSystem:
    """dΘ = S(R)Θ dt + S(dB)Θ, E dB_ia dB_jb = C_ij δ_ab dt, in the two layers.

    With ``transpose_lost`` (p = k) the second layer is moved by dB' in place of dB.
    """

    def arrays(W1: Any, W2: Any, R: Any, C: Any, dt: Any, dB: Any) -> Any:
        second = swap(dB) if transpose_lost else dB
        return (
            times(dt, R @ swap(W2)) + dB @ swap(W2),
            times(dt, swap(W1) @ R) + swap(W1) @ second,
        )

    def generic(ctx: Any, W1: Any, W2: Any, R: Any, C: Any, dt: Any, dB: Any) -> Any:
        t1, t2 = ctx.transpose(W1), ctx.transpose(W2)
        second = ctx.transpose(dB) if transpose_lost else dB
        return (
            ctx.add(ctx.scale(dt, ctx.matmul(R, t2)), ctx.matmul(dB, t2)),
            ctx.add(ctx.scale(dt, ctx.matmul(t1, R)), ctx.matmul(t1, second)),
        )

    return DeclaredSystem(
        states=("W1", "W2"),
        increment=Kernel(
            name="increment",
            arguments=("W1", "W2", "R", "C", "dt", "dB"),
            arrays=arrays,
            generic=generic,
        ),
        brownian=(BrownianMotion(name="B", shape=(p, k), rows=letter("C")),),
    )


def gram(W1: Any, W2: Any) -> Any:
    Theta = np.concatenate([W1 + 0 * W2[..., :1, :1], swap(W2) + 0 * W1[..., :1, :1]], axis=-2)
    return Theta @ swap(Theta)


def gram_generic(ctx: Any, W1: Any, W2: Any) -> Any:
    Theta = ctx.vstack([W1, ctx.transpose(W2)])
    return ctx.matmul(Theta, ctx.transpose(Theta))


log_det = Kernel(
    name="observable",
    arguments=("W1", "W2"),
    arrays=lambda W1, W2: np.linalg.slogdet(gram(W1, W2))[1],
    generic=lambda ctx, W1, W2: ctx.logdet(gram_generic(ctx, W1, W2)),
)

trace = Kernel(
    name="observable",
    arguments=("W1", "W2"),
    arrays=lambda W1, W2: np.trace(gram(W1, W2), axis1=-2, axis2=-1),
    generic=lambda ctx, W1, W2: ctx.trace(gram_generic(ctx, W1, W2)),
)

balancedness = Kernel(
    name="observable",
    arguments=("W1", "W2"),
    arrays=lambda W1, W2: swap(W1) @ W1 - W2 @ swap(W2),
    generic=lambda ctx, W1, W2: ctx.subtract(
        ctx.matmul(ctx.transpose(W1), W1), ctx.matmul(W2, ctx.transpose(W2))
    ),
)


def stated_logdet(factor: int = -2) -> Kernel:
    """factor · k tr C; the theorem says −2."""
    return Kernel(
        name="stated_drift",
        arguments=("W2", "C"),
        arrays=lambda W2, C: factor * W2.shape[-1] * np.trace(C, axis1=-2, axis2=-1),
        generic=lambda ctx, W2, C: factor * ctx.shape(W2)[1] * ctx.trace(C),
    )


stated_balancedness = Kernel(
    name="stated_drift",
    arguments=("W1", "W2", "C"),
    arrays=lambda W1, W2, C: (
        times(np.trace(C, axis1=-2, axis2=-1), W2 @ swap(W2)) - W2.shape[-1] * (swap(W1) @ C @ W1)
    ),
    generic=lambda ctx, W1, W2, C: ctx.subtract(
        ctx.scale(ctx.trace(C), ctx.matmul(W2, ctx.transpose(W2))),
        ctx.scale(ctx.rational(ctx.shape(W2)[1]), ctx.matmul(ctx.transpose(W1), C, W1)),
    ),
)


def network_point(
    rng: np.random.Generator, p: int, k: int, l: int, *, points: int | None = None
) -> Mapping[str, Any]:
    """A float64 point, or a batch of points, of the network with its coefficients."""
    batch = () if points is None else (points,)
    G = rng.standard_normal((*batch, p, p))
    return {
        "W1": rng.standard_normal((*batch, p, l)),
        "W2": rng.standard_normal((*batch, l, k)),
        "R": rng.standard_normal((*batch, p, k)),
        "C": G @ swap(G) / p + np.eye(p),
    }
