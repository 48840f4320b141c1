"""The one format: ONNX graphs, their signature and the session that runs them."""
