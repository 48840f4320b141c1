"""What answers: the HTTP service, the log of its predictions, and what really happened."""
