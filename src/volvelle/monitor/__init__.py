"""What happens to a release: sketches of what it answers, drift, estimated and measured quality."""
