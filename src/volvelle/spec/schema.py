"""The JSON Schema of the spec, for editors: ``python -m volvelle.spec.schema`` writes the shipped copy."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec

from volvelle.spec.requirements import Spec

SHIPPED = Path(__file__).with_name("volvelle.schema.json")


def schema() -> str:
    """The schema as JSON text, from the records themselves."""
    document = msgspec.json.schema(Spec)
    document = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "volvelle.toml", **document}
    return json.dumps(document, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


if __name__ == "__main__":
    SHIPPED.write_text(schema(), encoding="utf-8")
