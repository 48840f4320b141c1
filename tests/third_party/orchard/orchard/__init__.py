"""Four extensions of Volvelle, one file each."""
