"""Calibrators: one file each."""
