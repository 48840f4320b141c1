"""Predicts frames with the one ONNX graph: rows in by name, answers out by class name."""

from __future__ import annotations

import polars as pl

from volvelle.model.encode import encode
from volvelle.model.session import Session
from volvelle.model.signature import Signature


class Predictor:
    """A model with its signature.

    Args:
        onnx: bytes of the ONNX file.
        signature: names, types, ranges and categories of what it takes.

    Raises:
        ModelError: the file is damaged or not to be trusted.
    """

    def __init__(self, onnx: bytes, signature: Signature) -> None:
        self.signature = signature
        self._session = Session(onnx)

    def predict(self, frame: pl.DataFrame) -> pl.DataFrame:
        """One row of answers for each row of `frame`; columns that are no feature do not matter.

        Classification: ``prediction`` (class name) and ``probability_<class>``. Regression: ``prediction``.

        Raises:
            DataError: a feature is absent, or a cell does not fit its type or policy.
        """
        answers = self._session.run(encode(frame, self.signature))
        if self.signature.task == "regression":
            return pl.DataFrame({"prediction": answers["prediction"][:, 0]})
        classes = pl.Series(self.signature.classes, dtype=pl.String)
        columns = {"prediction": classes.gather(pl.Series(answers["label"], dtype=pl.Int64))}
        scores = {f"probability_{name}": answers["scores"][:, k] for k, name in enumerate(self.signature.classes)}
        return pl.DataFrame({**columns, **scores})
