"""Preparation steps, one file each."""
