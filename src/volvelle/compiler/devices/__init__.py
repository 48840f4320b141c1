"""Cores and boards, one file each."""
