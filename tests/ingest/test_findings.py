"""The vocabulary of findings: names, and codes that at least are well formed."""

import re

from workflow_scripts.ingest.findings import FINDINGS

PERMUTATION = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)


def product(a, b):
    """Return a times b in the dihedral group of ten, whose table has no pattern."""
    if a < 5:
        return (a + b) % 5 if b < 5 else 5 + (a + b) % 5
    return 5 + (a - b) % 5 if b < 5 else (a - b) % 5


def verhoeff(code):
    """Return the Verhoeff sum of a number, 0 if its last digit fits."""
    total, turn = 0, [list(range(10))]
    while len(turn) < 8:
        turn.append([PERMUTATION[digit] for digit in turn[-1]])
    for place, digit in enumerate(reversed(code)):
        total = product(total, turn[place % 8][int(digit)])
    return total


def test_names_are_snake_case_and_meanings_are_all_different():
    assert all(re.fullmatch(r"[a-z0-9_]+", name) for name in FINDINGS)
    meanings = [finding.meaning for finding in FINDINGS.values()]
    assert len(set(meanings)) == len(meanings)


def test_no_code_stands_for_two_findings():
    for kind in ("snomed", "radlex"):
        codes = [getattr(finding, kind) for finding in FINDINGS.values()]
        codes = [code for code in codes if code]
        assert len(set(codes)) == len(codes)


def test_the_check_digit_of_each_snomed_code_fits():
    codes = [finding.snomed for finding in FINDINGS.values() if finding.snomed]
    assert codes
    assert [code for code in codes if verhoeff(code)] == []


def test_radlex_ids_are_written_as_such():
    ids = [finding.radlex for finding in FINDINGS.values() if finding.radlex]
    assert all(re.fullmatch(r"RID\d+", code) for code in ids)
