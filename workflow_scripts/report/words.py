"""Numbers and names as a reader wants to see them."""

import math

from workflow_scripts.core.tables.prepare import PER_CLASS

MISSING = "\N{EN DASH}"
MINUS = "\N{MINUS SIGN}"
TIMES = "\N{MULTIPLICATION SIGN}"


def score(value: float) -> str:
    """Return a score with three decimals, a dash for NaN."""
    return MISSING if math.isnan(value) else f"{value:.3f}".replace("-", MINUS)


def signed(value: float, decimals: int = 3) -> str:
    """Return a difference with its sign; a dash for NaN."""
    if math.isnan(value):
        return MISSING
    return f"{value:+.{decimals}f}".replace("-", MINUS)


def with_interval(value: float, low: float, high: float) -> str:
    """Return a score and its interval."""
    return _bracketed(score(value), score(low), score(high))


def signed_with_interval(value: float, low: float, high: float) -> str:
    """Return a difference and its interval."""
    return _bracketed(signed(value), signed(low), signed(high))


def _bracketed(value: str, low: str, high: str) -> str:
    return value if value == MISSING else f"{value} [{low}, {high}]"


def count(number: float) -> str:
    """Return a whole number, thousands apart; a dash for NaN."""
    return MISSING if math.isnan(number) else f"{number:,.0f}"


def percent(part: float, whole: float) -> str:
    """Return a share in per cent; a dash of nothing."""
    return f"{100 * part / whole:.1f}%" if whole else MISSING


def p_value(p: float) -> str:
    """Return p with three decimals, never as zero."""
    if math.isnan(p):
        return MISSING
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def duration(seconds: float) -> str:
    """Return a time in the unit that suits it."""
    for unit, size in (("h", 3600.0), ("min", 60.0)):
        if seconds >= size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.0f} s" if seconds >= 1 else "< 1 s"


def energy(watt_hours: float) -> str:
    """Return an energy in the unit that suits it; a dash for NaN."""
    if math.isnan(watt_hours):
        return MISSING
    if watt_hours >= 1000:
        return f"{watt_hours / 1000:,.1f} kWh"
    return f"{watt_hours:.1f} Wh"


def plain(name: str) -> str:
    """Return the name of a protocol or method as words."""
    return name.replace("_", " ")


def budget_words(name: str) -> str:
    """Say whose labels a budget is."""
    if name == "100%":
        return "all training patients"
    if name.endswith("%"):
        return f"{name} of the training patients"
    if name.endswith(PER_CLASS):
        least = name.removesuffix(PER_CLASS)
        return f"{least} {'patient' if least == '1' else 'patients'} per class"
    return f"{name} patients" if name != "1" else "1 patient"


def listed(names: list[str]) -> str:
    """Join `names` as in a sentence."""
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"
