#!/usr/bin/env python3
"""Save and nginx side by side on one machine; prints a Markdown page with the numbers and the targets.

    Benchmarks/bench.py [--seconds 5] [--rounds 3] [--files 10000] [--only reads|uploads]

Both servers hand out the same bytes over loopback to the same wrk, by turns; each number is the median of the rounds.
Save checks Basic credentials and looks everything up in its catalogue; nginx gets the same headers, checks nothing, keeps
its files open and hands them to the kernel. Both write a line for each request to a file.
"""
from __future__ import annotations

import argparse
import base64
import concurrent.futures
import http.client
import json
import multiprocessing
import os
import pathlib
import platform
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "Tests" / "Fixtures")]

import make_fixtures  # noqa: E402

BINARY = pathlib.Path(os.environ.get("SAVE_SERVER", ROOT / ".build" / "release" / "save-server"))
PASSWORD = "bench bench bench"
AUTHORIZATION = "Basic " + base64.b64encode(("admin:" + PASSWORD).encode()).decode()
JSON_TYPE = "application/vnd.pypi.simple.v1+json"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


# -- the two servers

class Save:
    name = "Save"

    def __init__(self, folder):
        self.data = folder / "data"
        self.log = open(folder / "save.log", "wb")
        environment = {key: value for key, value in os.environ.items() if not key.startswith("SAVE_") or key == "SAVE_OUTBOUND_ALLOW"}
        environment["SAVE_ADMIN_PASSWORD"] = PASSWORD
        self.process = subprocess.Popen([str(BINARY), "serve", "--data", str(self.data), "--listen", "127.0.0.1:0"],
                                        stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log, env=environment)
        listen = self.data / "listen"
        for _ in range(1000):
            if listen.exists() and re.search(r":\d+", listen.read_text()):
                break
            if self.process.poll() is not None:
                sys.exit("bench: the server does not start; see %s" % (folder / "save.log"))
            time.sleep(0.01)
        self.port = int(re.search(r":(\d+)/?\s*$", listen.read_text()).group(1))

    def request(self, method, path, body=None, **headers):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        connection.request(method, path, body, dict({"Authorization": AUTHORIZATION}, **headers))
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        return answer, content

    def create(self, name, format):
        body = json.dumps({"project": "bench", "name": name, "format": format, "repository_type": "hosted"})
        answer, content = self.request("POST", "/api/v1/repos", body, **{"Content-Type": "application/json"})
        if answer.status != 201:
            sys.exit("bench: creating bench/%s answered %s %s" % (name, answer.status, content[:300]))

    def resident_mb(self):
        status = pathlib.Path("/proc/%d/status" % self.process.pid).read_text()
        return int(re.search(r"^VmRSS:\s+(\d+) kB", status, re.M).group(1)) / 1024

    def stop(self):
        self.process.terminate()
        if self.process.wait(60) != 0:
            print("bench: the server ended with %s" % self.process.returncode, file=sys.stderr)


class Nginx:
    name = "nginx"

    def __init__(self, folder):
        self.folder = folder / "nginx"
        self.root = self.folder / "www"
        self.root.mkdir(parents=True)
        self.port = free_port()
        configuration = self.folder / "nginx.conf"
        configuration.write_text("""
daemon off; master_process on; worker_processes auto; pid {folder}/pid; error_log {folder}/error.log;
{user}
events {{ worker_connections 4096; }}
http {{
    default_type application/octet-stream; types {{ text/html html; application/json json; }}
    sendfile on; tcp_nopush on; tcp_nodelay on; keepalive_requests 100000000; keepalive_timeout 75s;
    open_file_cache max=1000 inactive=600s; open_file_cache_valid 600s;
    access_log {folder}/access.log combined; log_not_found off;
    client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3;
    uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
    server {{
        listen 127.0.0.1:{port} backlog=4096; root {folder}/www;
        location ~ /simple/ {{ index index.json; types {{ }} default_type "application/vnd.pypi.simple.v1+json"; }}
    }}
}}
""".format(folder=self.folder, port=self.port, user="user root;" if os.getuid() == 0 else ""))
        binary = shutil.which("nginx") or "/usr/sbin/nginx"
        self.process = subprocess.Popen([binary, "-c", str(configuration), "-p", str(self.folder)], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=open(self.folder / "start.log", "wb"))
        for _ in range(300):
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                time.sleep(0.02)
        sys.exit("bench: nginx does not start: " + (self.folder / "start.log").read_text())

    def etag(self, path):
        connection = http.client.HTTPConnection("127.0.0.1", self.port)
        connection.request("HEAD", path)
        answer = connection.getresponse()
        answer.read()
        return answer.headers["ETag"]

    def stop(self):
        self.process.terminate()
        self.process.wait(30)


# -- reading

def wrk(port, path, headers, connections, seconds):
    """Requests and megabytes a second, and how many answers were not what was asked for."""
    arguments = ["wrk", "-t2", "-c%d" % connections, "-d%ds" % seconds, "--timeout", "30s", "-s", str(ROOT / "Benchmarks" / "report.lua")]
    for name, value in headers.items():
        arguments += ["-H", "%s: %s" % (name, value)]
    done = subprocess.run(arguments + ["http://127.0.0.1:%d%s" % (port, path)], stdout=subprocess.PIPE, text=True)
    found = re.search(r"RESULT requests=(\d+) microseconds=(\d+) bytes=(\d+) failed=(\d+) p99=(\d+)", done.stdout)
    if not found:
        sys.exit("bench: wrk said\n" + done.stdout)
    requests, microseconds, size, failed, slowest = map(int, found.groups())
    return {"requests": requests * 1e6 / microseconds, "megabytes": size / microseconds, "failed": failed, "p99_ms": slowest / 1000}


class Case:
    """One kind of request, asked of both servers."""

    def __init__(self, title, unit, target, connections, save, nginx, headers):
        self.title, self.unit, self.target, self.connections = title, unit, target, connections
        self.paths = {"Save": save, "nginx": nginx}
        self.headers = headers          # by server name
        self.results = {"Save": [], "nginx": []}
        self.failed = 0

    def measure(self, server, seconds):
        result = wrk(server.port, self.paths[server.name], self.headers[server.name], self.connections, seconds)
        self.results[server.name].append(result[self.unit])
        self.failed += result["failed"]

    def row(self):
        ours, theirs = (statistics.median(self.results[name]) for name in ("Save", "nginx"))
        ratio = ours / theirs if theirs else 0
        verdict = "pass" if ratio >= self.target and not self.failed else "FAIL"
        if self.failed:
            verdict += " (%d failed answers)" % self.failed
        unit = "requests/s" if self.unit == "requests" else "MB/s"
        return "| %s, %d connections | {0:,.0f} {2} | {1:,.0f} {2} | %.2f | ≥ %.2f | %s |".format(ours, theirs, unit) % (
            self.title, self.connections, ratio, self.target, verdict)


def put_raw(save, name, content):
    answer, body = save.request("PUT", "/raw/bench/files/" + name, content)
    if answer.status not in (200, 201):
        sys.exit("bench: PUT %s answered %s %s" % (name, answer.status, body[:300]))


def large_page_cases(save, nginx, files):
    """The page of the package that `publish_measurements` filled, as clients get it: compressed."""
    cases = []
    for kind, title in (("text/html", "HTML"), (JSON_TYPE, "JSON")):
        answer, page = save.request("GET", "/pypi/bench/big/simple/big/", **{"Accept": kind, "Accept-Encoding": "gzip"})
        if answer.status != 200 or answer.headers["Content-Encoding"] != "gzip":
            sys.exit("bench: the large page answered %s, %s" % (answer.status, answer.headers["Content-Encoding"]))
        (nginx.root / (title + ".gz")).write_bytes(page)
        headers = {"Authorization": AUTHORIZATION, "Accept": kind, "Accept-Encoding": "gzip"}
        cases.append(Case("%s page of %s files, %.0f kB compressed" % (title, format(files, ","), len(page) / 1000), "requests", 0.7, 16,
                          "/pypi/bench/big/simple/big/", "/%s.gz" % title, {"Save": headers, "nginx": headers}))
    return cases


def read_cases(save, nginx):
    save.create("pages", "pypi")
    save.create("files", "raw")
    for item in make_fixtures.many(4, "small"):
        upload(save.port, "pages", [form(item)])
    for name, size in (("100k", 100 << 10), ("50m", 50 << 20)):
        content = make_fixtures.random_bytes(name, size)
        put_raw(save, name + ".bin", content)
        (nginx.root / (name + ".bin")).write_bytes(content)
    page_path = "/pypi/bench/pages/simple/small/"
    answer, page = save.request("GET", page_path, Accept="text/html")
    if answer.status != 200:
        sys.exit("bench: the small page answered %s" % answer.status)
    (nginx.root / "small.html").write_bytes(page)
    basic = {"Authorization": AUTHORIZATION}
    html = dict(basic, Accept="text/html")

    def both(headers):
        return {"Save": headers, "nginx": headers}

    conditional = {"Save": dict(html, **{"If-None-Match": answer.headers["ETag"]}),
                   "nginx": dict(html, **{"If-None-Match": nginx.etag("/small.html")})}
    return [
        Case("simple page of %.1f kB" % (len(page) / 1000), "requests", 0.7, 64, page_path, "/small.html", both(html)),
        Case("304 of that page", "requests", 0.7, 64, page_path, "/small.html", conditional),
        Case("file of 100 kB", "requests", 0.8, 32, "/raw/bench/files/100k.bin", "/100k.bin", both(basic)),
        Case("file of 50 MB", "megabytes", 0.95, 4, "/raw/bench/files/50m.bin", "/50m.bin", both(basic)),
    ]


# -- publishing

def form(item):
    """The body of one upload, ready to be sent."""
    boundary = "bench-boundary-7d1f"
    parts = []
    fields = {":action": "file_upload", "protocol_version": "1", "metadata_version": "2.1", "name": item.name, "version": item.version,
              "filetype": "bdist_wheel", "pyversion": "py3", "sha256_digest": item.sha256}
    for name, value in fields.items():
        parts.append(('--%s\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % (boundary, name, value)).encode())
    parts.append(('--%s\r\nContent-Disposition: form-data; name="content"; filename="%s"\r\n'
                  'Content-Type: application/octet-stream\r\n\r\n' % (boundary, item.filename)).encode())
    parts.append(item.content + ("\r\n--%s--\r\n" % boundary).encode())
    return b"".join(parts), "multipart/form-data; boundary=" + boundary


def upload(port, repository, forms, deadline=float("inf")):
    """Sends the forms one after another on one connection, until the deadline; the seconds each took."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    seconds = []
    for body, kind in forms:
        begun = time.perf_counter()
        if begun > deadline:
            break
        connection.request("POST", "/pypi/bench/%s/" % repository, body, {"Authorization": AUTHORIZATION, "Content-Type": kind})
        answer = connection.getresponse()
        text = answer.read()
        seconds.append(time.perf_counter() - begun)
        if answer.status not in (200, 201):
            raise RuntimeError("an upload answered %s %s" % (answer.status, text[:300]))
    connection.close()
    return seconds


def upload_threads(port, repository, items, threads, seconds, total):
    """One process of the parallel upload."""
    forms = [form(item) for item in items]
    deadline = time.perf_counter() + seconds
    with concurrent.futures.ThreadPoolExecutor(threads) as pool:
        done = pool.map(lambda index: len(upload(port, repository, forms[index::threads], deadline)), range(threads))
        count = sum(done)
    with total.get_lock():
        total.value += count


def upload_parallel(save, repository, items, seconds, parallel=16, processes=4):
    """Uploads with `parallel` connections for so many seconds at most, from several processes so that Python is not what is
    measured; how many were uploaded, and how many that is a second."""
    total = multiprocessing.Value("q", 0)
    workers = [multiprocessing.Process(target=upload_threads,
                                       args=(save.port, repository, items[index::processes], parallel // processes, seconds, total))
               for index in range(processes)]
    begun = time.perf_counter()
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    if any(worker.exitcode for worker in workers):
        sys.exit("bench: an upload failed")
    return total.value, total.value / (time.perf_counter() - begun)


def fsync_rate(folder, seconds=2.0):
    """Files of 4 kB created, written and synced one after another, a second."""
    count, begun, content = 0, time.perf_counter(), os.urandom(4096)
    while time.perf_counter() - begun < seconds:
        path = folder / ("sync%d" % (count % 64))
        handle = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC)
        os.write(handle, content)
        os.fsync(handle)
        os.close(handle)
        count += 1
    return count / (time.perf_counter() - begun)


def publish_measurements(save, folder, files):
    rows = []
    save.create("uploads", "pypi")
    syncs = fsync_rate(folder)
    # A package for each wheel: what one package with many files costs is the next question.
    wheels = [make_fixtures.wheel("rate-%d" % index, "1.0", payload=make_fixtures.random_bytes(str(index), 2048)) for index in range(1000)]
    count, rate = upload_parallel(save, "uploads", wheels, 60)
    rows.append("| {:,} wheels of 3 kB into packages of their own, 16 at once | {:.0f} uploads/s | this disk, one writer: {:.0f} files "
                "synced/s | – | {:.2f} syncs' worth an upload |".format(count, rate, syncs, syncs / rate))

    save.create("big", "pypi")
    wanted = files
    files, rate = upload_parallel(save, "big", make_fixtures.many(wanted, "big", payload=200), 150)
    rows.append("| {:,} wheels into one package, 16 at once | {:.0f} uploads/s | | – | {} |".format(
        files, rate, "" if files == wanted else "FAIL: {:,} were meant, time was up".format(wanted)))

    save.create("empty", "pypi")
    times = {"big": [], "empty": []}
    for number in range(60):
        # Every upload to `empty` is the first of a package of its own; those to `big` join the many.
        for repository, name in (("big", "big"), ("empty", "new-%d" % number)):
            item = make_fixtures.wheel(name, "2.%d" % number, payload=make_fixtures.random_bytes(name + str(number), 200))
            times[repository] += upload(save.port, repository, [form(item)])
    big, empty = statistics.median(times["big"]) * 1000, statistics.median(times["empty"]) * 1000
    rows.append("| publishing into a package of {:,} files | {:.2f} ms | into an empty one: {:.2f} ms | ≤ 1.50 | {:.2f} {} |".format(
        files, big, empty, big / empty, "pass" if big / empty <= 1.5 else "FAIL"))

    return rows


# -- the page

def machine():
    text = pathlib.Path("/proc/cpuinfo").read_text()
    model = re.search(r"^model name\s*:\s*(.*)$", text, re.M)
    memory = re.search(r"^MemTotal:\s+(\d+)", pathlib.Path("/proc/meminfo").read_text(), re.M)
    system = re.search(r'^PRETTY_NAME="(.*)"$', pathlib.Path("/etc/os-release").read_text(), re.M)
    nginx = subprocess.run([shutil.which("nginx") or "/usr/sbin/nginx", "-v"], stderr=subprocess.PIPE, text=True).stderr.strip()
    commit = subprocess.run(["git", "-C", str(ROOT), "describe", "--always", "--dirty"], stdout=subprocess.PIPE, text=True).stdout.strip()
    return "%s, %d cores, %d GB, Linux %s, %s; %s; Save at %s" % (
        model.group(1) if model else platform.machine(), os.cpu_count(), round(int(memory.group(1)) / 1e6), platform.release(),
        system.group(1) if system else "", nginx.replace("nginx version: ", ""), commit or "no commit")


def compare(cases, save, nginx, options):
    """Measures by turns, and prints a table."""
    for number in range(options.rounds):
        for case in cases:
            for server in (save, nginx) if number % 2 == 0 else (nginx, save):
                case.measure(server, options.seconds)
    print("| with Basic credentials | Save | nginx | ratio | target | |\n| --- | --- | --- | --- | --- | --- |")
    print("\n".join(case.row() for case in cases) + "\n", flush=True)


def verdict(value, limit):
    return "pass" if value <= limit else "FAIL"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=5, help="how long one measurement takes")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--files", type=int, default=10_000, help="files in the big package")
    parser.add_argument("--only", choices=["reads", "uploads"])
    options = parser.parse_args()
    # Ended by a signal, the servers end too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    # Beside the build and not in /tmp, which is memory on some machines: uploads are about a disk.
    (ROOT / ".build").mkdir(exist_ok=True)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="bench-", dir=ROOT / ".build"))
    save = nginx = None
    try:
        save = Save(folder)
        time.sleep(1)
        started = save.resident_mb()
        print("Machine: %s.\n" % machine(), flush=True)
        nginx = Nginx(folder)
        if options.only != "uploads":
            compare(read_cases(save, nginx), save, nginx, options)
            after_reads = save.resident_mb()
        if options.only != "reads":
            rows = publish_measurements(save, folder, options.files)
            print("| | Save | beside it | target | |\n| --- | --- | --- | --- | --- |\n" + "\n".join(rows) + "\n", flush=True)
            compare(large_page_cases(save, nginx, options.files), save, nginx, options)
        print("| resident memory | MB | target | |\n| --- | --- | --- | --- |")
        print("| after start | %.0f | ≤ 60 | %s |" % (started, verdict(started, 60)))
        if options.only != "uploads":
            print("| after the reads above | %.0f | – | |" % after_reads)
        print("| at the end | %.0f | – | |" % save.resident_mb())
    finally:
        for server in (save, nginx):
            if server is not None:
                server.stop()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
