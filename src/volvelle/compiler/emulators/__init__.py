"""Emulated cores, one file each."""
