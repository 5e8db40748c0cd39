"""An index that does what a test tells it: pages as HTML or JSON on one port, files on another, and faults on request."""
from __future__ import annotations

import collections
import dataclasses
import datetime
import hashlib
import html
import http.server
import json
import re
import socket
import socketserver
import threading
import time
import urllib.parse


def days_ago(days):
    """The time of a file that is so many days old, and a little more, as JSON pages say it."""
    age = datetime.timedelta(days=days, minutes=5)
    return (datetime.datetime.now(datetime.timezone.utc) - age).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


@dataclasses.dataclass
class Fault:
    """What goes wrong with an answer. Several may be combined."""

    status: int | None = None       # this status instead of 200
    delay: float = 0                # seconds before the first byte
    truncate: int | None = None     # the connection is closed after so many bytes of the announced body
    body: bytes | None = None       # these bytes instead of the right ones
    drip: float = 0                 # seconds between pieces of the body
    piece: int = 1 << 16            # bytes in a piece when dripping
    hold: threading.Event | None = None     # the body's second half waits for this
    headers: dict = dataclasses.field(default_factory=dict)
    times: int | None = None        # only for the first so many requests


class _Listener(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 256

    def __init__(self, address, handler):
        self.open = set()
        self.lock = threading.Lock()
        super().__init__(address, handler)

    def process_request_thread(self, request, client_address):
        with self.lock:
            self.open.add(request)
        try:
            super().process_request_thread(request, client_address)
        finally:
            with self.lock:
                self.open.discard(request)

    def handle_error(self, request, client_address):
        pass  # a peer that leaves is part of several tests

    def cut(self):
        with self.lock:
            for connection in self.open:
                try:
                    connection.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass


class ScriptedUpstream:
    """`style` is "json" (JSON where the client asks for it) or "html" (always HTML)."""

    def __init__(self, style="json"):
        self.style = style
        self.projects = collections.OrderedDict()     # normalized name -> [Distribution]
        self.yanked = {}                              # filename -> reason
        self.published = {}                           # filename -> when, as JSON pages say it
        self.lied = {}                                # filename -> sha256 that the page shows instead of the true one
        self.static = {}                              # path on the index port -> (content type, bytes)
        self.faults = {}                              # regular expression over "/path" -> Fault
        self.counts = collections.Counter()           # "index /simple/x/" or "files /x-1.0.whl" -> requests
        self.seen = []                                # (method, role, path, headers) of every request
        self.ranges = False                           # whether files are sent in parts (RFC 9110, 14)
        self.sent = collections.Counter()             # role -> bytes of bodies
        self.lock = threading.Lock()
        self.listeners = {}
        self.ports = {"index": 0, "files": 0}
        self.start()

    # -- life

    def start(self):
        for role in ("index", "files"):
            handler = type("Handler", (_Handler,), {"upstream": self, "role": role})
            listener = _Listener(("127.0.0.1", self.ports[role]), handler)
            self.ports[role] = listener.server_address[1]
            self.listeners[role] = listener
            threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def stop(self):
        """As if the machine were unplugged: open connections break, new ones are refused."""
        for listener in self.listeners.values():
            listener.shutdown()
            listener.server_close()
            listener.cut()
        self.listeners = {}

    @property
    def url(self):
        return "http://127.0.0.1:%d" % self.ports["index"]

    @property
    def files_url(self):
        return "http://127.0.0.1:%d" % self.ports["files"]

    # -- what is there

    def add(self, *distributions):
        for distribution in distributions:
            self.projects.setdefault(distribution.project, []).append(distribution)
        return self

    def find(self, filename):
        for distributions in self.projects.values():
            for distribution in distributions:
                if distribution.filename == filename:
                    return distribution
        return None

    # -- what was asked

    def count(self, fragment, role=None):
        """GET requests whose path contains `fragment`."""
        with self.lock:
            return sum(1 for method, seen_role, path, _ in self.seen
                       if method == "GET" and fragment in path and (role is None or role == seen_role))

    def forget(self):
        with self.lock:
            self.seen.clear()
            self.sent.clear()

    # -- pages

    def file_link(self, distribution):
        return "%s/blobs/%s" % (self.files_url, urllib.parse.quote(distribution.filename, safe="!"))

    def shown_digest(self, distribution):
        return self.lied.get(distribution.filename, distribution.sha256)

    def html_page(self, project):
        lines = ["<!DOCTYPE html><html><head><title>Links</title></head><body>"]
        for distribution in self.projects[project]:
            attributes = 'href="%s#sha256=%s"' % (self.file_link(distribution), self.shown_digest(distribution))
            if distribution.requires_python:
                attributes += ' data-requires-python="%s"' % html.escape(distribution.requires_python)
            if distribution.filename in self.yanked:
                attributes += ' data-yanked="%s"' % html.escape(self.yanked[distribution.filename])
            lines.append("<a %s>%s</a><br>" % (attributes, distribution.filename))
        return "\n".join(lines + ["</body></html>"]).encode()

    def json_page(self, project):
        files = []
        for distribution in self.projects[project]:
            entry = {
                "filename": distribution.filename, "url": self.file_link(distribution),
                "hashes": {"sha256": self.shown_digest(distribution)}, "size": len(distribution.content),
                "upload-time": self.published.get(distribution.filename, "2024-03-01T12:00:00.000000Z"),
                "yanked": self.yanked.get(distribution.filename, False),
            }
            if distribution.requires_python:
                entry["requires-python"] = distribution.requires_python
            if distribution.is_wheel:
                entry["core-metadata"] = {"sha256": hashlib.sha256(distribution.metadata).hexdigest()}
            files.append(entry)
        versions = sorted({distribution.version for distribution in self.projects[project]})
        return json.dumps({"meta": {"api-version": "1.1"}, "name": project, "versions": versions, "files": files}).encode()

    def respond(self, role, path, accept):
        """The status, content type and bytes of the right answer."""
        if role == "index":
            if path in self.static:
                return (200,) + self.static[path]
            match = re.fullmatch(r"/simple/([^/]+)/", path)
            as_json = self.style == "json" and "application/vnd.pypi.simple.v1+json" in accept
            if path == "/simple/":
                if as_json:
                    names = [{"name": name} for name in self.projects]
                    return 200, "application/vnd.pypi.simple.v1+json", json.dumps({"meta": {"api-version": "1.1"}, "projects": names}).encode()
                links = "".join('<a href="%s/">%s</a>' % (name, name) for name in self.projects)
                return 200, "text/html", ("<!DOCTYPE html><html><body>%s</body></html>" % links).encode()
            if match and match.group(1) in self.projects:
                if as_json:
                    return 200, "application/vnd.pypi.simple.v1+json", self.json_page(match.group(1))
                return 200, "text/html", self.html_page(match.group(1))
            return 404, "text/plain", b"no such page\n"
        name = urllib.parse.unquote(path.rpartition("/")[2])
        found = self.find(name)
        if found:
            return 200, "application/octet-stream", found.content
        if name.endswith(".metadata") and self.find(name[:-9]) and self.find(name[:-9]).is_wheel and self.style == "json":
            return 200, "application/octet-stream", self.find(name[:-9]).metadata
        return 404, "text/plain", b"no such file\n"

    def fault(self, path):
        with self.lock:
            for pattern, fault in self.faults.items():
                if re.search(pattern, path):
                    if fault.times is not None:
                        if fault.times <= 0:
                            continue
                        fault.times -= 1
                    return fault
        return Fault()


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    upstream: ScriptedUpstream
    role: str

    def log_message(self, *_):
        pass

    def do_HEAD(self):
        self.answer(False)

    def do_GET(self):
        self.answer(True)

    def answer(self, with_body):
        upstream = self.upstream
        path = urllib.parse.urlsplit(self.path).path
        with upstream.lock:
            upstream.seen.append((self.command, self.role, path, dict(self.headers)))
            upstream.counts[self.role + " " + path] += 1
        fault = upstream.fault(path)
        status, kind, body = upstream.respond(self.role, path, self.headers.get("Accept", ""))
        if fault.delay:
            time.sleep(fault.delay)
        if fault.status is not None:
            status, kind, body = fault.status, "text/plain", b"as told\n"
        if fault.body is not None:
            body = fault.body
        etag = '"%s"' % hashlib.sha256(body).hexdigest()[:32]
        if status == 200 and self.headers.get("If-None-Match") == etag:
            status, body = 304, b""
        total = len(body)
        part = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range", ""))
        is_part = status == 200 and part and upstream.ranges and self.role == "files" and int(part[1]) < total
        if is_part:
            status, body = 206, body[int(part[1]):int(part[2]) + 1]
        self.send_response(status)
        if is_part:
            self.send_header("Content-Range", "bytes %d-%d/%d" % (int(part[1]), int(part[1]) + len(body) - 1, total))
        self.send_header("Content-Type", kind)
        if status == 200:
            self.send_header("ETag", etag)
        if status != 304:
            self.send_header("Content-Length", str(len(body)))
        for name, value in fault.headers.items():
            self.send_header(name, value)
        self.end_headers()
        if with_body and status != 304:
            with upstream.lock:
                upstream.sent[self.role] += len(body)
            self.send_body(body, fault)

    def send_body(self, body, fault):
        if fault.truncate is not None:
            self.wfile.write(body[:fault.truncate])
            self.wfile.flush()
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        if fault.hold is not None:
            self.wfile.write(body[:len(body) // 2])
            self.wfile.flush()
            fault.hold.wait(60)
            self.wfile.write(body[len(body) // 2:])
            return
        if fault.drip:
            for start in range(0, len(body), fault.piece):
                self.wfile.write(body[start:start + fault.piece])
                self.wfile.flush()
                time.sleep(fault.drip)
            return
        self.wfile.write(body)
