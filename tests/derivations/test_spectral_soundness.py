"""Where a false proof once stood: coinciding indices, lost indices, signs of eigenvalues.

Every true identity stands beside the wrong one that was once proved in its place.
"""

import pytest
from sympy import Abs, exp, sqrt

from derivations import (
    DerivationError,
    Family,
    Parameter,
    dims,
    eigenvalues,
    equal,
    index,
    singular_values,
    total,
    tr,
)
from derivations.basis import form
from derivations.display import expression
from derivations.expressions import free_indices

n, k = dims("n k")
A, B = (Parameter(name, n, n, symmetric=True) for name in "AB")
D, F = Parameter("D", n, n), Parameter("F", n, n)
lam, mu = eigenvalues(A), eigenvalues(B)
i, j, m = lam.indices("i j m")
g = Family("g")
a, b, c = (index(name, k) for name in "abc")


def status(left, right):
    return equal(left, right).status.name


def weight(x):
    return tr(lam.projector(x) * D)


def both(x):
    return weight(x) * tr(lam.projector(x) * F)


def ratio(x, y):
    """1, but only when the two fractions are added."""
    return lam[x] / (lam[x] - lam[y]) - lam[y] / (lam[x] - lam[y])


@pytest.mark.parametrize(
    ("left", "right", "wrong"),
    [
        (sqrt(lam[i] ** 2), Abs(lam[i]), lam[i]),
        (Abs(lam[i] + lam[j]), Abs(lam[j] + lam[i]), lam[i] + lam[j]),
        (exp(lam[i] * lam[j]), exp(lam[j] * lam[i]), 0),
        (
            total(exp(lam[i] - lam[m]), i),
            1 + total(exp(lam[i] - lam[m]), i, excluding=m),
            total(exp(lam[i] - lam[m]), i, excluding=m),
        ),
        (
            total(total(1 / (1 + g[a] ** 2 * g[b] ** 2), a), b),
            total(total(1 / (1 + g[a] ** 2 * g[b] ** 2), a, excluding=b), b)
            + total(1 / (1 + g[a] ** 4), a),
            total(total(1 / (1 + g[a] ** 2 * g[b] ** 2), a, excluding=b), b),
        ),
        (
            total(total(lam[i], i, excluding=(j, m)), j),
            (n - 1) * (tr(A) - lam[m]),
            (n - 1) * tr(A) - n * lam[m],
        ),
        (
            total(total(lam[i] * lam[j], i, excluding=m), j),
            tr(A) * (tr(A) - lam[m]),
            tr(A) * (tr(A) - lam[m]) + lam[m] ** 2,
        ),
        (
            total(total(total(g[a] * g[b] * g[c], a), b), c),
            total(g[a], a) ** 3,
            total(g[a], a) ** 3 + total(g[a] ** 3, a),
        ),
        (
            total(total(ratio(j, i) * both(m), j, excluding=(i, m)), m, excluding=i),
            (n - 2) * (total(both(m), m) - both(i)),
            (n - 2) * total(both(m), m) - (n - 1) * both(i),
        ),
        (
            total(total(total(both(i) * both(j) * both(m), i), j), m),
            total(both(i), i) ** 3,
            total(both(i), i) ** 3 + total(both(i) ** 3, i),
        ),
    ],
)
def test_what_coincides_and_what_is_lost(left, right, wrong):
    assert status(left, right) == "EQUAL"
    assert status(left, wrong) == "DIFFERENT"


def test_two_spectra_under_one_index_come_to_an_end():
    crossed = total(lam[j] * mu.projector(j), j)
    assert status(crossed, A) == "DIFFERENT"
    assert status(total(lam[j] * mu[j], j), total(mu[i] * lam[i], i)) == "EQUAL"


def test_a_free_index_may_have_the_name_of_a_bound_one():
    x = index("j1", n)
    body = both(j) / (lam[x] - lam[j])
    kept = total(body, j, excluding=x)
    assert status(kept, total(both(i) / (lam[x] - lam[i]), i, excluding=x)) == "EQUAL"
    without = total(both(j), j, excluding=x)
    assert status(without, total(both(j), j) - both(x)) == "EQUAL"
    assert status(without, total(both(j), j)) == "DIFFERENT"


def test_ranges_of_one_size_are_one_range():
    size = n * (k + 1)
    x, y = index("x", size), index("y", n * k + n)
    f = Family("f")
    pairs = total(total(f[x] * f[y], x, excluding=y), y)
    assert status(pairs, total(f[x], x) ** 2 - total(f[x] ** 2, x)) == "EQUAL"
    assert status(pairs, total(f[x], x) ** 2) == "DIFFERENT"


def test_a_sum_is_shown_with_its_index_inside():
    f = Family("f")
    for sum_ in (total(f[j] * lam[j], j), total(f[j] / (1 + lam[j] ** 2), j)):
        assert not free_indices(expression(form(sum_)))
    # Such a sum has no shorter form, and finding that comes to an end.
    assert status(total(f[j] * lam.projector(j), j), A) == "DIFFERENT"


def test_sums_of_signed_eigenvalues_are_shown_with_their_signs():
    kept = total(Abs(lam[j]) * weight(j), j)
    assert expression(form(kept)).has(Abs)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: total(lam[i], i, excluding=i), "excluding i"),
        (lambda: total(lam[i], i, excluding=a), "excluding a"),
        (lambda: eigenvalues(3), "no matrix"),
        (lambda: singular_values(3), "no matrix"),
        (lambda: lam.indices(""), "no name"),
    ],
)
def test_wrong_input_is_refused_in_one_line(make, words):
    with pytest.raises(DerivationError, match=words) as raised:
        make()
    assert "\n" not in str(raised.value)
