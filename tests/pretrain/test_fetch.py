"""Weights are fetched from a real server, and are what was asked for or nothing."""

import hashlib
import http.server
import threading

import pytest

from workflow_scripts.core.errors import InputError
from workflow_scripts.pretrain import fetch

BODY = bytes(range(256)) * 10_000  # 2.4 MiB
SHA256 = hashlib.sha256(BODY).hexdigest()


class Answers(http.server.BaseHTTPRequestHandler):
    """Gives the body, part of it, or an address elsewhere."""

    def do_GET(self):
        if self.path == "/moved":
            return self._say(302, b"", Location="/whole")
        if self.path == "/moved-away":
            return self._say(302, b"", Location="http://elsewhere.test/whole")
        if self.path == "/half":
            return self._say(200, BODY[:1000], length=len(BODY))
        if self.path == "/unmeasured":
            return self._say(200, BODY, length=None)
        return self._say(200 if "/whole" in self.path else 404, BODY)

    def _say(self, code, body, length=0, **headers):
        self.send_response(code)
        if length is not None:
            self.send_header("Content-Length", str(length or len(body)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Say nothing."""


@pytest.fixture(scope="module")
def server():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()


def fetched(url, folder, sha256=SHA256):
    fetch.main(recipe=fetch.Recipe(url=url, sha256=sha256), weights=folder / "w")
    return (folder / "w").read_bytes()


@pytest.mark.parametrize("path", ["/whole", "/moved", "/unmeasured"])
def test_what_is_at_the_address_is_written(server, path, tmp_path, caplog):
    caplog.set_level("INFO")
    assert fetched(server + path, tmp_path, SHA256.upper()) == BODY
    assert SHA256 in caplog.text
    if path == "/whole":
        assert "MiB fetched: 3 of 3" in caplog.text


def test_another_file_is_refused(server, tmp_path):
    with pytest.raises(InputError, match=f"has sha256 {SHA256}, and 0000"):
        fetched(server + "/whole", tmp_path, "0" * 64)


def test_nothing_there_is_said_so(server, tmp_path):
    with pytest.raises(InputError, match=r"nothing could be had .*\(404"):
        fetched(server + "/nothing", tmp_path)


def test_no_server_is_said_so(tmp_path):
    with pytest.raises(InputError, match="nothing could be had"):
        fetched("http://127.0.0.1:9/whole", tmp_path)


def test_a_file_that_breaks_off_is_refused(server, tmp_path):
    with pytest.raises(InputError, match=r"broke off|IncompleteRead"):
        fetched(server + "/half", tmp_path)


@pytest.mark.parametrize(
    "url", ["http://elsewhere.test/w", "ftp://elsewhere.test/w", "file:///etc/passwd"]
)
def test_only_https_is_taken(url, tmp_path):
    with pytest.raises(InputError, match="no https address"):
        fetched(url, tmp_path)


def test_no_redirection_leads_away_from_https(server, tmp_path):
    with pytest.raises(InputError, match=r"elsewhere.test/whole is no https address"):
        fetched(server + "/moved-away", tmp_path)


def test_a_secret_in_the_address_is_not_told(server, tmp_path):
    secret = server.replace("//", "//me:hidden@") + "/nothing?token=hidden"
    with pytest.raises(InputError) as refused:
        fetched(secret, tmp_path)
    assert "hidden" not in str(refused.value)
