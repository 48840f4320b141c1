"""What may be wrong with a data set: one file finds one kind of thing."""
