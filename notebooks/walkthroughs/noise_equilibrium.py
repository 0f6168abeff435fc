"""The noise equilibrium of a matrix factorization: its equation, the orbit, ranks, sharpness."""

from notebooks.cells import Walkthrough, code, derivation, mutant, statement, steps, text
from notebooks.walkthroughs._noise_equilibrium_checks import CHECKS, EXERCISES, MISTAKES

SETTING = (
    text(r"""
Factorize a matrix, $UW \approx V$, and there are many ways to do so: $(UC^{-1}, CW)$ has the same
product for every invertible $C$. The loss cannot tell these from each other. Gradient flow
stays with the one that its start leads to. SGD goes on moving when the loss is at its minimum,
along the set of equal products, until it has come to one particular factorization: the *noise
equilibrium* of Ziyin, Wang, Li and Wu (*Parameter Symmetry and Noise Equilibrium of Stochastic
Gradient Descent*, NeurIPS 2024). This notebook derives the equation of motion, solves for the
equilibrium, shows when there is none and the rank collapses instead, and whether the noise looks
for flat or for sharp minima.

All formulas are derived here, and none is copied. Stochastic differentials are in the sense of
Itô. The conventions are those of the notebook on symmetry: $T = \eta/b$ is what the paper calls
$2\sigma^2$.

## The setting

Layers $W$ ($h\times p$) and $U$ ($q\times h$), the loss $|UWx - y|^2 + \gamma(|U|^2 + |W|^2)$ of
one sample, its residual $r = UWx - y$. The gradient in the product $UW$ is $2\,r\,x^\top$. So both
layers are moved by *one* $q\times p$ matrix $\mathrm dZ$, the mean of $2rx^\top$ and its noise:

$$
\mathrm dU = -\mathrm dZ\,W^\top, \qquad \mathrm dW = -U^\top\mathrm dZ .
$$

Take a residual that is independent of $x$, as it is at the minimum for labels with independent
noise, with covariance $\Sigma_r$; the inputs have second moments $\Sigma_x$. Then
$\operatorname{Cov}(2rx^\top) = 4\,\Sigma_r\otimes\Sigma_x$.
"""),
    code(
        r"""
from dataclasses import replace
from textwrap import fill

import matplotlib.pyplot as plt
import numpy as np

from derivations import *
from derivations.catalogue import find
from derivations.printing import unicode
from notebooks.showing import COLOURS, DASHES, INK, show, use_style
from numerics.noise_equilibrium import geometric_mean, noise_equilibrium
from verify import check

use_style()

q, h, p = dims("q h p")
U, W, X = State("U", q, h), State("W", h, p), Parameter("X", h, h)
moved = MatrixSDE({U: -U * X * dt, W: X * W * dt}).d(U * W)
print("drift of UW along dU = −UX ds, dW = XW ds:", unicode(moved.drift))
""",
        prints="ds: 0",
    ),
    text(r"""
The product does not move along the orbit, whatever $X$. For symmetric $X$ these are symmetries in
the sense of the notebook before, with the charge $\operatorname{tr}X(WW^\top - U^\top U)$. Each
entry of the *imbalance* $D = WW^\top - U^\top U$ belongs to some $X$: one matrix of conserved
quantities.
"""),
)

MOTION = (
    text(r"""
## The imbalance under noise
"""),
    derivation(
        "matrix_factorization_equilibrium",
        notes={
            1: r"""
Itô's product rule. $\mathrm dW\,\mathrm dW^\top$ and $\mathrm dU^\top\mathrm dU$ are the terms
that ordinary calculus does not have.
""",
            2: r"""
**Where the loss and the martingale part go.** In $\mathrm dW\,W^\top + W\,\mathrm dW^\top$ stands
$-U^\top\mathrm dZ\,W^\top$ and its transpose. In $\mathrm dU^\top U + U^\top\mathrm dU$ stand the
same two, and the difference is zero. The decay is all that is left of first order.
""",
            3: r"""
**Which noise does what.** $W$ is pushed by the noise of the residual, seen through $U$:
$\mathrm dW\,\mathrm dW^\top = U^\top\mathrm dZ\,\mathrm dZ^\top U$, and
$\mathrm dB\,\mathrm dB^\top = \operatorname{tr}(\Sigma_x)\,\Sigma_r\,\mathrm dt$. The $p$ columns
are summed over, each with its variance. $U$ is pushed by the inputs, seen through $W$:
$\mathrm dB^\top\mathrm dB = \operatorname{tr}(\Sigma_r)\,\Sigma_x\,\mathrm dt$. So the layer that
amplifies the noise more makes the *other* one grow.
""",
        },
    ),
    text(r"""
The factor is $4T = 8\sigma^2$: the 4 is the square of the 2 in the gradient. For the loss
$\frac12|UWx - y|^2$ it would be $T$. For the samples of a data set, with
$\Gamma = \mathbb Erx^\top$ half of the mean gradient, the bracket is

$$
U^\top(\mathbb E|x|^2rr^\top - \Gamma\Gamma^\top)\,U -
W(\mathbb E|r|^2xx^\top - \Gamma^\top\Gamma)\,W^\top
$$

(`matrix_factorization_equilibrium.samples`): $\Gamma$ is zero at the minimum, and independence is
what makes the expectations factorize.

### Where readers get stuck: balance is not $D = 0$

Two layers under SGD are often said to become balanced, $WW^\top = U^\top U$. This is so if both
covariances are multiples of the identity and $p = q$: then the bracket is a multiple of $-D$, and
$D = D_0\,e^{-4Tpst}$ for $\Sigma_r\otimes\Sigma_x = s\,I$
(`matrix_factorization_equilibrium.square`). In general the motion stops where

$$
\operatorname{tr}(\Sigma_r)\,W\Sigma_xW^\top = \operatorname{tr}(\Sigma_x)\,U^\top\Sigma_rU ,
$$

and not at $D = 0$. (Weight decay does pull to $D = 0$. With both, they compete.)
"""),
)

ORBIT = (
    text(r"""
## One equilibrium on each orbit

Let $UW$ be given. At $(UC^{-1}, CW)$, with $M = W\Sigma_xW^\top$, $N = U^\top\Sigma_rU$,
$a = \operatorname{tr}\Sigma_r$ and $c = \operatorname{tr}\Sigma_x$, equilibrium reads
$a\,CMC^\top = c\,C^{-\top}NC^{-1}$. Multiply by $C^\top$ and $C$ from outside: only $Q = C^\top C$
is left, and

$$
a\,Q\,M\,Q = c\,N .
$$

A rotation of the hidden space changes $C$ and not $Q$; up to it $C = Q^{1/2}$
(`matrix_factorization_equilibrium.orbit`). If $M$ and $N$ are positive definite, multiply by
$M^{1/2}$ from both sides:

$$
\big(M^{1/2}QM^{1/2}\big)^2 = \tfrac ca\,M^{1/2}NM^{1/2} .
$$

A positive definite matrix has exactly one positive definite root. So there is exactly one $Q$, the
*geometric mean* of the matrices $M^{-1}$ and $\frac caN$.
"""),
    code(
        r"""
Sx, Sr = np.diag([0.5, 0.8, 1.2, 1.5]), np.diag([0.2, 1.0, 1.8])
rng = np.random.default_rng(0)
left, right = (np.linalg.qr(rng.standard_normal((k, k)))[0] for k in (3, 4))
V = left[:, :2] @ np.diag([1.5, 1.0]) @ right[:2]


def swap(A):
    return np.swapaxes(A, -1, -2)


def factors(C):
    "UC⁻¹ and CW with the product V."
    root = np.diag(np.sqrt([1.5, 1.0]))
    return left[:, :2] @ root @ np.linalg.inv(C), C @ root @ right[:2]


def push(U, W, Sr):
    "tr(Σ_r) WΣ_xW' − tr(Σ_x) U'Σ_rU."
    return np.trace(Sr) * (W @ Sx @ swap(W)) - np.trace(Sx) * (swap(U) @ Sr @ U)


changes = ([[2.0, 0.0], [0.0, 0.6]], [[0.5, 0.3], [0.1, 0.9]], [[1.4, -0.8], [0.8, 1.4]])
starts = [factors(np.array(C)) for C in changes]
U0, W0 = starts[0]
M, cN = W0 @ Sx @ W0.T, np.trace(Sx) / np.trace(Sr) * U0.T @ Sr @ U0
Q = geometric_mean(np.linalg.inv(M), cN)
assert np.allclose(Q @ M @ Q, cN)
print("eigenvalues of WΣ_xW'   at the start      at the equilibrium")
for U0, W0 in starts:
    Ue, We = noise_equilibrium(U0, W0, residual_covariance=Sr, input_covariance=Sx)
    assert np.allclose(Ue @ We, V)
    assert np.allclose(push(Ue, We, Sr), 0)
    before, after = (np.linalg.eigvalsh(w @ Sx @ w.T) for w in (W0, We))
    shown = f"{before[0]:7.3f} {before[1]:7.3f}   {after[0]:7.3f} {after[1]:7.3f}"
    print(f"                     {shown}")
imbalance = We @ We.T - Ue.T @ Ue
print(f"size of WW' − U'U at the equilibrium: {np.linalg.norm(imbalance):.2f}, it is not balance")
""",
        prints="1.058   2.278",
    ),
)

ATTRACTION = (
    text(r"""
## Does SGD go there?

What is proved is this. At fixed product, the noise moves the imbalance by
$\mathrm dD = -4TF\,\mathrm dt$ with $F = aM - cN$, and this determines the motion along the orbit:
"""),
    statement("matrix_factorization_equilibrium.tangent"),
    statement("matrix_factorization_equilibrium.descent"),
    text(r"""
Take $XG + GX = -F$ in the first (the factor $4T$ is a matter of time). Multiply by $X$ and take
the trace: $\operatorname{tr}(XF) = -2\operatorname{tr}(XGX)$. So the potential
$a\operatorname{tr}M + c\operatorname{tr}N$ falls at the rate $4\operatorname{tr}(XGX)$ until
$X = 0$, that is $F = 0$. And it has one minimum on the orbit (last section). The *mean motion on
the orbit* is attracted by the equilibrium from every start.

What is seen, and not proved here, is attraction of the whole process, in which $UW$ fluctuates
about $V$ and $\Sigma_r$ with it. Three starts on one orbit, SGD with $b = 1$, and fresh samples
$y = Vx + \varepsilon$:
"""),
    code(
        r"""
def train(U, W, V, Sr, eta, horizon, seed=None):
    "Layers of many runs at 51 times, SGD with b = 1; gradient descent without seed."
    rng = np.random.default_rng(seed)
    of_x, of_r = np.sqrt(np.diag(Sx)), np.sqrt(np.diag(Sr))
    steps, kept = round(horizon / eta), [(U, W)]
    for step in range(1, steps + 1):
        if seed is None:
            G = (U @ W - V) @ Sx
        else:
            x = of_x * rng.standard_normal((len(U), len(of_x)))
            noise = of_r * rng.standard_normal((len(U), len(of_r)))
            r = U @ (W @ x[..., None]) - (x @ V.T + noise)[..., None]
            G = r * x[:, None, :]
        U, W = U - 2 * eta * G @ swap(W), W - 2 * eta * swap(U) @ G
        if step % (steps // 50) == 0:
            kept.append((U, W))
    return np.linspace(0, horizon, 51), *(np.array(part) for part in zip(*kept, strict=True))


many = [np.stack(part) for part in zip(*starts, strict=True)]
figure, panels = plt.subplots(1, 2, figsize=(7, 3.2), sharey=True)
for axes, name, seed, eta in zip(
    panels, ("gradient descent", "SGD"), (None, 1), (0.05, 0.01), strict=True
):
    time, _, layer = train(*many, V, Sr, eta, 200, seed)
    spectra = np.linalg.eigvalsh(layer @ Sx @ swap(layer))
    for run, colour in enumerate(("blue", "vermilion", "green")):
        first, second = axes.semilogy(time[::2], spectra[::2, run], color=COLOURS[colour])
        second.set_label(f"start {run + 1}")
    axes.set(xlabel="time (steps × η)", title=name)
for level in after:
    line = panels[1].axhline(level, color=INK, linestyle=DASHES, zorder=3)
line.set_label("the equilibrium")
panels[1].legend(loc="center left", bbox_to_anchor=(1, 0.5))
panels[0].set_ylabel("both eigenvalues of WΣₓW′")
panels[0].set_yticks([0.5, 1, 2, 5], ["0.5", "1", "2", "5"])
panels[0].minorticks_off();
""",
        alt="Two eigenvalues of WΣ_xW' over time from three starts, in three colours. Under "
        "gradient descent all stay where they are. Under SGD those of all three starts come to "
        "the two dashed lines of the equilibrium and fluctuate about them.",
    ),
)

RANK = (
    text(r"""
## Where there is no equilibrium, the rank collapses

Let both covariances be positive definite. At an equilibrium $aM = cN$, so that both have one
kernel. That of $N = U^\top\Sigma_rU$ is the kernel of $U$, that of $M = W\Sigma_xW^\top$ is all
that is orthogonal to the columns of $W$. So the columns of $W$ span all that $U$ does not forget,
and

$$
\operatorname{rank}U = \operatorname{rank}W = \operatorname{rank}UW .
$$

If the matrix to be factorized has a smaller rank than the layers, no point of the orbit is an
equilibrium. The motion cannot come to rest at any finite $C$, only where what is too much has died,
with $C$ at infinity. So it does below.
$V$ has rank one, with three hidden units and random starts. The eigenvalues of
$G = WW^\top + U^\top U$ say how much the hidden units, rotated suitably, carry in both layers.
"""),
    code(
        r"""
V1 = np.outer([1.0, 0, 0], [1.5, 0, 0, 0])
rng = np.random.default_rng(3)
wide = 0.7 * rng.standard_normal((20, 3, 3)), 0.7 * rng.standard_normal((20, 3, 4))
figure, panels = plt.subplots(1, 2, figsize=(7, 3.2), sharey=True)
for axes, name, seed in zip(panels, ("gradient descent", "SGD"), (None, 4), strict=True):
    time, us, ws = train(*wide, V1, Sr, 0.02, 80, seed)
    values = np.linalg.eigvalsh(ws @ swap(ws) + swap(us) @ us)
    middle = np.median(values, axis=1)
    for number, colour, which in (
        (2, "blue", "largest"),
        (1, "green", "second"),
        (0, "vermilion", "third"),
    ):
        axes.semilogy(time, middle[:, number], color=COLOURS[colour], label=which)
    axes.set(xlabel="time (steps × η)", title=name)
panels[0].legend(loc="lower left")
panels[0].set_ylabel("eigenvalues of G, median of 20");
""",
        alt="Three eigenvalues of G over time on a logarithmic scale. Under gradient descent all "
        "stay of order one. Under SGD the first stays, and the second and the third fall, the "
        "third by several orders of magnitude.",
    ),
    text(r"""
`noise_equilibrium` refuses such a pair of layers, and says which side lacks rank.
"""),
    code(
        r"""
try:
    noise_equilibrium(
        np.eye(2), np.diag([1.0, 0.0]), residual_covariance=np.eye(2), input_covariance=np.eye(2)
    )
except ValueError as refused:
    print(fill(str(refused), 84))
""",
        prints="rank 1 of 2",
    ),
)

SHARPNESS = (
    text(r"""
## Flat or sharp?

The trace of the Hessian $H$ of the loss measures how sharp a minimum is. The product is the same
all along an orbit, and so is the loss. The Hessian is not.
"""),
    statement("sharpness"),
    text(r"""
The engine has no Hessians. It has drifts: along $\sqrt2$ times a Brownian motion of all parameters
the drift of a function is the trace of its Hessian. Now compare. Along $(UC^{-1}, CW)$ the trace is
$2\,(q\operatorname{tr}QM + c\operatorname{tr}Q^{-1}U^\top U)$, and
"""),
    statement("sharpness.minimum"),
    steps(
        "sharpness.minimum",
        notes={
            2: r"""
By hand: $(Q-P)Q^{-1}(Q-P) = Q - 2P + PQ^{-1}P$. Multiply by $aM$, take the trace, and put
$aPMP = cN$ in.
""",
        },
    ),
    text(r"""
For $\Sigma_r = \sigma^2I$ the equilibrium is $q\,PMP = c\,U^\top U$: the flattest point of the
orbit, and SGD goes there. For other $\Sigma_r$ the equilibrium minimises
$\operatorname{tr}(\Sigma_r)\operatorname{tr}QM + c\operatorname{tr}Q^{-1}U^\top\Sigma_rU$ instead.
This is not the trace of the Hessian. From the flattest point the noise must then *sharpen*. "SGD
prefers flat minima" depends on the noise of the labels. Both below, the second at two step
sizes:
"""),
    code(
        r"""
def sharpness(U, W):
    "tr H."
    first = np.trace(W @ Sx @ swap(W), axis1=-2, axis2=-1)
    return 2 * (3 * first + np.trace(Sx) * (U**2).sum(axis=(-1, -2)))


even, uneven = np.eye(3), np.diag([2.6, 0.2, 0.2])
flattest = noise_equilibrium(*starts[0], residual_covariance=even, input_covariance=Sx)
figure, axes = plt.subplots()
for begin, noise, eta, colour in (
    (starts[0], even, 0.02, COLOURS["blue"]),
    (flattest, uneven, 0.02, COLOURS["vermilion"]),
    (flattest, uneven, 0.01, COLOURS["green"]),
):
    runs = [np.tile(layer, (40, 1, 1)) for layer in begin]
    time, us, ws = train(*runs, V, noise, eta, 100, 5)
    name = f"{'even' if noise is even else 'uneven'} Σᵣ, η = {eta:g}"
    axes.plot(time, sharpness(us, ws).mean(axis=1), color=colour, label=name)
    stated = noise_equilibrium(*begin, residual_covariance=noise, input_covariance=Sx)
    axes.axhline(sharpness(*stated), color=colour, linestyle=DASHES, linewidth=1)
axes.set(xlabel="time (steps × η)", ylabel="tr H, mean of 40 runs", ylim=(25, 62))
axes.legend(title="dashed: at the equilibrium of that colour", ncols=2);
""",
        alt="The trace of the Hessian over time. With even label noise it falls from a sharp start "
        "to the dashed line of its equilibrium. With uneven noise it rises from there towards a "
        "higher dashed line, and comes the nearer to it the smaller the step is.",
    ),
    text(r"""
The distance to the upper line about halves with the step. The equilibrium is computed for
$UW = V$. Under SGD the product fluctuates about $V$ with a variance of order $\eta$, which enters
$\operatorname{tr}H$, and the residual too.
"""),
    mutant(
        r"""
The number of outputs is forgotten, $W\Sigma_xW^\top = \operatorname{tr}(\Sigma_x)\,U^\top U$ for
the flattest point. For one output nobody would notice.
""",
        r"""
slope = find("sharpness.orbit")
forgotten = {slip.name: slip for slip in slope.mutants}["outputs"]
show(check(replace(slope, **forgotten.changes), effort="quick", tiers=("exact",)))
""",
    ),
)

WALKTHROUGH = Walkthrough(
    title="The noise equilibrium of a matrix factorization",
    order=10,
    cells=(SETTING, MOTION, ORBIT, ATTRACTION, RANK, SHARPNESS, CHECKS, MISTAKES, EXERCISES),
)
