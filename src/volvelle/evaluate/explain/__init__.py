"""Why the model answers as it does, and what the numbers mean: one question, one file."""
