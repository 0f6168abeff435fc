"""The Wishart process S = XX' of a Brownian matrix X (n, m): trace and determinant (Bru 1991)."""

from derivations import Assumption, Brownian, DifferentialClaim, MatrixSDE, State
from derivations import dims, full_row_rank, logdet, tr

n, m = dims("n m")
X, B = State("X", n, m), Brownian("B", n, m)
S = X * X.T
brownian = MatrixSDE({X: B.d}, assuming=[full_row_rank(X)])
rank = Assumption(text="X has full row rank", condition=full_row_rank(X))

trace = DifferentialClaim(sde=brownian, observable=tr(S), drift=n * m, martingale=2 * tr(X.T * B.d))

log_determinant = DifferentialClaim(
    sde=brownian,
    observable=logdet(S),
    drift=(m - n - 1) * tr(S.inverse()),
    martingale=2 * tr(X.T * S.inverse() * B.d),
    assumptions=(rank,),
)
