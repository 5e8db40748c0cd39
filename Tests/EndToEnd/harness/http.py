"""HTTP as the tests speak it: requests with credentials, and bytes on a socket where a library would tidy up."""
from __future__ import annotations

import base64
import socket

import requests

# The limit after which a test fails instead of hanging.
TIMEOUT = 60


class Client:
    """requests against one server. Redirects are not followed unless asked for, so that tests see them."""

    def __init__(self, url, user=None, password=None):
        self.url = url
        self.auth = (user.encode(), password.encode()) if user is not None else None

    def request(self, method, path, **options):
        options.setdefault("timeout", TIMEOUT)
        options.setdefault("allow_redirects", False)
        session = requests.Session()
        session.trust_env = False
        if self.auth is not None and "auth" not in options and "Authorization" not in (options.get("headers") or {}):
            options["auth"] = self.auth
        answer = session.request(method, self.url + path, **options)
        if not options.get("stream"):
            session.close()
        return answer

    def get(self, path, **options):
        return self.request("GET", path, **options)

    def head(self, path, **options):
        return self.request("HEAD", path, **options)

    def post(self, path, **options):
        return self.request("POST", path, **options)

    def put(self, path, **options):
        return self.request("PUT", path, **options)

    def patch(self, path, **options):
        return self.request("PATCH", path, **options)

    def delete(self, path, **options):
        return self.request("DELETE", path, **options)

    def ok(self, method, path, *expected, **options):
        """The answer, after making sure that its status is one of those expected (200, 201 and 204 unless said)."""
        answer = self.request(method, path, **options)
        assert answer.status_code in (expected or (200, 201, 204)), (method, path, answer.status_code, answer.text[:500])
        return answer

    def upload(self, repository, distribution, **fields):
        """The legacy upload as twine sends it. `fields` replace or (None) remove form fields."""
        form = {
            ":action": "file_upload", "protocol_version": "1", "metadata_version": "2.1",
            "name": distribution.name, "version": distribution.version,
            "filetype": "bdist_wheel" if distribution.is_wheel else "sdist",
            "pyversion": "py3" if distribution.is_wheel else "source",
            "sha256_digest": distribution.sha256,
        }
        if "action" in fields:
            form[":action"] = fields.pop("action")
        form.update(fields)
        form = {key: value for key, value in form.items() if value is not None}
        files = {"content": (distribution.filename, distribution.content, "application/octet-stream")}
        return self.post("/pypi/%s/" % repository, data=form, files=files)

    def page(self, repository, package, kind="json", **options):
        accept = {"json": "application/vnd.pypi.simple.v1+json", "html": "application/vnd.pypi.simple.v1+html"}[kind]
        headers = dict(options.pop("headers", {}), Accept=accept)
        return self.get("/pypi/%s/simple/%s/" % (repository, package), headers=headers, **options)

    def file_url(self, repository, package, filename):
        """Where the page says the file is, as an absolute URL."""
        from urllib.parse import urljoin
        answer = self.page(repository, package)
        assert answer.status_code == 200, (answer.status_code, answer.text[:500])
        for file in answer.json()["files"]:
            if file["filename"] == filename:
                return urljoin(answer.url, file["url"])
        raise AssertionError("%s is not on the page of %s: %s" % (filename, package, [f["filename"] for f in answer.json()["files"]]))

    def file_path(self, repository, package, filename):
        url = self.file_url(repository, package, filename)
        assert url.startswith(self.url), url
        return url[len(self.url):]


def basic(user, password):
    return "Basic " + base64.b64encode(("%s:%s" % (user, password)).encode()).decode()


class RawAnswer:
    def __init__(self, data):
        self.data = data
        head, _, self.body = data.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        self.status = int(lines[0].split(" ")[1]) if lines[0].startswith("HTTP/") else None
        self.headers = {}
        for line in lines[1:]:
            name, _, value = line.partition(":")
            self.headers[name.strip().lower()] = value.strip()

    @property
    def count(self):
        """How many answers came on this connection."""
        return self.data.count(b"HTTP/1.1 ") + self.data.count(b"HTTP/1.0 ")


def raw(server, *segments, timeout=15, half_close=False):
    """Sends exactly these bytes and reads until the server closes (or `timeout` passes without a byte)."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=timeout) as connection:
        received = b""
        try:
            for segment in segments:
                connection.sendall(segment if isinstance(segment, bytes) else segment.encode("latin-1"))
            if half_close:
                connection.shutdown(socket.SHUT_WR)
        except (BrokenPipeError, ConnectionResetError):
            # The server answered and closed before it read everything; what it said may still be read.
            pass
        while True:
            try:
                piece = connection.recv(65536)
            except (socket.timeout, ConnectionResetError):
                break
            if not piece:
                break
            received += piece
    return RawAnswer(received)


def raw_get(server, target, *headers, user="admin", password=None, method="GET"):
    """A request line with `target` as it stands."""
    from .server import PASSWORD
    lines = ["%s %s HTTP/1.1" % (method, target), "Host: 127.0.0.1:%d" % server.port, "Connection: close", *headers]
    if user is not None:
        lines.append("Authorization: " + basic(user, PASSWORD if password is None else password))
    return raw(server, "\r\n".join(lines) + "\r\n\r\n")
