"""Replace identifiers by keyed hashes: the one place where raw ids become ours.

Unkeyed hashes hide nothing, since all eight-digit numbers can be tried in minutes.
"""

import base64
import hashlib
import hmac
import json
import os
import secrets
import stat
from pathlib import Path

from workflow_scripts.core.errors import InputError

PUBLIC_KEY = b"FewRay phantoms have no secrets."
KEY_BYTES = 32
PADDING = " \0\t\r\n"
FINGERPRINT = "key_fingerprint.txt"  # in results/ingest; tells nothing of the key
OURS = "the pseudonyms in results/ingest; restore it, or delete results/ingest"


class Pseudonyms:
    """Keyed hashes of the identifiers of one site."""

    def __init__(self, key: bytes, site: str) -> None:
        """Use the secret `key`; ids of two sites never meet."""
        self.key = key
        self.site = site

    def of(self, kind: str, text: str, *, issuer: str = "") -> str:
        """Return 26 letters and digits (128 bits of HMAC-SHA256) for one id.

        Args:
            kind: what the id names: patient, study, image, file.
            text: the raw id, a string: `007` and `7` differ. Padding is trimmed.
            issuer: who gave the id out; its padding is trimmed too.
        """
        parts = [kind, self.site, issuer.strip(PADDING), text.strip(PADDING)]
        message = json.dumps(parts).encode("ascii")
        digest = hmac.digest(self.key, message, hashlib.sha256)[:16]
        return base64.b32encode(digest).decode("ascii").rstrip("=").lower()


def pseudonyms_of(key_file: str, site: str, private: Path) -> Pseudonyms:
    """Return the pseudonyms of a site, under the key that made those that are there.

    Args:
        key_file: where the key lies; "" for phantoms.
        site: ids of two sites never meet.
        private: the private folder of one dataset, `results/ingest/{dataset}/private`.
    """
    return Pseudonyms(read_key(key_file, private), site)


def read_key(key_file: str, private: Path) -> bytes:
    """Return the secret key; the public constant if `key_file` is empty.

    Args:
        key_file: where the key lies.
        private: a dataset's private folder. The folder of all datasets remembers the
            key's fingerprint: under two keys one person would have two pseudonyms.

    Raises:
        InputError: if the file is missing, damaged, open to others, misplaced, or
            another one than made the pseudonyms that are there.
    """
    if not key_file:
        return PUBLIC_KEY
    path = _outside(key_file)
    try:
        key = path.read_bytes()
        mode = stat.S_IMODE(path.stat().st_mode)
    except OSError as error:
        raise InputError("ingest: key_file cannot be read") from error
    if len(key) != KEY_BYTES:
        raise InputError(f"ingest: key_file does not hold {KEY_BYTES} bytes")
    if mode & 0o077:
        raise InputError("ingest: key_file is open to others; chmod 600 it")
    mark = _mark(private)
    if mark.is_file() and mark.read_text(encoding="ascii").strip() != _fingerprint(key):
        raise InputError(f"ingest: key_file is not the key that made {OURS}")
    return key


def make_key(key_file: str, private: Path) -> None:
    """Make the key file where there is none, and remember its fingerprint.

    Of several at once, one wins.

    Raises:
        InputError: if it lies in the working folder, cannot be made, or is lost: there
            are pseudonyms already that another key made.
    """
    if not key_file:
        return
    path, mark = _outside(key_file), _mark(private)
    if not path.exists():
        if mark.is_file():
            raise InputError(f"ingest: key_file is lost, and it made {OURS}")
        _make(path)
    if not mark.is_file():
        partial = mark.with_name(f".{FINGERPRINT}-{os.getpid()}")
        partial.write_text(_fingerprint(read_key(key_file, private)) + "\n")
        partial.replace(mark)


def _make(path: Path) -> None:
    partial = path.with_name(f".{path.name}-{os.getpid()}-{secrets.token_hex(4)}")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with open(partial, "xb", opener=_private) as file:
            file.write(secrets.token_bytes(KEY_BYTES))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(partial, path)
        except FileExistsError:
            pass  # another dataset made it in this moment
        finally:
            partial.unlink()
    except OSError as error:
        raise InputError("ingest: key_file cannot be made") from error


def _mark(private: Path) -> Path:
    return private.absolute().parents[1] / FINGERPRINT


def _fingerprint(key: bytes) -> str:
    return hmac.digest(key, b"fingerprint", hashlib.sha256).hex()[:20]


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, mode=0o600)


def _outside(key_file: str) -> Path:
    path = Path(key_file).expanduser()
    if path.resolve().is_relative_to(Path.cwd().resolve()):
        raise InputError("ingest: key_file must lie outside the working folder")
    return path
