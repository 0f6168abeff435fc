"""One step of label-noise SGD: what it does to the imbalance of the layers, exactly in the mean."""

from sympy import sqrt

from derivations import Parameter, State, StepClaim, TwoPoint, Update, dims, positive, tr

n, p, k, l = dims("n p k l")
W1, W2 = State("W1", p, l), State("W2", l, k)
X, Y = Parameter("X", n, p), Parameter("Y", n, k)
eta, delta = positive("eta"), positive("delta")
xi = TwoPoint("xi", n, k)

R = X.T * (Y - X * W1 * W2) / n
G = R + sqrt(delta) / n * X.T * xi
step = Update({W1: W1 + eta * G * W2.T, W2: W2 + eta * W1.T * G})

noise = delta / n**2
imbalance = StepClaim(
    update=step,
    observable=W1.T * W1 - W2 * W2.T,
    change=eta**2 * (W2 * R.T * R * W2.T - W1.T * R * R.T * W1)
    + eta**2 * noise * (tr(X * X.T) * W2 * W2.T - k * W1.T * X.T * X * W1),
)
