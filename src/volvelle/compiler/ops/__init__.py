"""Operators: each file evaluates one ONNX operator in NumPy and writes it in C."""
