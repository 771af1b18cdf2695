"""Write docs/configuration.md from the schema, so that the two cannot differ.

python -m workflow_scripts.plan.reference >docs/configuration.md
"""

import sys
from collections.abc import Iterator

import yaml

from workflow_scripts.plan.settings import SCHEMA, Settings

HEAD: str = """# Configuration

Made from `rules/config.schema.yaml` by `python -m workflow_scripts.plan.reference`; a
test holds the two equal. Keys that are not listed here are refused by name. `NAME`
stands for a name of your own: lower-case letters, digits and underscores.

| key | what | given | default |
|---|---|---|---|
"""


def page() -> str:
    """Return the whole page."""
    schema = yaml.safe_load(SCHEMA.read_text(encoding="utf-8"))
    rows = _rows("", schema, schema)
    return HEAD + "\n".join(rows) + "\n"


def _rows(place: str, part: Settings, schema: Settings) -> Iterator[str]:
    """Yield a row for every key below `place`."""
    required = part.get("required", [])
    for name, inner in part.get("properties", {}).items():
        yield from _key(f"{place}{name}", inner, schema, needed=name in required)


def _key(key: str, part: Settings, schema: Settings, *, needed: bool) -> Iterator[str]:
    branches = [_resolved(b, schema) for b in _branches(part)]
    inner = [_resolved(part, schema), *branches]
    described = next((p["description"] for p in inner if "description" in p), "")
    default = "**needed**" if needed else _shown(part.get("default"))
    if not any("properties" in p for p in inner) or "default" in part or needed:
        cell = described.replace("|", "\\|")
        yield f"| `{key}` | {cell} | {_form(part, schema)} | {default} |"
    for one in inner:
        yield from _rows(f"{key}.", one, schema)
        below = one.get("additionalProperties")
        if isinstance(below, dict):
            for branch in _branches(below) or [below]:
                yield from _rows(f"{key}.NAME.", _resolved(branch, schema), schema)


def _branches(part: Settings) -> list[Settings]:
    return [
        *part.get("oneOf", []),
        *(part[word] for word in ("then", "else") if word in part),
    ]


def _resolved(part: Settings, schema: Settings) -> Settings:
    if "$ref" not in part:
        return part
    return {**schema["$defs"][part["$ref"].rpartition("/")[2]], **part}


def _form(part: Settings, schema: Settings) -> str:
    """Say in a word or two what may be given."""
    known = _resolved(part, schema)
    if "enum" in known:
        return ", ".join(f"`{value}`" for value in known["enum"] if value)
    if "oneOf" in known:
        forms = [_form(branch, schema) for branch in known["oneOf"]]
        return " or ".join(dict.fromkeys(form for form in forms if form != "null"))
    kind = known.get("type", "")
    kind = next(k for k in kind if k != "null") if isinstance(kind, list) else kind
    if kind == "array":
        return f"list of {_form(known['items'], schema)}"
    words = {"object": "mapping", "string": "text", "integer": "whole number"}
    low = known.get("minimum", known.get("exclusiveMinimum"))
    high = known.get("maximum")
    span = "" if low is None else f" from {low}" + (f" to {high}" if high else "")
    return f"{words.get(kind, kind)}{span}"


def _shown(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(f"`{one}`" for one in value)
    return "" if value is None or value == {} else f"`{value}`"


if __name__ == "__main__":
    sys.stdout.write(page())
