"""Lossless rewritings of the graph, one file each."""
