"""Tell how many rows of a file are ripe.

Example:
  volvelle harvest fruit.avro
"""

from pathlib import Path

from volvelle.data.collect import collect
from volvelle.spec.requirements import Data


def arguments(parser):
    """Options."""
    parser.add_argument("file", metavar="FILE", help="a table with a column 'ripe'")


def run(options):
    """Read by whatever source fits the name."""
    frame, _ = collect(Data(source=options.file), {}, Path.cwd())
    print(f"{(frame['ripe'] == 'yes').sum()} of {frame.height} are ripe")
    return 0
