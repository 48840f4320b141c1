"""The packages: one file each."""
