#!/usr/bin/env python3
"""How long uv takes to resolve packages through a proxy in each state of it, beside the upstream itself.

    Benchmarks/proxying.py [--rounds 5] [--trip 15] [--index 15] [--files 10] [--list 300]

The upstream is scripted: nginx speaks TLS and HTTP/2 before it, every byte takes half of a round trip each way, and a page, a file or the list of
all packages is sent after the milliseconds that were asked for. Its files are on another port, metadata beside every wheel. A tree of 51
packages, 15 of which are asked for; uv without a cache.

- new: the proxy was made a moment before; nothing is known of the upstream.
- cold: the proxy was used, for other packages.
- restart: the packages were asked for before the server was started again.
- warm: they were asked for just before.

By turns; the least of all rounds, because other work of the machine only ever adds to it.
"""
from __future__ import annotations

import argparse
import asyncio
import collections
import functools
import hashlib
import http.client
import json
import multiprocessing
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

import servers
from resolving import UV
from uploading import make_fixtures

PACKAGES, WANTED, VERSIONS = 51, 15, 30
STATES = {"new": 1.40, "cold": 1.15, "restart": 0.80, "warm": 0.50}


def name(number):
    return "leaf-%03d" % number


class Upstream:
    """The bytes of an index and its files, sent after a time."""

    def __init__(self, delays):
        self.delays = delays
        self.answers = {"index": {}, "files": {}}
        self.counts = collections.Counter()

    def fill(self, port):
        for number in range(PACKAGES + 1):
            files = []
            needs = [name(child) for child in (2 * number + WANTED, 2 * number + WANTED + 1) if child < PACKAGES]
            for version in range(VERSIONS):
                wheel = make_fixtures.wheel(name(number), "1.%d" % version, requires=needs)
                digest = hashlib.sha256(wheel.metadata).hexdigest()
                path = "/blobs/" + wheel.filename
                self.answers["files"][path] = ("application/octet-stream", wheel.content)
                self.answers["files"][path + ".metadata"] = ("application/octet-stream", wheel.metadata)
                files.append({"filename": wheel.filename, "url": "https://127.0.0.1:%d%s" % (port, path), "size": len(wheel.content),
                              "hashes": {"sha256": wheel.sha256}, "core-metadata": {"sha256": digest}, "requires-python": ">=3.8",
                              "upload-time": "2024-03-01T12:00:00.000000Z", "yanked": False})
            page = {"meta": {"api-version": "1.1"}, "name": name(number), "versions": ["1.%d" % version for version in range(VERSIONS)], "files": files}
            self.answers["index"]["/simple/%s/" % name(number)] = (servers.JSON_TYPE, json.dumps(page).encode())
        # As long as a public one is not; longer than anybody reads to see what it is.
        names = [{"name": name(number)} for number in range(PACKAGES)] + [{"name": "other-%06d" % number} for number in range(100_000)]
        self.answers["index"]["/simple/"] = (servers.JSON_TYPE, json.dumps({"meta": {"api-version": "1.1"}, "projects": names}).encode())

    async def serve(self, role, reader, writer):
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                method, path = head.split(b" ", 2)[:2]
                path = path.decode()
                if path == "/counts":
                    kind, body = "application/json", json.dumps(self.counts).encode()
                    self.counts.clear()
                else:
                    kind = "list" if path == "/simple/" else role
                    self.counts[kind] += 1
                    await asyncio.sleep(self.delays[kind])
                    kind, body = self.answers[role].get(path, (None, b"not here"))
                etag = '"%s"' % hashlib.sha256(path.encode()).hexdigest()[:20]
                status = "200 OK" if kind else "404 Not Found"
                if etag.encode() in head:
                    status, body = "304 Not Modified", b""
                writer.write(("HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %d\r\nETag: %s\r\n\r\n" % (status, kind or "text/plain", len(body), etag)).encode()
                             + (b"" if method == b"HEAD" else body))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def carry(self, role, port, reader, writer):
        """Passes the bytes of a connection on, as a network does: late."""
        self.counts[role + " connections"] += 1
        # Connecting is a round trip of its own.
        await asyncio.sleep(self.delays["trip"])
        back = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(self.pump(reader, back[1]), self.pump(back[0], writer))

    async def pump(self, reader, writer):
        loop, late = asyncio.get_running_loop(), self.delays["trip"] / 2
        try:
            while data := await reader.read(1 << 16):
                loop.call_later(late, writer.write, data)
        except ConnectionError:
            pass
        loop.call_later(late, writer.close)

    async def run(self, folder, ports):
        servers_, place = [], {}
        for role in ("files", "index"):
            plain = await asyncio.start_server(functools.partial(self.serve, role), "127.0.0.1", 0, backlog=256)
            tls = servers.free_port()
            front = await asyncio.start_server(functools.partial(self.carry, role, tls), "127.0.0.1", 0, backlog=256)
            servers_ += [plain, front]
            place[role] = {"plain": plain.sockets[0].getsockname()[1], "tls": tls, "front": front.sockets[0].getsockname()[1]}
        self.fill(place["files"]["front"])
        nginx = await asyncio.to_thread(encrypt, folder, place)
        ports.put((place["index"]["front"], place["index"]["plain"], nginx.pid))
        await asyncio.gather(*(server.serve_forever() for server in servers_))


def encrypt(folder, place):
    """nginx before the scripted answers: TLS with a certificate of its own, and HTTP/2."""
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=bench",
                    "-addext", "subjectAltName=IP:127.0.0.1", "-addext", "basicConstraints=critical,CA:FALSE", "-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")],
                   check=True, stderr=subprocess.DEVNULL)
    blocks = "".join("""
    upstream {role} {{ server 127.0.0.1:{plain}; keepalive 256; }}
    server {{
        listen 127.0.0.1:{tls} ssl http2 backlog=1024;
        location / {{ proxy_pass http://{role}; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_buffering on; proxy_buffers 64 64k; }}
    }}""".format(role=role, **ports) for role, ports in place.items())
    (folder / "nginx.conf").write_text("""
daemon off; master_process off; pid {folder}/pid; error_log {folder}/nginx.log;
events {{ worker_connections 2048; }}
http {{
    access_log off; keepalive_requests 1000000; gzip off;
    ssl_certificate {folder}/cert.pem; ssl_certificate_key {folder}/key.pem;
    client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3; uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
    {blocks}
}}
""".format(folder=folder, blocks=blocks))
    process = subprocess.Popen([shutil.which("nginx") or "/usr/sbin/nginx", "-c", str(folder / "nginx.conf"), "-p", str(folder)],
                               stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=open(folder / "nginx.start", "wb"))
    for _ in range(300):
        try:
            for ports in place.values():
                socket.create_connection(("127.0.0.1", ports["tls"]), 1).close()
            return process
        except OSError:
            time.sleep(0.02)
    sys.exit("proxying: nginx does not start: " + (folder / "nginx.start").read_text())


def upstream(folder, delays, ports):
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    asyncio.run(Upstream(delays).run(folder, ports))


class Bench:
    def __init__(self, folder, ports):
        self.folder, (self.port, self.control, self.nginx) = folder, ports
        self.wanted = folder / "wanted.in"
        self.wanted.write_text("".join(name(number) + "\n" for number in range(WANTED)))
        self.save = None
        self.made = 0

    def start(self):
        (self.folder / "data" / "listen").unlink(missing_ok=True)
        self.save = servers.Save(self.folder, SAVE_OUTBOUND_ALLOW="127.0.0.1", SAVE_OUTBOUND_CA_FILE=str(self.folder / "cert.pem"))

    def stop(self):
        if self.save:
            self.save.stop()
        self.save = None

    def create(self):
        self.made += 1
        body = {"project": "bench", "name": "p%d" % self.made, "format": "pypi", "repository_type": "proxy", "anonymous_read": True,
                "remote_url": "https://127.0.0.1:%d/simple/" % self.port}
        answer, content = self.save.request("POST", "/api/v1/repos", json.dumps(body), **{"Content-Type": "application/json"})
        if answer.status != 201:
            sys.exit("proxying: the proxy was not made: %s %s" % (answer.status, content[:300]))
        return body["name"]

    def ask(self, path):
        answer, content = self.save.request("GET", path, Accept=servers.JSON_TYPE)
        if answer.status != 200:
            sys.exit("proxying: %s answered %s %s" % (path, answer.status, content[:300]))

    def counts(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.control)
        connection.request("GET", "/counts")
        return json.loads(connection.getresponse().read())

    def resolve(self, repository=None):
        """Seconds of one `uv pip compile`, and what the upstream was asked meanwhile."""
        index = "https://127.0.0.1:%d/simple/" % self.port
        if repository:
            index = "http://admin:%s@127.0.0.1:%d/pypi/bench/%s/simple/" % (servers.PASSWORD.replace(" ", "%20"), self.save.port, repository)
        environment = {key: value for key, value in os.environ.items() if not key.startswith(("UV_", "PIP_"))}
        environment["SSL_CERT_FILE"] = str(self.folder / "cert.pem")
        self.counts()
        begun = time.perf_counter()
        done = subprocess.run([str(UV), "pip", "compile", str(self.wanted), "--no-config", "--no-cache", "--no-header", "--no-annotate",
                               "--index-url", index], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
        elapsed = time.perf_counter() - begun
        if done.returncode != 0 or len(done.stdout.split()) != PACKAGES:
            sys.exit("proxying: uv found %d packages and said\n%s" % (len(done.stdout.split()), done.stderr[-2000:]))
        return elapsed, self.counts()

    def round(self):
        """One measurement of each state."""
        found = {"direct": self.resolve()}
        found["new"] = self.resolve(self.create())
        used = self.create()
        self.ask("/pypi/bench/%s/simple/%s/" % (used, name(PACKAGES)))
        found["cold"] = self.resolve(used)
        self.stop()
        self.start()
        found["restart"] = self.resolve(used)
        found["warm"] = self.resolve(used)
        return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--trip", type=float, default=15, help="milliseconds of a round trip")
    parser.add_argument("--index", type=float, default=15, help="milliseconds until a page is sent")
    parser.add_argument("--files", type=float, default=10, help="milliseconds until a file is sent")
    parser.add_argument("--list", type=float, default=300, help="milliseconds until the list of all packages is sent")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    (servers.ROOT / ".build").mkdir(exist_ok=True)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="bench-", dir=servers.ROOT / ".build"))
    ports = multiprocessing.Queue()
    delays = {key: getattr(options, key) / 1000 for key in ("trip", "index", "files", "list")}
    process = multiprocessing.Process(target=upstream, args=(folder, delays, ports))
    process.start()
    bench = Bench(folder, ports.get(timeout=60))
    try:
        bench.start()
        best, asked = {}, {}
        for number in range(options.rounds + 1):
            for state, (elapsed, counts) in bench.round().items():
                # The first turn warms everything.
                if number > 0 and elapsed < best.get(state, float("inf")):
                    best[state], asked[state] = elapsed, counts
        direct = best["direct"]
        print("| uv pip compile, no cache | ms | ratio | target | | the upstream was asked |\n| --- | --- | --- | --- | --- | --- |")
        print("| direct | %.0f | 1.00 | | | %s |" % (direct * 1000, asked["direct"]))
        for state, target in STATES.items():
            print("| %s | %.0f | %.2f | ≤ %.2f | %s | %s |" % (
                state, best[state] * 1000, best[state] / direct, target, servers.verdict(best[state] / direct, target), asked[state]))
        print("load: %.1f of %d processors" % (os.getloadavg()[0], os.cpu_count()))
    finally:
        bench.stop()
        os.kill(bench.nginx, signal.SIGTERM)
        process.terminate()
        process.join()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
