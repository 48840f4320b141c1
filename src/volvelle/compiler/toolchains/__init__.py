"""C cross-compilers, one file each."""
