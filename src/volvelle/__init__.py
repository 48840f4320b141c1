"""Volvelle runs the whole machine-learning lifecycle from one file of design requirements."""

__version__ = "0.1.0"
