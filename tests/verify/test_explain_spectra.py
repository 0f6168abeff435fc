"""What a reader is told of the letters λ_i and E_i."""

import pytest

from derivations.catalogue import find_theorem
from derivations.codegen.document import theorem_latex
from derivations.expounding import expound
from tests.verify.explaining import explained

SAID = "the eigenvalues, largest first, and eigenprojectors of"


@pytest.mark.parametrize(
    ("claim", "matrix"),
    [
        ("first_layer_eigenvalues", "W₁ W₁'"),
        ("first_layer_eigenvalues.covariation", "W₁ W₁'"),
        ("parameter_eigenvalues.log_sum", "M"),
    ],
)
def test_the_matrix_of_the_eigenvalues_is_named(claim: str, matrix: str) -> None:
    assert f"λ_i, E_i: {SAID} {matrix}." in " ".join(explained(claim).split())


def test_nothing_is_said_where_no_eigenvalue_stands() -> None:
    assert SAID not in explained("label_noise_determinant")


def test_the_document_names_it_once_a_claim() -> None:
    theorem = find_theorem("collision")
    text = theorem_latex(theorem, map(expound, theorem.claims), "test")
    spectral = ["collision", "collision.any_rows", "collision.gap_of_m"]
    assert text.count(SAID) == len(spectral)


def test_a_fact_about_eigenvalues_is_a_sentence() -> None:
    assert "W₁ W₁' has distinct eigenvalues" in explained("first_layer_eigenvalues")
