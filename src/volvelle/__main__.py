"""``python -m volvelle``."""

import sys

from volvelle.cli.entry import main

if __name__ == "__main__":
    sys.exit(main())
