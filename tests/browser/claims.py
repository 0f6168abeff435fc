"""Claims of every verdict, and one that attacks: the files that the site under test is made of."""

from __future__ import annotations

GOOD = """
from sympy import exp, log

from derivations import *
from derivations.claim import TIERS

mu, sigma = positive("mu"), positive("sigma")
x, beta = State("x", positive=True), Brownian("beta")
sde = MatrixSDE({x: mu * x * dt + sigma * x * beta.d})
fields = {"sde": sde, "observable": log(x), "martingale": sigma * beta.d}
words = "The half of the variance is the Itô term."

right = DifferentialClaim(
    title="The logarithm of a geometric Brownian motion",
    statement=words,
    source="Øksendal, Example 5.1.1",
    drift=mu - sigma**2 / 2,
    **fields,
)
wrong = DifferentialClaim(
    title="A third for a half", statement=words, drift=mu - sigma**2 / 3, **fields
)
narrow = ExpectationClaim(
    title="The mean of x_1, which no number of paths would settle",
    sde=MatrixSDE({x: x * dt + x * beta.d}),
    observable=x,
    value=exp(1),
    horizon=1,
    values={x: 1},
    relevant=1e-9,
)
silent = DifferentialClaim(
    title="A claim that no tier can be asked about",
    drift=mu - sigma**2 / 2,
    inapplicable={tier: "it is left out here" for tier in TIERS},
    **fields,
)
"""

BROKEN = """
from verify import DifferentialClaim, NumericSDE

sde = NumericSDE(states={"X": (3, 2)}, noises={"B": (3, 2)}, drift=0, noise=lambda dB: dB)
broken = DifferentialClaim(sde=sde, observable=lambda X: X.missing, drift=0)
"""

ATTACK = (
    '</script></style></title><img src="x" onerror="window.attacked=1" class="injected">'
    "<script>window.attacked=1</script><svg onload=window.attacked=1><b class=injected>"
    '\'"><a href="javascript:window.attacked=1">{{ 7 * 7 }}<!--'
)
"""Markup that shows, if it is taken for markup, that a script has run or an element was added."""

HOSTILE = f"""
from sympy import log

from derivations import *

ATTACK = {ATTACK!r}
mu, sigma = positive("mu"), positive("sigma")
x, beta = State(ATTACK, positive=True), Brownian("beta")


def theorem():
    fields = {{
        "title": ATTACK,
        "source": ATTACK,
        "statement": ATTACK,
        "sde": MatrixSDE({{x: mu * x * dt + sigma * x * beta.d}}),
        "observable": log(x),
        "martingale": sigma * beta.d,
        "where": {{ATTACK: x}},
        "assumptions": (Assumption(text=ATTACK, condition=mu > 0),),
        "inapplicable": {{"exact": ATTACK, "one-step": ATTACK}},
    }}
    claims = (
        DifferentialClaim(id="attack", drift=mu - sigma**2 / 2, **fields),
        DifferentialClaim(id="attack.wrong", drift=mu, **fields),
    )
    return Theorem(id="attack", title=ATTACK, source=ATTACK, claims=claims)
"""

FAILING = f"""
from verify import DifferentialClaim, NumericSDE


def failing(X):
    raise ValueError({ATTACK!r})


sde = NumericSDE(states={{"X": (3, 2)}}, noises={{"B": (3, 2)}}, drift=0, noise=lambda dB: dB)
attacking = DifferentialClaim(sde=sde, observable=failing, drift=0)
"""

UNREADABLE = f"raise ValueError({ATTACK!r})\n"

NAMED = "<b class=injected>&quot;'.py"
"""A name of a file that is markup."""

FILES = {
    "good.py": GOOD,
    "broken.py": BROKEN,
    "attack.py": HOSTILE,
    NAMED: FAILING,
    "unreadable.py": UNREADABLE,
}
"""Names of files and their texts."""

PLACES = ("verify/examples/repulsion.py", "verify/examples/ornstein_uhlenbeck.py")
"""Claims with eigenvalues, with laws and with densities."""

CATALOGUE = ("time_change.confused", "gradient_flow_determinant.unimodular")
"""Claims whose kill tables are kept."""
