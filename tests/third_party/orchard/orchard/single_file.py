"""One file of C: header and source joined, for tools that take one.

>>> from volvelle.testing.named_models import packing_of
>>> sorted(write(packing_of("regression", "pump")))
['README.md', 'pump.h']
"""

from volvelle.deploy.packing import readme

NEXT = "define the macro behind the header in one file that includes FOLDER/NAME.h"


def write(packing):
    """The source is compiled where the macro is defined."""
    name = packing.name
    source = packing.sources.source.replace(f'#include "{name}.h"\n', "")
    text = f"{packing.sources.header}\n#ifdef {name.upper()}_HERE\n{source}\n#endif\n"
    return {f"{name}.h": text.encode(), "README.md": readme(packing, "The model as one file of C.", NEXT)}
