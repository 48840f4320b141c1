"""The signed square root: pulls long tails in, on both sides of zero.

>>> fit(None)
{}
"""

TAKES = "number"
GIVES = "number"


def fit(block):
    """There is nothing to learn."""
    return {}


def emit(graph, x, params):
    """``sign(x) * sqrt(|x|)``."""
    return graph.node("Mul", graph.node("Sign", x), graph.node("Sqrt", graph.node("Abs", x)))


def names(columns, params):
    return columns
