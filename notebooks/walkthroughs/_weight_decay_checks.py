"""The null space under weight decay, the sweep of ranks on the digits, and exercises."""

from notebooks.cells import code, derivation, exercise, kernel, mutant, statement, text

NULL_SPACE = (
    text(r"""
## Where no data reach

Linear regression, with the loss $\frac1{2n}|Y - XW|^2 + \lambda|W|^2$. If there are fewer samples
than inputs, some directions $v$ are invisible, $Xv = 0$. Collect independent ones as the columns of
$N$. The part $N^\top W$ of the weights is seen by no sample. What does training do to it?

**How "any data with this null space" is said to the engine.** Let $P = I - N(N^\top N)^{-1}N^\top$
be the projector onto everything orthogonal to $N$. Data with $XN = 0$ are exactly $X = ZP$ for some
$Z$, and a sample is $x_i = Pz_i$. So $Z$ is arbitrary, and $XN = 0$ is not assumed but built in.
"""),
    derivation(
        "null_space_decay",
        notes={
            1: r"""
**One line.** The gradient of the data is $P$ times something, and $N^\top P = 0$. It drops out of
$N^\top W$, whatever $Y$ is. What is left is the decay.
""",
        },
    ),
    text(r"""
Nothing in it depends on which samples there are. So it is the same for a minibatch, and for every
label noise, not only in the mean but for each draw:
"""),
    statement("null_space_decay.minibatch"),
    kernel("null_space_decay", "update", "change"),
    text(r"""
### Per update and per epoch

This is where a sentence such as "SGD forgets the null space faster than GD" comes from, and where
it needs care. An epoch of GD is one update. An epoch of SGD is $\lceil n/b\rceil$ updates, the last
on what is left over. So with one step size $\eta$ for both

$$
\text{per update: } 1 - 2\eta\lambda \text{ for both}, \qquad
\text{per epoch: } 1 - 2\eta\lambda \text{ for GD}, \quad (1 - 2\eta\lambda)^{\lceil n/b\rceil}
\text{ for SGD}.
$$

Not noise but the number of updates makes SGD fast. GD with a step size $\lceil n/b\rceil$ times as
large, if it is stable, has to first order the same rate an epoch. And with $\lambda = 0$ nothing
moves at all, for neither (`null_space_decay.without`): off the data there is no implicit bias of
minibatches.
"""),
    code(
        r"""
rng = np.random.default_rng(3)
n, p, visible, b = 50, 80, 30, 8
X = rng.standard_normal((n, visible)) @ rng.standard_normal((visible, p))
X *= np.sqrt(n) / np.linalg.norm(X, 2)
Y = X @ rng.standard_normal((p, 4)) + 0.5 * rng.standard_normal((n, 4))
W0 = rng.standard_normal((p, 4))
N = np.linalg.svd(X)[2][visible:].T


def hidden(batch, decay, epochs, *, step=0.1):
    "|N'W| over its start after every update."
    noise, W, sizes = np.random.default_rng(4), W0, [1.0]
    for _ in range(epochs):
        order = noise.permutation(n)
        for first in range(0, n, batch):
            chosen = order[first : first + batch]
            residual = X[chosen] @ W - Y[chosen]
            W = W - step * (X[chosen].T @ residual / len(chosen) + 2 * decay * W)
            sizes.append(np.linalg.norm(N.T @ W) / np.linalg.norm(N.T @ W0))
    return np.array(sizes)


figure, (left, right) = plt.subplots(1, 2, figsize=(7, 2.8), sharey=True)
each = -(-n // b)
kept = 1 - 2 * 0.1 * 0.05
for name, batch, colour, thick in (("GD", n, "blue", 4), ("SGD", b, "vermilion", 1.4)):
    per_epoch = -(-n // batch)
    with_decay = hidden(batch, 0.05, 60 if batch == b else 420)
    without = hidden(batch, 0.0, 60)
    updates = np.arange(len(with_decay))
    look = {"color": COLOURS[colour], "linewidth": thick, "alpha": 0.7}
    left.semilogy(updates, with_decay, label=name, **look)
    right.semilogy(updates / per_epoch, with_decay, **look)
    right.semilogy(np.arange(len(without)) / per_epoch, without, linestyle=":", **look)
    right.plot([], [], color=COLOURS[colour], linestyle=":", label=f"{name}, λ = 0")
    exact = np.allclose(with_decay, kept**updates, rtol=1e-9)
    print(f"{name:4}{per_epoch} updates an epoch; |N'W| = (1 − 2ηλ)^updates: {exact};", end=" ")
    print(f"λ = 0 moves it: {not np.allclose(without, 1, rtol=1e-12)}")
left.semilogy(kept ** np.arange(421), color=INK, linestyle=DASHES, label="(1 − 2ηλ)^updates")
left.set(xlabel="updates", ylabel="|N'W| / |N'W₀|", xlim=(0, 420), ylim=(1e-2, 1.5))
right.set(xlabel="epochs", xlim=(0, 60))
right.legend(loc="lower left")
left.legend(loc="lower left");
""",
        alt="The size of the weights off the data. Against updates gradient descent, SGD and the "
        "prediction are one falling line. Against epochs SGD falls seven times as fast. Without "
        "decay both stay level.",
        prints=("updates: True", "moves it: False"),
    ),
    mutant(
        r"""
"An epoch is one look at all the data, so it is one factor." The claim is of three updates, an epoch
with $n = 3b$; for any number of them see `null_space_decay.induction` and `.updates`.
""",
        r"""
claim = find("null_space_decay.written_out")
[slip] = [m for m in claim.mutants if m.name == "epoch"]
show(check(replace(claim, **slip.changes), effort="quick", tiers=("exact",)))
""",
    ),
    text(r"""
By hand: with $\eta = 4$, $\lambda = 1$ each update multiplies by $1 - 8 = -7$, and $(-7)^3 = -343$.
(So large a step is no good training, and a good counter-example. The claim is algebra and holds for
every $\eta$.) Another mistake is `batch` among the mutants of `null_space_decay.minibatch`: a
batch that holds a part $b/n$ of the data is said to do that part of the decay.
"""),
    text(r"""
### In continuous time

With $t = \text{steps}\cdot\eta$ the decay is $e^{-2\lambda t}$ on every path. The noise of the
labels stays in the span of the data, so there is no martingale part:
"""),
    statement("null_space_decay.flow"),
    code(
        r"""
flow = find("null_space_decay.flow")
show(check(flow, effort="quick", tiers=("derivation",)))
""",
        prints=("AGREES",),
    ),
)

SWEEP = (
    text(r"""
## What is seen in a trained network

A ReLU network of two hidden layers on the digits, $\mu = 0.1$, $\lambda = 0.012$, all from one
start. The rank is the number of singular values above a hundredth of the largest; that hundredth is
a choice, and the picture shows all of them.
"""),
    code(
        r"""
runs = (
    ("b = 4", 4, 2500, 0.012, "vermilion", "-"),
    ("b = 32, equal epochs", 32, 312, 0.012, "green", "-"),
    ("b = 32, equal updates", 32, 2500, 0.012, "blue", "-"),
    ("b = 4, λ = 0", 4, 2500, 0.0, "orange", DASHES),
)
figure, axes = plt.subplots(figsize=(7, 3.2))
found, number = {}, np.arange(1, 33)
sigma = np.linalg.svd(begin[1], compute_uv=False)
axes.semilogy(number, sigma / sigma[0], color=GREY, label="start")
for name, batch, updates, decay, colour, line in runs:
    how = Training(step=0.1, decay=decay, batch=batch, updates=updates)
    trained = sgd(begin, x, labels, how, np.random.default_rng(5))
    sigma = np.linalg.svd(trained[1], compute_uv=False)
    ranks_ = [relative_rank(W, 0.01) for W in trained[:-1]]
    found[name] = np.mean(ranks_)
    wrong = error_rate(trained, test_x, test_labels)
    print(f"{name:22} ranks of the hidden layers {ranks_}   test error {wrong:.1%}")
    axes.semilogy(number, sigma / sigma[0], color=COLOURS[colour], linestyle=line, label=name)
axes.axhline(0.01, color=GREY, linewidth=0.8, linestyle=":", label="threshold of the rank")
axes.set(xlabel="number i of the singular value", ylabel="σᵢ / σ₁, second layer", ylim=(2e-6, 1.5))
axes.legend(loc="lower left", ncols=2)
assert found["b = 4"] < found["b = 32, equal epochs"] - 5
assert found["b = 32, equal updates"] < found["b = 4"]
assert found["b = 4, λ = 0"] > 31
""",
        alt="Singular values of the second layer, relative to the largest, at the start and after "
        "four ways to train. Without decay, and with decay in batches of 32 at equal epochs, they "
        "fall slowly. With decay and 2,500 updates they fall steeply; for batches of 32 a little "
        "more steeply than for batches of 4.",
    ),
    text(r"""
- **Without decay no bias.** The dashed line has the shape of that of the start.
- **At equal epochs the smaller batch has the lower rank**, by far. This is how it is usually told.
- **At equal updates it has not.** Batches of 32 give slightly *lower* rank than batches of 4. The
  smaller batch of the sentence before had eight times as many updates, each with its decay.
- **The test error is no better for it.** With so strong a decay it is rather worse. The experiment
  below takes a milder one, and judges whether the change is below three percent in the mean.

So what carries over is the counting of updates, as for the null space: after $u$ of them
$e^{-2\mu\lambda u}$ is left of whatever the data do not hold up. The counting of ranks, in which a
small batch is an advantage at every single step, does not carry over.

One network and one seed are a picture, and no more. With several seeds, learning rates and decays
it is `python -m verify experiment rank-sweep`; residual and convolutional networks are in
`deep-rank-sweep`. Both judge *lower at equal epochs*; the first also *not lower at equal updates*.
(The step size here is small on purpose. At $\mu = 0.2$ rounding errors grow along this training
until they show: no two kinds of processor would draw the same picture.)
"""),
)

EXERCISES = (
    text("## Exercises"),
    exercise(
        r"""
A convolution with 12 channels, filters of 3 positions, 6 output positions. For which batch sizes
does the bound on the rank say anything? Is it attained there?
""",
        hint=r"$W$ is $12\times36$; the bound is $\min(12, 36, 6b)$.",
        solution=r"""
for batch in (1, 2):
    rank, bound = ranks("convolution", batch)[0]
    print(f"batch {batch}: rank {rank}, bound {bound}, full rank {rank == 12}")
    assert rank == bound == min(12, 6 * batch)
""",
    ),
    exercise(
        r"""
*Decoupled* decay (as in AdamW) shrinks by a factor that does not contain the step size:
$W^+ = (1-\omega)W - \eta\,G$. What becomes of $N^\top W$? State it as a claim of your own.
""",
        hint=r"""
`Update({W: ...})` and `StepClaim`, as in `derivations/theorems/null_space_decay.py`; $X = ZP$.
""",
        solution=r"""
rows, inputs, outputs, unseen = dims("n p k q")
eta, omega = positive("eta"), positive("omega")
V, K = State("W", inputs, outputs), Parameter("N", inputs, unseen)
target, Z = Parameter("Y", rows, outputs), Parameter("Z", rows, inputs)
data = Z - Z * K * (K.T * K).I * K.T
pull = data.T * (target - data * V) / rows
claim = StepClaim(
    update=Update({V: (1 - omega) * V + eta * pull}),
    observable=K.T * V,
    change=-omega * K.T * V,
    assumptions=(Assumption(text="N has full column rank", condition=full_row_rank(K.T)),),
)
show(check(claim, effort="quick", tiers=("derivation", "exact")))
""",
    ),
    exercise(
        r"""
How strong must the decay be for the bound to say that a layer of width 512, trained with batches of
4 at $\mu = 0.1$, is within a tenth of its size of rank 50? What does this decay do to a direction
on which the data pull with a constant gradient of size 1?
""",
        hint=r"""
$\kappa^m = \frac1{10}$ with $4m = 50$. And $W = \kappa W - \mu G$ at rest.
""",
        solution=r"""
m = 50 // 4
kappa = 0.1 ** (1 / m)
decay = (1 - kappa) / (2 * 0.1)
print(f"m = {m}, κ = {kappa:.3f}, λ = {decay:.2f}; at rest |W| = 1/(2λ) = {1 / (2 * decay):.2f}")
assert abs(0.1 / (1 - kappa) - 1 / (2 * decay)) < 1e-12
""",
    ),
    text(r"""
## Where to go on

`python -m verify list weight_decay_unrolling` and the same of `batch_gradient_rank` and
`null_space_decay` name what is left out here. The experiments `gradient-rank`, `rank-distance`,
`null-space-decay` and `rank-sweep` have larger networks, several seeds and a verdict. Weight decay
and the determinant: `weight_decay_determinant`, in the walkthrough on real SGD.
"""),
)
