"""Gates that are not metrics, one file each."""
