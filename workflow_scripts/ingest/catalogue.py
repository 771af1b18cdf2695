"""Make docs/reasons.md: what can become of a file."""

import sys

from workflow_scripts.ingest.reasons import REASONS

HEAD = """# What can become of a file

Made by `python -m workflow_scripts.ingest.catalogue > docs/reasons.md`.

found = accepted + excluded + quarantined, always. Excluded: understood, out of scope.
Quarantined: not to be trusted until a person has looked. The column `reason` of
`results/ingest/{dataset}/ledger.parquet` holds one of these codes. Rules of scope are
switched off in `ingest.exclude`, checks of pictures in `ingest.picture_checks`.

| code | status | meaning |
|---|---|---|
"""


def page() -> str:
    """Return the page as Markdown."""
    rows = [f"| `{c}` | {r.status} | {r.meaning} |\n" for c, r in REASONS.items()]
    return HEAD + "".join(rows)


if __name__ == "__main__":
    sys.stdout.write(page())
