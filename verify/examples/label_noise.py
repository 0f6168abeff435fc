"""Label noise in a two-layer linear network: log det M falls, whatever the residual (Theorem 4.2).

Varre, Sagitova, Flammarion: SGD vs GD: Rank Deficiency in Linear Networks, NeurIPS 2024.
"""

from derivations import Assumption, Brownian, DifferentialClaim, MatrixSDE, Parameter, Process
from derivations import SignClaim, State, dims, dt, full_row_rank, logdet, stack, tr

p, k, l = dims("p k l")
W1, W2 = State("W1", p, l), State("W2", l, k)
C = Parameter("C", p, p, positive_definite=True)
R, B = Process("R", p, k), Brownian("B", p, k, row_covariance=C)
theta = stack(W1, W2.T)
moved = R * dt + B.d
sde = MatrixSDE({W1: moved * W2.T, W2: W1.T * moved}, assuming=[full_row_rank(theta)])
rank = Assumption(text="Θ has full row rank", condition=full_row_rank(theta))
log_det = logdet(theta * theta.T)

rate = DifferentialClaim(sde=sde, observable=log_det, drift=-2 * k * tr(C), assumptions=(rank,))
falls = SignClaim(sde=sde, observable=log_det, sign="<", assumptions=(rank,))
imbalance = DifferentialClaim(
    sde=sde, observable=W1.T * W1 - W2 * W2.T, drift=tr(C) * W2 * W2.T - k * W1.T * C * W1
)
