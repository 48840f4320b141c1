"""What goes in: the split, the preparation steps and the recipe."""
