"""Check the config against its schema, and fill in the defaults.

Every complaint is one line: the place in the config, what stands there, what may.
"""

import copy
import re
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator, ValidationError, validators

from workflow_scripts.core.errors import InputError

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = ROOT / "rules" / "config.schema.yaml"

Settings = dict[str, Any]


def fill(config: Settings) -> None:
    """Fill the schema's defaults into `config`.

    Raises:
        InputError: one line for every mistake found.
    """
    schema = yaml.safe_load(SCHEMA.read_text(encoding="utf-8"))
    complaints = {_line(error) for error in _Filling(schema).iter_errors(config)}
    if complaints:
        raise InputError("\n".join(f"config: {line}" for line in sorted(complaints)))


def _fill_properties(
    validator: Any,  # noqa: ANN401 (jsonschema's own types)
    properties: Settings,
    instance: object,
    schema: Settings,
) -> Any:  # noqa: ANN401
    if isinstance(instance, dict):
        for name, part in properties.items():
            if "default" in part and name not in instance:
                instance[name] = copy.deepcopy(part["default"])
    yield from Draft202012Validator.VALIDATORS["properties"](
        validator, properties, instance, schema
    )


_Filling: Any = validators.extend(  # type: ignore[no-untyped-call]
    Draft202012Validator, {"properties": _fill_properties}
)


def _line(error: ValidationError) -> str:
    deepest = error
    while deepest.context:
        deepest = max(deepest.context, key=_depth)
    place = ".".join(str(part) for part in deepest.absolute_path) or "top level"
    given: Any = deepest.instance
    allowed: Any = deepest.validator_value
    match deepest.validator:
        case "additionalProperties":
            schema: Any = deepest.schema
            known = sorted(schema["properties"])
            odd = sorted(set(given) - set(known))
            return f"{place}: unknown key {odd[0]!r}; allowed: {', '.join(known)}"
        case "required":
            absent = [name for name in allowed if name not in given]
            return f"{place}: missing {', '.join(absent)}"
        case "enum":
            return f"{place}: {given!r} is not one of {', '.join(map(str, allowed))}"
        case "type":
            return f"{place}: {given!r} is not of type {allowed}{_number_hint(given)}"
        case "pattern":
            return f"{place}: {given!r} does not have the form {allowed}"
    return f"{place}: {deepest.message}"


def _depth(error: ValidationError) -> tuple[int, bool, bool]:
    """Rank the branches of a choice: the deepest, of the right type, was meant."""
    kind = error.validator
    return len(error.absolute_path), kind == "additionalProperties", kind != "type"


def _number_hint(given: object) -> str:
    if isinstance(given, str) and re.fullmatch(r"\d+e[+-]?\d+", given):
        return f" (YAML reads {given} as text; write {given.replace('e', '.0e')})"
    return ""


def cohort_of(config: Settings, dataset: Settings) -> str:
    """Return the name of the cohort of phantoms that a dataset is; "" if it is none."""
    parts = Path(dataset["root"]).parts
    made_here = len(parts) > 2 and parts[:2] == ("results", "simulate")
    return parts[2] if made_here and parts[2] in config["simulate"] else ""


def simulated(config: Settings, dataset: Settings) -> bool:
    """Say whether the files of `dataset` are phantoms that this workflow makes."""
    return bool(cohort_of(config, dataset))
