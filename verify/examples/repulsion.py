"""Two eigenvalues of W1W1' repel each other under noise (Theorem 5.1 of the same paper, p = 2).

Varre, Sagitova, Flammarion: SGD vs GD: Rank Deficiency in Linear Networks, NeurIPS 2024.
"""

from derivations import Assumption, Brownian, DifferentialClaim, MatrixSDE, State
from derivations import dims, eigenvalues, total, tr

k, l = dims("k l")
W1, W2, B = State("W1", 2, l), State("W2", l, k), Brownian("B", 2, k)
sde = MatrixSDE({W1: B.d * W2.T, W2: W1.T * B.d})

lam = eigenvalues(W1 * W1.T)
i, j = lam.indices("i j")
P = W1 * W2
q_i, q_j = (tr(lam.projector(index) * P * P.T) for index in (i, j))

eigenvalue = DifferentialClaim(
    sde=sde,
    observable=lam[i],
    drift=tr(W2 * W2.T) + total((q_i + q_j) / (lam[i] - lam[j]), j, excluding=i),
    martingale=2 * tr(lam.projector(i) * B.d * P.T),
    assumptions=(Assumption(text="the eigenvalues are distinct", condition=lam.distinct),),
)
