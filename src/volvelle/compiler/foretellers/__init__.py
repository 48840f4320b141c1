"""Ways to foretell what a model will take on a device, one file each."""
