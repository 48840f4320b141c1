"""Words that cells are read by, apart from the library that reads tables: a server that answers needs no tables."""

from __future__ import annotations

MISSING = ("", "?", "NA", "N/A", "#N/A", "NaN", "nan", "null", "NULL", "NaT")
"""Cell texts that mean 'missing' unless ``[data] missing`` lists others; blanks around a cell do not count."""
