#!/usr/bin/env python3
"""What a large page of packages costs when it changes; prints a table with the numbers and the targets.

    Benchmarks/pages.py [--files 10000] [--rounds 7]

One wheel is published over and over into a package of so many files. Each time: how long the publish takes, and how long
the first read of the page takes after it, which has to make the page again. The records of the files are multiplied in the
database of a stopped server, because only their number matters here. The proxied page is one of a thousand files, asked
for once from an upstream that is a plain file server.
"""
from __future__ import annotations

import argparse
import hashlib
import http.client
import http.server
import json
import os
import pathlib
import re
import shutil
import signal
import sqlite3
import statistics
import sys
import tempfile
import threading
import time

import servers
import uploading
from uploading import make_fixtures

PAGE = "/pypi/bench/big/simple/big/"
KINDS = (("JSON, gzip", servers.JSON_TYPE, "gzip"), ("HTML, gzip", "text/html", "gzip"), ("JSON", servers.JSON_TYPE, "identity"))


def multiply(database, files):
    """Adds records until the package has so many files, nine in ten with metadata beside them."""
    connection = sqlite3.connect(database)
    connection.row_factory = sqlite3.Row
    wheel, sidecar = (connection.execute("SELECT * FROM assets WHERE package = 'big' AND sidecar_of IS %s NULL" % kind).fetchone()
                      for kind in ("", "NOT"))
    columns = wheel.keys()

    def add(row, version):
        changed = {name: value.replace("-1.0-", "-%s-" % version) if isinstance(value, str) else value
                   for name, value in zip(columns, row)}
        changed["version"] = version
        # What all files had in common would compress to nothing.
        for name in ("checksums", "attributes"):
            changed[name] = re.sub("[0-9a-f]{64}", lambda digest: hashlib.sha256((digest[0] + version).encode()).hexdigest(), changed[name])
        connection.execute("INSERT INTO assets (%s) VALUES (%s)" % (", ".join(columns), ", ".join("?" * len(columns))),
                           [changed[name] for name in columns])

    for number in range(1, files):
        version = "%d.%d.%d" % (number // 400 + 2, number // 20 % 20, number % 20)
        add(wheel, version)
        if number % 10:
            add(sidecar, version)
    connection.commit()
    connection.close()


def timed(save, kind, encoding):
    """Milliseconds for the page, and its bytes as they came."""
    begun = time.perf_counter()
    answer, content = save.request("GET", PAGE, Accept=kind, **{"Accept-Encoding": encoding})
    elapsed = (time.perf_counter() - begun) * 1000
    if answer.status != 200:
        sys.exit("pages: the page answered %s %s" % (answer.status, content[:300]))
    return elapsed, content


def hosted(save, files, rounds):
    publishing, making = [], {title: [] for title, _, _ in KINDS}
    for number in range(rounds * len(KINDS)):
        title, kind, encoding = KINDS[number % len(KINDS)]
        item = make_fixtures.wheel("big", "1.0.post%d" % (number + 1))
        publishing += uploading.upload(save.port, "big", [uploading.form(item)])
        elapsed, content = timed(save, kind, encoding)
        making[title].append(elapsed)
        if encoding == "identity" and item.filename.encode() not in content:
            sys.exit("pages: what was published is not on the page")
    yield "publishing one more file to %d" % files, statistics.median(publishing) * 1000, 25
    for title, _, _ in KINDS:
        yield "the page after it, %s" % title, statistics.median(making[title]), 60
    yield "the page again, from memory", statistics.median(timed(save, *KINDS[0][1:])[0] for _ in range(rounds)), None


class Upstream:
    """A plain server with a page of so many files for every name."""

    def __init__(self, files):
        text = []
        for number in range(files):
            name = "pkg-%d.%d-py3-none-any.whl" % (number // 20, number % 20)
            digest = hashlib.sha256(name.encode()).hexdigest()
            text.append({"filename": name, "url": "files/%s/%s" % (digest[:2], name), "hashes": {"sha256": digest}, "size": 1000 + number,
                         "requires-python": ">=3.8", "upload-time": "2024-03-01T07:08:09.123456Z", "yanked": False,
                         "core-metadata": {"sha256": digest[::-1]}})
        versions = sorted({name["filename"].split("-")[1] for name in text})
        page = {"meta": {"api-version": "1.1"}, "name": "pkg", "versions": versions, "files": text}
        body = json.dumps(page).encode()

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                content = body.replace(b"pkg", self.path.strip("/").rpartition("/")[2].encode())
                self.send_response(200)
                self.send_header("Content-Type", servers.JSON_TYPE)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            def handle_error(self, *_):
                """A client that closes its connection is no error."""

        self.server = Server(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.port = self.server.server_address[1]

    def request(self, package):
        begun = time.perf_counter()
        connection = http.client.HTTPConnection("127.0.0.1", self.port)
        connection.request("GET", "/simple/%s/" % package)
        connection.getresponse().read()
        connection.close()
        return (time.perf_counter() - begun) * 1000


    def proxy(self, save, name):
        """Makes a proxy of this upstream."""
        body = {"project": "bench", "name": name, "format": "pypi", "repository_type": "proxy",
                "remote_url": "http://127.0.0.1:%d/simple/" % self.port}
        answer, content = save.request("POST", "/api/v1/repos", json.dumps(body), **{"Content-Type": "application/json"})
        if answer.status != 201:
            sys.exit("pages: the proxy answered %s %s" % (answer.status, content[:300]))


def proxied(save, rounds):
    upstream = Upstream(1000)
    upstream.proxy(save, "proxy")
    ours, theirs = [], []
    for _ in range(rounds):
        save.request("POST", "/api/v1/repos/bench/proxy/invalidate-cache")
        theirs.append(upstream.request("pkg"))
        begun = time.perf_counter()
        answer, content = save.request("GET", "/pypi/bench/proxy/simple/pkg/", Accept=servers.JSON_TYPE, **{"Accept-Encoding": "gzip"})
        if answer.status != 200:
            sys.exit("pages: the proxied page answered %s %s" % (answer.status, content[:300]))
        ours.append((time.perf_counter() - begun) * 1000)
    upstream.server.shutdown()
    yield "a cold proxied page of 1,000 files, over the upstream's own time", statistics.median(ours) - statistics.median(theirs), 15


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    os.environ["SAVE_OUTBOUND_ALLOW"] = "127.0.0.1"
    (servers.ROOT / ".build").mkdir(exist_ok=True)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="bench-", dir=servers.ROOT / ".build"))
    save = None
    try:
        save = servers.Save(folder)
        save.create("big", "pypi")
        uploading.upload(save.port, "big", [uploading.form(make_fixtures.wheel("big", "1.0"))])
        save.stop()
        multiply(next(save.data.glob("*.db")), options.files)
        save = servers.Save(folder)
        print("| | ms | target | |\n| --- | --- | --- | --- |")
        for rows in (hosted(save, options.files, options.rounds), proxied(save, options.rounds)):
            for title, value, target in rows:
                print("| %s | %.1f | %s | %s |" % (title, value, "≤ %d" % target if target else "–",
                                                   servers.verdict(value, target) if target else ""), flush=True)
    finally:
        if save is not None:
            save.stop()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
