"""What is wanted: the requirements, their units and the grammar of gates."""
