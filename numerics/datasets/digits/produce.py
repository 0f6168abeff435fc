"""Make ``digits.csv`` from the copy that scikit-learn packages.

Not part of the project at run time, and scikit-learn is no dependency of it: run the script once in
an environment that has scikit-learn, from the root of the repository::

    python numerics/datasets/digits/produce.py

It writes ``digits.csv`` (a header, then the raw counts, rows in the published order) and
``digits.json`` (where they come from, their licence, and the SHA-256 of the CSV file).
"""

import hashlib
import json
from pathlib import Path

HERE = Path(__file__).parent


def main() -> None:
    """Write both files beside this script."""
    import sklearn  # type: ignore[import-not-found]  # no dependency of the project
    from sklearn.datasets import (  # type: ignore[import-not-found]  # no dependency of the project
        load_digits,
    )

    digits = load_digits()
    header = [f"p{row}{column}" for row in range(8) for column in range(8)] + ["digit"]
    lines = [",".join(header)]
    for pixels, digit in zip(digits.data.tolist(), digits.target.tolist(), strict=True):
        lines.append(",".join(str(int(x)) for x in (*pixels, digit)))
    content = ("\n".join(lines) + "\n").encode()
    (HERE / "digits.csv").write_bytes(content)
    about = {
        "name": "digits",
        "title": "Optical recognition of handwritten digits, the test part: 13 writers",
        "citation": "E. Alpaydin and C. Kaynak (1998), Optical Recognition of Handwritten Digits, "
        "UCI Machine Learning Repository, doi:10.24432/C50P49",
        "url": "https://archive.ics.uci.edu/dataset/80/",
        "licence": f"The values are copied from scikit-learn {sklearn.__version__}, which "
        "distributes them under the BSD 3-Clause licence reproduced in "
        "../LICENSE-scikit-learn.md. The UCI repository offers the data set under CC BY 4.0.",
        "rows": len(digits.target),
        "columns": "p00 to p77: row and column of a pixel, a block of 4 x 4 points of a bitmap of "
        "32 x 32, of which so many (0 to 16) are inked; digit: 0 to 9",
        "preprocessing": "None in the file: raw counts, rows in the published order. "
        "numerics.datasets.digits.load divides them by 16.",
        "producer": f"numerics/datasets/digits/produce.py with scikit-learn {sklearn.__version__}",
        "sha256": hashlib.sha256(content).hexdigest(),
    }
    text = json.dumps(about, indent=2, ensure_ascii=False) + "\n"
    (HERE / "digits.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
