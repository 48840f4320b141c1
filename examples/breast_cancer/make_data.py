"""Writes data/breast_cancer.csv from the table that comes with scikit-learn: 569 rows, 30 measurements."""

from pathlib import Path

from volvelle.train.samples import breast_cancer

HERE = Path(__file__).parent


def main() -> None:
    """The table as `volvelle demo` writes it."""
    folder = HERE / "data"
    folder.mkdir(exist_ok=True)
    (folder / "breast_cancer.csv").write_text(breast_cancer(), encoding="utf-8")


if __name__ == "__main__":
    main()
