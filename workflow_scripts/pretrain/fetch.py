"""Fetch the weights that an encoder begins with from their address."""

import hashlib
import logging
import math
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import IO, Any
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from workflow_scripts.core import entry
from workflow_scripts.core.entry import Output
from workflow_scripts.core.errors import InputError
from workflow_scripts.core.progress import progress

MIB = 2**20
PATIENCE_S = 60.0  # that a server may be silent
HERE = {"localhost", "127.0.0.1", "::1"}

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """Where the weights are, and which they are (config.yaml: ``encoders``)."""

    url: str
    sha256: str


def main(*, recipe: Recipe, weights: Output) -> None:
    """Write the file at the address of the recipe, if it is the one asked for."""
    found = fetched(recipe.url, weights)
    if found != recipe.sha256.lower():
        raise InputError(
            f"weights: what is at {_shown(recipe.url)} has sha256 {found}, and "
            f"{recipe.sha256} was asked for; it was changed, or one of them is wrong"
        )
    log.info("sha256 is %s, as asked for", found)


def fetched(url: str, path: Path) -> str:
    """Write what is at `url` to `path`, piece by piece, and return its SHA-256.

    Raises:
        InputError: if the address is not safe, or there is nothing to be had.
    """
    _require_safe(url)
    request = Request(url, headers={"User-Agent": "fewray"})  # noqa: S310 (just checked)
    sha256 = hashlib.sha256()
    try:
        with (
            build_opener(_Safe).open(request, timeout=PATIENCE_S) as answer,
            path.open("wb") as file,
        ):
            size = int(answer.headers.get("Content-Length") or 0)
            log.info("%s: %.1f MiB", _shown(url), size / MIB)
            pieces = iter(lambda: answer.read(MIB), b"")
            n_pieces = math.ceil(size / MIB)
            for piece in progress(pieces, total=n_pieces, what="MiB fetched"):
                sha256.update(piece)
                file.write(piece)
            got = file.tell()
    except InputError:
        raise  # it says what it is
    except (OSError, HTTPException, ValueError) as error:
        reason = error.code if isinstance(error, HTTPError) else type(error).__name__
        raise InputError(
            f"weights: nothing could be had from {_shown(url)} ({reason}: {error}); "
            "look at the address and the network, or bring the file with "
            "`weights: file:PATH`"
        ) from error
    if size and got != size:
        raise InputError(
            f"weights: {_shown(url)} broke off after {got} of {size} bytes; run again"
        )
    return sha256.hexdigest()


class _Safe(HTTPRedirectHandler):
    """Follow an address to another only if that is safe, too."""

    def redirect_request(
        self,
        req: Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: Any,  # noqa: ANN401 (as the class above has it)
        newurl: str,
    ) -> Request | None:
        _require_safe(newurl)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _require_safe(url: str) -> None:
    """Refuse an address whose answer others could change on its way.

    Raises:
        InputError: unless it is https, or http of this very machine.
    """
    parts = urlsplit(url)
    here = parts.scheme == "http" and parts.hostname in HERE
    if parts.scheme != "https" and not here:
        raise InputError(f"weights: {_shown(url)} is no https address")


def _shown(url: str) -> str:
    """Return `url` without what may be secret in it: user, password, question."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname}{parts.path}"


if __name__ == "__main__":
    entry.run(main)
