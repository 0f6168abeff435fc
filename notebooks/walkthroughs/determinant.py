"""The determinant under gradient flow and label noise."""

from notebooks.cells import Walkthrough, code, exercise, kernel, mutant, text


def walkthrough() -> Walkthrough:
    """RD Theorems 4.1 and 4.2."""
    return Walkthrough(
        title="The determinant under gradient flow and label noise",
        order=1,
        cells=(
            text(r"Prose with $\det M$."),
            code(
                """
                import matplotlib.pyplot as plt

                from derivations.catalogue import find
                from dataclasses import replace
                from notebooks.showing import show, use_style
                from verify import check

                use_style()
                claim = find("label_noise_determinant")
                show(check(claim, effort="quick"))
                """,
                prints="AGREES",
            ),
            kernel("label_noise_determinant", "stated_drift"),
            mutant(
                "Half the rate.",
                """
                show(check(replace(claim, drift=claim.drift / 2), effort="quick"))
                """,
            ),
            code(
                """
                figure, axes = plt.subplots()
                axes.plot([1, 2, 3]);
                """,
                alt="A line.",
            ),
            exercise("What?", hint="That.", solution="print(claim.drift)\nassert claim"),
        ),
    )
