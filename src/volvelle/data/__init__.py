"""What is known: sources, schema, pinned versions and the profile of a data set."""
