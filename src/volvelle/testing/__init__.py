"""The public conformance kit: one check for every kind of extension."""
