"""Writes data/digits.csv from the table that comes with scikit-learn: 1,797 rows, 64 grey values, one digit."""

from pathlib import Path

from sklearn.datasets import load_digits

HERE = Path(__file__).parent


def main() -> None:
    """One line a picture, row by row from the top left."""
    digits = load_digits()
    lines = [",".join([*digits.feature_names, "digit"])]
    for pixels, digit in zip(digits.data, digits.target, strict=True):
        lines.append(",".join(f"{value:g}" for value in [*pixels, digit]))
    folder = HERE / "data"
    folder.mkdir(exist_ok=True)
    (folder / "digits.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
