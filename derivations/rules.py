"""The rules of derivations in words that a graduate student follows.

A rule of a step is a name, perhaps with a formula of the claim in it; `in_words` says what it
does, why it may be done, and what to look at.
"""

from __future__ import annotations

import re

__all__ = ["in_words"]

_DETERMINANTS = {
    "det(AB) = det A det B": (
        "A determinant of a product of square factors is the product of their determinants."
    ),
    "Schur complement": (
        "A determinant of a block matrix [A, B; C, D] with invertible A is "
        "det(A) det(D − C A⁻¹ B): subtract C A⁻¹ times the first block row from the second, which "
        "changes no determinant, and the matrix is block triangular."
    ),
    "Sylvester's identity det(I + AB) = det(I + BA)": (
        "det(I + AB) = det(I + BA), although AB and BA may have different sizes: both products "
        "have the same nonzero eigenvalues, and an eigenvalue 0 contributes the factor 1."
    ),
}
"""Rules for determinants that a normal form may use."""

_NORMAL_FORM = (
    "Products are multiplied out, transposes are moved onto the letters, traces are rotated, since "
    "tr(AB) = tr(BA), and equal terms are added. Every expression that can be said in these words "
    "has one such form, so that two sides are equal if their forms are the same."
)

_WORDS: dict[str, str] = {
    "Itô's formula: expansion to second order": (
        "Taylor's formula for f(X + dX), one order further than in ordinary calculus: "
        "df = f'[dX] + ½ f''[dX, dX]. The second-order term, the Itô term, stays because a "
        "Brownian increment has size √dt: products dB dB are of order dt and add up along the "
        "path, while everything of third order vanishes."
    ),
    "insert the equations of the system": (
        "Each differential of a state is replaced by the right-hand side of its equation. In the "
        "terms of second order only products of two noises are kept: dt dt and dt dB are of "
        "smaller order than dt. What cancels here cancels before any mean is taken: look at what "
        "is left of the terms that are linear in dB."
    ),
    "Itô table for products of two differentials": (
        "A product of two Brownian increments is replaced by its mean, which is what it adds up to "
        "along a path: dB_ia dB_jb is dt if i = j and a = b, and 0 otherwise, with the declared "
        "covariances in the place of these if there are any. For a p × k matrix of independent "
        "entries of variance dt this gives dB A dB' = tr(A) I dt and dB A dB = A' dt; with column "
        "covariance I and row covariance C, dB dB' is k C dt and dB' dB is tr(C) I dt. Each trace "
        "counts directions of the noise: this is where dimensions enter the drift."
    ),
    "normal form: collect drift and martingale part": (
        "The terms with dt are collected into the drift, those that are linear in dB into the "
        "martingale part. Nothing is approximated: equal words are added, traces are rotated, and "
        "inverses cancel against their matrices."
    ),
    "only the martingale parts of the two differentials are multiplied": (
        "d⟨f, g⟩ is the product df dg, of which only what is of order dt counts. The drifts have "
        "order dt themselves, so that any product with one of them is of higher order: only the "
        "parts that are linear in dB are left to be multiplied."
    ),
    "the two normal forms": (
        "Both sides are in normal form now, and are compared term by term: their difference is "
        "brought to normal form once more, and is zero if the claim is right."
    ),
    "the mean over the draws": (
        "The expectation over the random draws of the step, with the state held fixed. Draws that "
        "are independent of each other factor, a mean of zero removes every term that is linear in "
        "one of them, and products of two are replaced by their covariances: the table of Itô's "
        "formula, for one step of finite size."
    ),
    "what the values of the draws obey": (
        "For every draw its values obey relations of their own: a sign squared is one, the squares "
        "of a matrix of signs add up to the number of its entries, and the weights of a minibatch "
        "to the number of samples. What they fix is put in."
    ),
    "the map put in": (
        "The state after one step of the algorithm is put in the place of the state, and the "
        "observable before the step is subtracted. All powers of the step size are kept: nothing "
        "is neglected."
    ),
    "the drift in a form that shows its sign": (
        "The drift is written as the claim proposes it, with factors and terms of which each has a "
        "sign that can be read off. The two forms are equal; only the second one speaks."
    ),
    "product rule, sorted by the derivatives of the density": (
        "The derivatives are carried out by the product rule, and what belongs to the same "
        "derivative of the density is collected. The term without a derivative comes from "
        "coefficients that depend on the state: it is lost when coefficients are pulled out of "
        "∂_x or ∂_xx."
    ),
    "∂p/∂t = −∂_x J with the flux J = a p − ½ ∂_x(b² p), which is to be zero": (
        "The Fokker–Planck equation says that probability is conserved: what changes at x is what "
        "flows in less what flows out. A stationary density has a constant flux J, and on a line, "
        "or with ends that nothing passes, that constant is 0. Note that b² stands under the "
        "derivative."
    ),
    "over the density, J/p = a − ½ (b²)' − ½ b² (log p)'": (
        "The derivative is carried out and everything is divided by p > 0. Only the slope of log p "
        "is left, so that the factor that normalises the density plays no part. J = 0 means "
        "(log p)' = (2a − (b²)')/b²."
    ),
}
"""Rule -> what it says; rules with a formula in them follow."""

_EXPANDED = {
    "det(": (
        "The derivatives of log det M are tr(M⁻¹ dM) and −tr(M⁻¹ dM M⁻¹ dM); where M is itself a "
        "product ΘΘ', dM = dΘ Θ' + Θ dΘ' + dΘ dΘ' has a second-order term of its own."
    ),
    "λ_": (
        "The derivatives of an eigenvalue are those of perturbation theory: tr(E_i dM), the change "
        "within its own eigenspace, and the sum over j ≠ i of tr(E_i dM E_j dM)/(λ_i − λ_j): the "
        "Itô term in which eigenvalues push each other apart. Distinct eigenvalues are needed for "
        "the gaps in the denominators."
    ),
    "⁻¹": (
        "The differential of an inverse is −M⁻¹ dM M⁻¹, and its second-order term "
        "M⁻¹ dM M⁻¹ dM M⁻¹: multiply (M + dM) by what its inverse should be, and compare orders."
    ),
}
"""What stands in an observable -> how it is expanded."""

_PATTERNS: tuple[tuple[str, str], ...] = (
    (
        r"dE\[.*\]/dt: the drift; the martingale part has mean zero",
        "Integrate the differential over time and take expectations: an integral "
        "against a Brownian motion has mean zero if its integrand is square integrable. It is "
        "here, since drift and noise of the states grow at most linearly (a state may grow like a "
        "power of those that it does not drive), so that all moments are finite at every time. "
        "So the mean changes at the mean of the drift. The equations close if the drifts are "
        "linear in the moments themselves.",
    ),
    (
        r"dE\[.*\]/dt: the drift; if the martingale part has mean zero: .*",
        "An integral against a Brownian motion has mean zero if its integrand is square "
        "integrable, and may lose its mean if not: dr = −r² dβ has no drift, and E r falls. Here "
        "the growth of the coefficients does not show it, so that the drift is not known to be "
        "the rate of the mean.",
    ),
    (
        r"the law of E\[.*\] solves the system",
        "The stated law is differentiated by t and compared with the stated rates with all the "
        "laws put in: it solves the linear system of the moments.",
    ),
    (
        r"the law of E\[.*\] at time 0",
        "At t = 0 the law is the moment of the starting state. A linear system has one solution "
        "from each start, so that these two checks decide.",
    ),
    (
        r"the map put in, up to O\(.*\)",
        "The state after one step of the algorithm is put in the place of the state, the "
        "observable before the step is subtracted, and the result is expanded in the step size by "
        "Taylor's formula. Terms of the order that is named are left out; that nothing larger is "
        "left out is checked by making the step size very small.",
    ),
    (
        r"the signs of all terms: drift .*",
        "Each factor has a sign of its own: traces of products A A' are nonnegative, those of "
        "positive definite matrices positive, gaps of ordered eigenvalues λ_i − λ_j positive for "
        "i < j, parameters have the signs that are declared. Where all terms have one sign the sum "
        "has it too.",
    ),
    (
        r"the sign over the region: drift .*",
        "What is assumed are inequalities between polynomials, and they bound a region. Over it "
        "the sign of the drift is decided: of one letter by the real roots of all polynomials, "
        "between which no sign changes; of several by writing the drift as a sum of products of "
        "what is not negative, or by a discriminant. Letters whose scale nothing fixes are set "
        "to 1.",
    ),
    (
        r"∂.*/∂t = L\*.*, the adjoint of the generator .*",
        "E φ(X_t) changes at the rate E Lφ(X_t), for every smooth φ. Written as an integral "
        "against the density and integrated by parts, the derivatives move from φ to the density, "
        "once with a minus sign for the drift and twice for the diffusion: what stands beside φ is "
        "the rate of the density. The coefficients come under the derivatives.",
    ),
    (
        r"Itô drift of .*: a \+ ½ Σ_j Σ_k b_kj ∂_k b_j",
        "A Stratonovich integral takes its integrand in the middle of each step, an Itô integral "
        "at its beginning. The difference is half of the covariation of integrand and noise: along "
        "each noise j the coefficient b_j changes by its own derivative in the direction b_j. "
        "Nothing is added where the noise does not depend on the state.",
    ),
    (
        r"put in \(log p\)' of the stated density.*",
        "The slope of the logarithm of the stated density takes the place of (log p)'. What is "
        "left is the flux over the density; the density is stationary if that is zero.",
    ),
    (
        r"dτ = .* dt and dB̃ = .* dB in the equation of .*",
        "In the new clock a piece dτ = a dt of time passes while dt of the old one does. An "
        "increment of Brownian motion has size √dt, so that √a dB has the size √dτ: it is the "
        "increment dB̃ of a Brownian motion of the new time. For one martingale this is the "
        "theorem of Dambis, Dubins and Schwarz (on a larger space if the clock stays finite); for "
        "several on one clock, a vector or a matrix, it is Lévy's characterisation: the "
        "covariations of all entries are those of Brownian motion. The drift is divided by a, the "
        "noise by √a only: both cannot be normalised by one clock unless they grow together.",
    ),
)
"""Pattern of a rule with a formula in it -> what it says."""


def in_words(rule: str, before: str = "") -> str:
    """What a rule says, and why it may be used; empty for a rule that nobody has explained.

    Parameters
    ----------
    rule
    before
        What the rule is applied to, in Unicode; an expansion says how such a thing is expanded.

    Examples
    --------
    >>> in_words("the two normal forms").startswith("Both sides are in normal form")
    True
    """
    if rule in _WORDS:
        expanding = rule.startswith("Itô's formula")
        more = [said for mark, said in _EXPANDED.items() if expanding and mark in before]
        return " ".join([_WORDS[rule], *more])
    if found := re.fullmatch(r"(?:left|right) side in normal form(?: \((.*)\))?", rule):
        return " ".join([_NORMAL_FORM, *_determinants(found[1] or "")])
    return next((said for pattern, said in _PATTERNS if re.fullmatch(pattern, rule)), "")


def _determinants(names: str) -> list[str]:
    return [said for name, said in _DETERMINANTS.items() if name in names]
