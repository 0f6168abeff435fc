"""Weight decay: rank of a batch's gradient, closeness to low rank, the null space of the data."""

from notebooks.cells import Walkthrough, code, derivation, kernel, mutant, statement, text
from notebooks.walkthroughs._weight_decay_checks import EXERCISES, NULL_SPACE, SWEEP

SETTING = (
    text(r"""
A batch of $b$ samples moves a layer by a matrix of rank $b$ at most. Weight decay makes the layer
forget its past. Together: after many steps the weights are close to a sum of a few gradients, each
of low rank. This is the argument of Galanti, Xu, Poggio and others, that SGD with weight decay
prefers layers of low rank. This notebook goes through it, and asks each time how much it says about
a network that somebody has trained:

1. the rank of one gradient: exact, and sharp;
2. the distance to low rank: exact, and nearly always empty;
3. the part of the weights that no data reach: decay alone moves it;
4. what is seen when a network is trained on images, and which of the above explains it.

All formulas are derived here, and none is copied. **The convention:** the loss has the term
$\lambda|W|^2$, of gradient $2\lambda W$. Other walkthroughs write $\tfrac\mu2|\Theta|^2$; their
decay is $\mu = 2\lambda$. From here on $\mu$ is a step size. (It is $\eta$ in the part on the null
space, as in its sources.)

No label noise is needed, and none is there. That noise in the labels lowers $\det M$ without any
decay (the first walkthrough) is another effect; the two must not be taken for each other.
"""),
    code(
        r"""
from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np

from derivations import *
from derivations.catalogue import find
from notebooks.showing import COLOURS, DASHES, GREY, INK, show, use_style
from numerics.datasets.digits import load
from numerics.deep import Training, error_rate, relative_rank, sgd, start
from numerics.deep.prime_gradients import KINDS, layer_ranks, random_network
from verify import check

use_style()
"""
    ),
)

RANK = (
    text(r"""
## The rank of one gradient

Take one layer of a network, with the weights $W$. Sample $i$ arrives at it as a vector $x_i$, and
what leaves it is $Wx_i$. Everything behind the layer is a function of $Wx_i$. Between the kinks of
the ReLUs this function is linear; let $J_i$ be its matrix, and $f_i$ what the output would be
without the layer's term. The layers before enter through $x_i$, those behind through $J_i$ and
$f_i$. Nothing is assumed of any of them.
"""),
    derivation(
        "batch_gradient_rank",
        notes={
            1: r"""
**Why a direction $H$.** The claim is about a gradient $G$, and the engine knows differentials. So
let the layer move in an arbitrary direction, $\mathrm dW = H\,\mathrm dt$. Then the loss moves by
$\operatorname{tr}(G^\top H)\,\mathrm dt$, for every $H$, and this determines $G$. There is no
noise, and the term with two differentials will vanish.
""",
            3: r"""
**Read off the rank.** With the error $e_i = f_i + J_iWx_i - y_i$ the matrix beside $H$ is
$G = \frac1b\sum_i (J_i^\top e_i)\,x_i^\top$: a column times a row for each sample, and nothing
else. A sum of $b$ such products has rank $b$ at most.
""",
        },
    ),
    text(r"""
The loss was taken to be square. For any other, $e_i$ is the gradient of the loss in the output, and
the form is the same.

### Where readers get stuck: skips and convolutions

A *residual* layer gives $x_i + Wx_i$. The skip connection passes $x_i$ on, but there is no $W$ in
it. It changes the errors and not the number of terms (`batch_gradient_rank.residual`).

A *convolution* applies the same $W$ to many patches of one sample. Each patch brings a product of
its own:
"""),
    statement("batch_gradient_rank.convolution"),
    text(r"""
So the number to count is not the batch size but how often the weights are used: batch × reuse, with
reuse the number of output positions. In an image network that is thousands, for a single sample.

### A rank as a projector

A rank is an integer, and no calculus of differentials sees it. The engine is told in another form.
Let the rows of $A$ be the $s = b\cdot\text{reuse}$ inputs and those of $E$ the
errors, so that $G = E^\top A$. Then $\Pi = A^\top(AA^\top)^{-1}A$ projects onto the span of the
inputs, $G\,\Pi = G$ (`batch_gradient_rank.span`), and the rank of a projector is its trace.
"""),
    derivation("batch_gradient_rank.trace"),
    text(r"""
### Exact ranks of random networks

In floating point a rank is a matter of opinion: where does zero end? Here it is none. Take every
number of a network, its weights, inputs, errors, and the pattern of its ReLUs, at random from the
integers modulo the prime $2^{31}-1$. Gradients are sums and products of them, and Gaussian
elimination is exact. A rank modulo a prime is never larger than the rank for generic real numbers,
and smaller only by an accident of chance about $10^{-8}$. So a bound that is false for a generic
network is seen to be false.
"""),
    code(
        r"""
def ranks(kind, batch, *, width=12, seed=0):
    "Rank and bound of each layer's gradient: two hidden layers and the output layer."
    rng = np.random.default_rng([seed, batch])
    how = {"width": width, "depth": 2, "outputs": 10, "positions": 6}
    found = layer_ranks(random_network(kind, batch=batch, rng=rng, **how))
    return [(layer.rank, layer.bound) for layer in found]


batches = [1, 2, 4, 6, 9, 12, 15]
figure, panels = plt.subplots(1, 3, figsize=(7, 2.8), sharey=True)
marks = (("first layer", "o", "blue"), ("second layer", "x", "green"), ("output", "s", "vermilion"))
worst = 0
for axes, kind in zip(panels, KINDS, strict=True):
    table = np.array([ranks(kind, batch) for batch in batches])
    worst = max(worst, (table[..., 0] - table[..., 1]).max())
    for layer, (name, mark, colour) in enumerate(marks):
        rank, bound = table[:, layer].T
        axes.plot(batches, bound, color=COLOURS[colour], linestyle=DASHES, linewidth=1)
        axes.plot(batches, rank, mark, color=COLOURS[colour], fillstyle="none", label=name)
    axes.set(title=kind, xlabel="batch size")
panels[0].set_ylabel("rank of the gradient")
panels[0].plot([], [], color=GREY, linestyle=DASHES, label="bound")
panels[0].legend(loc="lower right")
print("largest excess over min(d_out, d_in, batch × reuse):", worst)
""",
        alt="Rank of the gradient against the batch size for fully connected, residual and "
        "convolutional networks. In the first two it grows with the batch up to the width of 12, "
        "or to the 10 outputs. In the convolution the hidden layers have rank 6 at batch 1 and "
        "full rank from batch 2 on. All marks lie on the dashed bound.",
        prints=("excess over min(d_out, d_in, batch × reuse): 0",),
    ),
    text(r"""
The bound holds and is attained. The third panel shows its limits: for the convolution it says
nothing from two samples on.
"""),
    kernel("batch_gradient_rank", "observable", "stated_drift"),
    code(
        r"""
show(check(find("batch_gradient_rank"), effort="quick", tiers=("derivation", "exact")))
""",
        prints=("AGREES",),
    ),
    mutant(
        r"""
The mean error times the mean input. This would have rank one for every batch.
""",
        r"""
claim = find("batch_gradient_rank")
[slip] = [m for m in claim.mutants if m.name == "rank_one"]
show(check(replace(claim, **slip.changes), effort="quick", tiers=("exact",)))
""",
    ),
    text(r"""
By hand: two samples and all sizes 1. The first has $x_1 = J_1 = 0$. The second has $x_2 = J_2 = 1$
and the error $e_2 = f_2 + W - y_2 = 2$. So $G = \frac12\cdot2 = 1$, while the means are 1 and
$\frac12$, and their product is $\frac12$. For one sample the mistake does not show.
"""),
)

UNROLLED = (
    text(r"""
## Forgetting: the distance to low rank

One step with the step size $\mu$ on the loss of a batch and the decay:

$$
W_{t+1} = W_t - \mu\,(G_t + 2\lambda W_t) = \kappa\,W_t - \mu\,G_t, \qquad
\kappa = 1 - 2\mu\lambda .
$$

$G_t$ is the data gradient, at the weights $W_t$ of its own time and on the batch of its own time.
Put the step into itself, $m$ times:

$$
W_T = \kappa^m\,W_{T-m} - \mu\sum_{j=1}^m \kappa^{j-1}\,G_{T-j} .
$$

The number $m$ of terms is a symbol, so that this is proved by induction. The base case is the step
itself (`weight_decay_unrolling.base`); what follows is the induction step.
"""),
    derivation(
        "weight_decay_unrolling",
        notes={
            1: r"""
**How to read it.** $W$ is $W_{T-m}$, the sum is that of the $m$ gradients so far with *any* weights
$a_j$, and $G_0$ is the gradient of one more step. One step multiplies everything that is already
there by $1 - 2\lambda\mu$, and adds $-\mu G_0$.
""",
            3: r"""
**What the induction gives.** The latest gradient has the weight 1, each older one has gained a
factor $\kappa$: with $a_1 = 1$ for one step, $a_j = \kappa^{j-1}$ for all. It is an identity. That
the gradients were taken at different weights plays no part.
""",
        },
    ),
    mutant(
        r"""
$\kappa = 1 - \mu\lambda$: the factor of the other convention, $\frac\lambda2|W|^2$. Between two
papers this is a matter of taste; within one it is an error in every exponent that follows. The
claim is the base case, one step.
""",
        r"""
claim = find("weight_decay_unrolling.base")
[slip] = [m for m in claim.mutants if m.name == "factor_two"]
show(check(replace(claim, **slip.changes), effort="quick", tiers=("exact",)))
""",
    ),
    text(r"""
If each gradient has rank $r = b\cdot\text{reuse}$ or less, the sum $V$ has rank $mr$ or less, and
what separates $W_T$ from it is known exactly:
"""),
    statement("weight_decay_unrolling.distance"),
    text(r"""
One more step than $m$, which is a symbol: by induction, for every $m$, **$W_T$ is
$\kappa^m\,|W_{T-m}|$ away from a matrix of rank $mr$**, and the nearest matrix of that rank is no
farther. That the sum of the gradients is a product through $mr$ columns is
`weight_decay_unrolling.low_rank`.

### Where readers get stuck: is the bound small where the rank is small?

Two things are wanted of $m$. For a small distance it must be large, as
$\kappa^m \approx e^{-2\mu\lambda m}$. For a low rank $mr$ must be below the width $d$ of the layer.
Both at once need $2\mu\lambda$ to be large beside $r/d$:
"""),
    code(
        r"""
print("  μ      λ      b   width   m for κ^m = 1/10   rank m·b   says something")
for mu_, lam_, b_, d_ in (
    (0.1, 0.0005, 128, 512),
    (0.1, 0.0005, 1, 512),
    (0.05, 0.012, 4, 32),
    (0.1, 0.05, 1, 512),
):
    steps = int(np.ceil(np.log(0.1) / np.log1p(-2 * mu_ * lam_)))
    answer = "yes" if steps * b_ < d_ else "no"
    print(
        f"{mu_:5.2f} {lam_:7.4f} {b_:5d} {d_:6d} {steps:14,d} {steps * b_:15,d}   {answer:>10}"
    )
""",
        prints=("23,025", "yes"),
    ),
    text(r"""
The first row is common practice, and the bound on the rank is 5,756 times the width. The second row
has batches of a single sample, and they do not help. The last row says something, with a decay of a
hundred times the usual one. Nor does training longer help: $m$ counts steps at the end of it.

See it on a network that is trained on 8 × 8 images of digits, with batches of one. The decay on the
right is so strong that the network learns the digits markedly worse. Dashed is the bound, against
the rank $m\cdot b$; the line below is the distance of $W_T$ from its nearest matrix of that rank.
"""),
    code(
        r"""
def images(train, test, seed):
    "Rows of pixels and labels, to train on and to test on."
    split = load().split(train, test, np.random.default_rng([seed, 0]))
    rows = [part.reshape(len(part), -1) for part in (split.train, split.test)]
    return rows[0], split.train_labels, rows[1], split.test_labels


widths = [64, 32, 32, 10]
x, labels, test_x, test_labels = images(320, 1000, 1)
begin = start(widths, np.random.default_rng(1))
memory = 31


def unrolled(decay, *, updates=3000, step=0.05):
    "Bound and distance for m = 1, …, 31, of the second layer, over |W_T|; and the test error."
    kept, seen, moved = 1 - 2 * step * decay, [], []

    def watch(update, layers, gradients):
        if update > updates - memory - 1:
            seen.append(layers[1].copy())
            moved.append(gradients[1])

    how = Training(step=step, decay=decay, batch=1, updates=updates)
    trained = sgd(begin, x, labels, how, np.random.default_rng(2), watch)
    W, m = seen[-1], np.arange(1, memory + 1)
    near, gap = np.zeros_like(W), 0.0
    bound = kept**m * np.array([np.linalg.norm(W_) for W_ in seen[-2::-1]])
    for j, (G, left) in enumerate(zip(moved[:0:-1], bound, strict=True)):
        near = near - step * kept**j * G
        gap = max(gap, abs(np.linalg.norm(W - near) / left - 1))
    tail = np.sqrt(np.cumsum(np.linalg.svd(W, compute_uv=False)[::-1] ** 2))[::-1][1:]
    size = np.linalg.norm(W)
    return bound / size, tail / size, gap, error_rate(trained, test_x, test_labels)


figure, panels = plt.subplots(1, 2, figsize=(7, 2.8), sharey=True)
for axes, decay in zip(panels, (0.002, 0.02), strict=True):
    bound, tail, gap, wrong = unrolled(decay)
    print(f"λ = {decay:5.3f}: |W_T − V| = κ^m |W_(T−m)| to nine digits: {gap < 1e-9};", end=" ")
    print(f"bound at rank 31: {bound[-1]:.2f} |W_T|; test error {wrong:.0%}")
    rank = np.arange(1, memory + 1)
    axes.semilogy(rank, bound, color=INK, linestyle=DASHES, label="bound")
    axes.semilogy(rank, tail, color=COLOURS["vermilion"], label="distance itself")
    axes.set(title=f"λ = {decay:g}", xlabel="rank r", ylim=(1e-4, 2))
assert tail[7] < 1 / 50
panels[0].set_ylabel("distance of W_T from rank r / |W_T|", fontsize=9)
panels[0].legend(loc="lower left");
""",
        alt="Bound and distance from low rank against the rank, for two decays. The dashed bound "
        "stays near one in both panels, over all ranks up to 31 of 32. The distance itself falls "
        "to below a hundredth, much faster for the strong decay.",
        prints=("digits: True",),
    ),
    text(r"""
The identity holds to rounding, and the bound is nearly empty: it stays near $|W_T|$ at every rank
that a layer of this width can have. On the right the layer *is* close to low rank (eight directions
carry all but a fiftieth of it), but it is not the bound that says so. The bound counts steps. It
leaves out that the gradients of different steps have directions in common, and that the decay also
acts on what came before the last 31 steps.
"""),
)

WALKTHROUGH = Walkthrough(
    title="Weight decay: rank of a batch, low rank, the null space",
    order=11,
    cells=(SETTING, RANK, UNROLLED, NULL_SPACE, SWEEP, EXERCISES),
)
