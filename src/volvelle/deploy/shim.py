"""The model as a library that any language calls: every value travels as a double, by the position of its feature."""

from __future__ import annotations

from volvelle.compiler.typed import Member, Typed

EXPORTS = ("vv_set", "vv_word", "vv_predict", "vv_label", "vv_score")
_LIBRARY = """#include "{name}.h"

#if defined(_WIN32)
#define VV_EXPORT __declspec(dllexport)
/* What a library without C's own library must bring along there. */
int _fltused = 0;
int __stdcall DllMainCRTStartup(void *module, unsigned reason, void *more);
int __stdcall DllMainCRTStartup(void *module, unsigned reason, void *more) {{
    (void)module;
    (void)reason;
    (void)more;
    return 1;
}}
#else
#define VV_EXPORT __attribute__((visibility("default"), used))
#endif

"""
_HEAD = """
static {name}_row_t row;
static {name}_answer_t answer;

VV_EXPORT void vv_set(int feature, double value);
VV_EXPORT void vv_word(int feature, int place, double code);
VV_EXPORT int vv_predict(void);
VV_EXPORT int vv_label(void);
VV_EXPORT double vv_score(int place);

/* A number or seconds since 1970, no number for a missing one; of a category its position, -1 missing, -2 unknown. */
void vv_set(int feature, double value) {{
    switch (feature) {{
"""
_WORDS = """    default: break;
    }
}

/* The hash of one word of a text; -1 behind the last one. */
void vv_word(int feature, int place, double code) {
    (void)place;
    (void)code;
    switch (feature) {
"""
_TAIL = """    default: break;
    }}
}}

/* 1, or 0 where the model needs a value that is missing or unknown. */
int vv_predict(void) {{ return {name}_predict_row(&row, &answer); }}

int vv_label(void) {{ return {label}; }}

double vv_score(int place) {{ return (double){score}; }}
"""


def head(name: str) -> str:
    """What makes a library of C: the header of the model, and what is seen from outside."""
    return _LIBRARY.format(name=name)


def shim(name: str, typed: Typed) -> str:
    """C that stands beside a model's, and exports five functions."""
    cases, words = [], []
    for k, m in enumerate(typed.members):
        if m.tensor == "words":
            inside = f"place >= 0 && place < {m.feature.length}"
            words.append(f"    case {k}: if ({inside}) row.{m.name}[place] = (int64_t)code; break;\n")
        else:
            cases.append(f"    case {k}: row.{m.name} = {_value(name, m)}; break;\n")
    label, score = "0", "((void)place, answer.prediction)"
    if typed.classes:
        label, score = "(int)answer.label", "answer.scores[place]"
    return (
        head(name)
        + _HEAD.format(name=name)
        + "".join(cases)
        + _WORDS
        + "".join(words)
        + _TAIL.format(name=name, label=label, score=score)
    )


def _value(name: str, member: Member) -> str:
    if member.tensor == "numbers":
        inside = "value >= -3.4028234663852886e38 && value <= 3.4028234663852886e38"
        return f"{inside} ? (float)value : {name.upper()}_MISSING_NUMBER"
    if member.tensor == "codes":
        return f"({member.kind})(value > -3 && value < 1e6 ? (int)value : -2)"
    return f"value > -9e15 && value < 9e15 ? (int64_t)value : {name.upper()}_MISSING_TIME"
