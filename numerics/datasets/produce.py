"""Make the shipped data sets from the copies that scikit-learn packages.

Not part of the project at run time, and scikit-learn is no dependency of it: run the script once in
an environment that has scikit-learn, from the root of the repository::

    python numerics/datasets/produce.py

It writes ``NAME.csv`` (a header, then the raw values, nothing standardised, rows in the published
order) and ``NAME.json`` (where the values come from, their units, their licence, and the SHA-256 of
the CSV file).
"""

import csv
import hashlib
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

HERE = Path(__file__).parent

NOTICE = (
    "The values are copied from scikit-learn {version}, which distributes them under the"
    " BSD 3-Clause licence reproduced in LICENSE-scikit-learn.md. {origin}"
)

DIABETES: Mapping[str, object] = {
    "title": "Diabetes: disease progression of 442 patients after one year",
    "citation": (
        "Bradley Efron, Trevor Hastie, Iain Johnstone and Robert Tibshirani (2004), Least angle"
        " regression, Annals of Statistics 32(2), 407-499, doi:10.1214/009053604000000067"
    ),
    "url": "https://www4.stat.ncsu.edu/~boos/var.select/diabetes.html",
    "origin": "Published with the paper for download, without a licence of its own; anonymous.",
    "targets": ["progression"],
    "columns": {
        "age": "age in years",
        "sex": "sex, coded 1 and 2",
        "bmi": "body mass index, kg/m^2",
        "bp": "mean arterial blood pressure, mmHg",
        "s1": "total serum cholesterol, mg/dl",
        "s2": "low-density lipoproteins, mg/dl",
        "s3": "high-density lipoproteins, mg/dl",
        "s4": "total cholesterol / high-density lipoproteins",
        "s5": "logarithm of the serum triglycerides level (as documented: possibly)",
        "s6": "blood glucose, mg/dl",
        "progression": "quantitative measure of disease progression one year after baseline",
    },
}

LINNERUD: Mapping[str, object] = {
    "title": "Linnerud: exercises and physiology of 20 middle-aged men in a fitness club",
    "citation": (
        "Data of A. C. Linnerud, North Carolina State University; printed in Michel Tenenhaus"
        " (1998), La régression PLS: théorie et pratique, Editions Technip, and in the SAS/STAT"
        " User's Guide, example of the CANCORR procedure"
    ),
    "url": "https://scikit-learn.org/stable/datasets/toy_dataset.html#linnerrud-dataset",
    "origin": "Printed in textbooks and manuals, without a licence of its own; anonymous.",
    "targets": ["weight", "waist", "pulse"],
    "columns": {
        "chins": "chin-ups, count",
        "situps": "sit-ups, count",
        "jumps": "jumps, count",
        "weight": "weight, lb",
        "waist": "waist, in",
        "pulse": "pulse, beats per minute",
    },
}


def write(
    name: str, about: Mapping[str, object], rows: Iterable[Sequence[float]], version: str
) -> None:
    """Write ``name.csv`` and ``name.json``; numbers in the shortest form that reads back."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    columns = about["columns"]
    assert isinstance(columns, Mapping)
    writer.writerow(columns)
    count = 0
    for row in rows:
        writer.writerow([int(value) if value == int(value) else value for value in row])
        count += 1
    content = text.getvalue().encode()
    (HERE / f"{name}.csv").write_bytes(content)
    provenance = {
        "name": name,
        "title": about["title"],
        "citation": about["citation"],
        "url": about["url"],
        "licence": NOTICE.format(version=version, origin=about["origin"]),
        "rows": count,
        "targets": about["targets"],
        "columns": columns,
        "preprocessing": (
            "None in the file: raw values, rows in the published order. numerics.datasets.load"
            " centres each column and divides it by its population standard deviation (divisor n)."
        ),
        "producer": f"numerics/datasets/produce.py with scikit-learn {version}",
        "sha256": hashlib.sha256(content).hexdigest(),
    }
    text_of = json.dumps(provenance, indent=2, ensure_ascii=False) + "\n"
    (HERE / f"{name}.json").write_text(text_of, encoding="utf-8")


def main() -> None:
    """Write both data sets beside this script."""
    import sklearn  # type: ignore[import-not-found]  # no dependency of the project
    from sklearn.datasets import (  # type: ignore[import-not-found]  # no dependency of the project
        load_diabetes,
        load_linnerud,
    )

    diabetes = load_diabetes(scaled=False)
    rows = [[*x, y] for x, y in zip(diabetes.data.tolist(), diabetes.target.tolist(), strict=True)]
    write("diabetes", DIABETES, rows, sklearn.__version__)
    linnerud = load_linnerud()
    rows = [[*x, *y] for x, y in zip(linnerud.data.tolist(), linnerud.target.tolist(), strict=True)]
    write("linnerud", LINNERUD, rows, sklearn.__version__)


if __name__ == "__main__":
    main()
