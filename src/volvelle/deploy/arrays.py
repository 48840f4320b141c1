"""A model without names as a library that any language calls: numbers travel as doubles, by input and position.

Whole numbers beyond 2^53 do not survive the journey; a model that needs them is asked in C.
"""

from __future__ import annotations

from volvelle.compiler.sources import Sources

EXPORTS = ("vv_put", "vv_run", "vv_get")
_REAL = ("float", "double")
_LIMITS = {
    "int8_t": "128.0",
    "uint8_t": "256.0",
    "int16_t": "32768.0",
    "uint16_t": "65536.0",
    "int32_t": "2147483648.0",
    "int64_t": "9007199254740992.0",
}
_HEAD = """{head}
VV_EXPORT void vv_put(int input, int place, double value);
VV_EXPORT void vv_run(void);
VV_EXPORT double vv_get(int output, int place);

/* What a whole type does not hold counts as 0. */
void vv_put(int input, int place, double value) {{
    switch (input) {{
{puts}    default: break;
    }}
}}

void vv_run(void) {{ {name}_run({called}); }}

double vv_get(int output, int place) {{
    switch (output) {{
{gets}    default: return 0.0;
    }}
}}
"""


def shim(sources: Sources, head: str) -> str:
    """C that stands beside a model's, and exports three functions.

    Args:
        sources: of the model.
        head: what makes a library of it, as `volvelle.deploy.shim.head` writes it.
    """
    ends = (*sources.inputs, *sources.outputs)
    arrays = "".join(f"static {kind} {sources.name}_{n}[{size}];\n" for n, kind, size in ends)
    puts = "".join(
        f"    case {k}: if (place >= 0 && place < {size}) {sources.name}_{n}[place] = {_value(kind)}; break;\n"
        for k, (n, kind, size) in enumerate(sources.inputs)
    )
    gets = "".join(
        f"    case {k}: return place >= 0 && place < {size} ? (double){sources.name}_{n}[place] : 0.0;\n"
        for k, (n, _, size) in enumerate(sources.outputs)
    )
    called = ", ".join(f"{sources.name}_{n}" for n, _, _ in ends)
    return _HEAD.format(head=head + arrays, puts=puts, gets=gets, name=sources.name, called=called)


def real(kind: str) -> bool:
    """Whether a C type holds real numbers."""
    return kind in _REAL


def _value(kind: str) -> str:
    if kind in _REAL:
        return f"({kind})value"
    if kind == "bool":
        return "value != 0.0"
    most = _LIMITS[kind]
    least = "-1.0" if kind.startswith("u") else f"-{most}"
    return f"({kind})(value > {least} && value < {most} ? value : 0.0)"
