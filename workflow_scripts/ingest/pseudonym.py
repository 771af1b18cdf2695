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


def read_key(key_file: str) -> bytes:
    """Return the secret key; the public constant if `key_file` is empty.

    Raises:
        InputError: if the file is missing, damaged, open to others or misplaced.
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
    return key


def make_key(key_file: str) -> None:
    """Make the key file where there is none; of several at once, one wins.

    Raises:
        InputError: if it lies in the working folder, or cannot be made.
    """
    if not key_file or (path := _outside(key_file)).exists():
        return
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


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, mode=0o600)


def _outside(key_file: str) -> Path:
    path = Path(key_file).expanduser()
    if path.resolve().is_relative_to(Path.cwd().resolve()):
        raise InputError("ingest: key_file must lie outside the working folder")
    return path
