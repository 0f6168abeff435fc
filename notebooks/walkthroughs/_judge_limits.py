"""What the judge cannot see."""

from notebooks.cells import code, text

__all__ = ["BLIND"]

BLIND = (
    text(r"""
## What it cannot see

*What is wrong by less than the relevant error.* The value below is one percent too large, and the
claim says that errors below a tenth do not matter.
"""),
    code(
        r"""
show(check(replace(cosine, value=1.01 * right), effort="quick", tiers=("path",)))
""",
        prints=("AGREES",),
    ),
    text(r"""
*A corner in which no point was drawn.* Of Python functions there are values at points, and no
proof. This drift is wrong by 1 where $x > 50$:
"""),
    code(
        r"""
corner = DifferentialClaim(
    sde=ou,
    observable=lambda x: x**2,
    drift=lambda x: 1 - 2 * x**2 + np.where(x > 50, 1.0, 0.0),
    martingale=lambda x, dB: 2 * x * dB,
)
verdict = check(corner, effort="quick")
show(verdict)
print("a bound of the rate of false agreement:", verdict.false_agree)
""",
        prints=("AGREES", "None"),
    ),
    text(r"""
`None` says that no rate is stated. Written in symbols the same drift would be refused: the
derivation speaks of all points. Draw points where it matters, with `within`, and the corner is
found:
"""),
    code(
        r"""
wide = NumericSDE(
    states={"x": ()},
    noises={"B": ()},
    drift=lambda x: -x,
    noise=lambda dB: dB,
    within={"x": (40, 60)},
)
show(check(replace(corner, sde=wide), effort="quick", tiers=("generator",)))
""",
        prints=("DISAGREES",),
    ),
    text(r"""
*A mistake in the declaration itself.* The simulated side knows the declared equation and no
other. If the equation is not that of the paper, or time is counted in steps where the paper
counts in $\eta$, all tiers agree on the wrong thing. *A bias that three grids do not show*, and
*declared bounds that are false where no path goes*, are two more. The list is in
[METHOD.md](../verify/METHOD.md).
"""),
)
