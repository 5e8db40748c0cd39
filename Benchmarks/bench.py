#!/usr/bin/env python3
"""Save and nginx side by side on one machine; prints a Markdown page with the numbers and the targets.

    Benchmarks/bench.py [--seconds 3] [--rounds 7] [--files 10000] [--only reads|uploads]

Both servers hand out the same bytes over loopback to the same wrk, by turns; each number is the median of the rounds, also the ratio, which is
taken in each round, with its quartiles behind it. The processor time of a request is told beside it: wrk takes more than half of the
machine, and how the rest is shared out scatters. Save checks Basic credentials and looks everything up in its catalogue; nginx gets the same headers, checks nothing, keeps
its files open and hands them to the kernel. Both write a line for each request to a file.
"""
from __future__ import annotations

import argparse
import hashlib
import os
import pathlib
import platform
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

from servers import AUTHORIZATION, JSON_TYPE, ROOT, Nginx, Save, processor_time, verdict
from uploading import form, fsync_rate, make_fixtures, upload, upload_parallel


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
    return {"count": requests, "requests": requests * 1e6 / microseconds, "megabytes": size / microseconds, "failed": failed, "p99_ms": slowest / 1000}


class Case:
    """One kind of request, asked of both servers."""

    def __init__(self, title, unit, target, connections, save, nginx, headers, patience=1):
        self.title, self.unit, self.target, self.connections = title, unit, target, connections
        # How much longer than others this is measured: few requests a second scatter more.
        self.patience = patience
        self.paths = {"Save": save, "nginx": nginx}
        self.headers = headers          # by server name
        self.results = {"Save": [], "nginx": []}
        # Microseconds of a processor for a request.
        self.costs = {"Save": [], "nginx": []}
        self.failed = 0

    def measure(self, server, seconds):
        before = processor_time(server.process.pid)
        result = wrk(server.port, self.paths[server.name], self.headers[server.name], self.connections,
                     seconds * self.patience)
        self.costs[server.name].append((processor_time(server.process.pid) - before) / max(result["count"], 1))
        self.results[server.name].append(result[self.unit])
        self.failed += result["failed"]
        return result

    def row(self):
        ours, theirs = (statistics.median(self.results[name]) for name in ("Save", "nginx"))
        ratios = [one / other for one, other in zip(self.results["Save"], self.results["nginx"]) if other]
        ratio = statistics.median(ratios) if ratios else 0
        low, _, high = statistics.quantiles(ratios, n=4) if len(ratios) > 1 else (ratio, ratio, ratio)
        verdict = "pass" if ratio >= self.target and not self.failed else "FAIL"
        if self.failed:
            verdict += " (%d failed answers)" % self.failed
        unit = "requests/s" if self.unit == "requests" else "MB/s"
        costs = " and ".join("{:,.1f}".format(statistics.median(self.costs[name])) for name in ("Save", "nginx"))
        return "| %s, %d connections | {0:,.0f} {2} | {1:,.0f} {2} | %.2f (%.2f–%.2f) | ≥ %.2f | %s | %s |".format(ours, theirs, unit) % (
            self.title, self.connections, ratio, low, high, self.target, verdict, costs)


def put_raw(save, name, content):
    answer, body = save.request("PUT", "/raw/bench/files/" + name, content)
    if answer.status not in (200, 201):
        sys.exit("bench: PUT %s answered %s %s" % (name, answer.status, body[:300]))


def read_from_disk(path):
    """Reads a file again, so that the kernel keeps its pages as it reads them and not as one program or the other wrote them:
    files that were written in one piece are sent faster."""
    with open(path, "rb") as file:
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        while file.read(1 << 20):
            pass


def large_page_cases(save, nginx, files):
    """The page of the package that `publish_measurements` filled, as clients get it: compressed."""
    cases = []
    for type, kind in (("text/html", "HTML"), (JSON_TYPE, "JSON")):
        answer, page = save.request("GET", "/pypi/bench/big/simple/big/", **{"Accept": type, "Accept-Encoding": "gzip"})
        if answer.status != 200 or answer.headers["Content-Encoding"] != "gzip":
            sys.exit("bench: the large page answered %s, %s" % (answer.status, answer.headers["Content-Encoding"]))
        (nginx.root / (kind + ".gz")).write_bytes(page)
        headers = {"Authorization": AUTHORIZATION, "Accept": type, "Accept-Encoding": "gzip"}
        title = "%s page of %s files, %.0f kB compressed" % (kind, format(files, ","), len(page) / 1000)
        cases += [
            Case(title, "requests", 1, connections, "/pypi/bench/big/simple/big/", "/%s.gz" % kind, {"Save": headers, "nginx": headers})
            for connections in (32, 64)]
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
        digest = hashlib.sha256(content).hexdigest()
        for path in (nginx.root / (name + ".bin"), save.data / "blobs" / digest[:2] / digest[2:4] / digest):
            read_from_disk(path)
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
        Case("simple page of %.1f kB" % (len(page) / 1000), "requests", 1, 32, page_path, "/small.html", both(html)),
        Case("simple page of %.1f kB" % (len(page) / 1000), "requests", 1, 64, page_path, "/small.html", both(html)),
        Case("304 of that page", "requests", 0.85, 64, page_path, "/small.html", conditional),
        Case("file of 100 kB", "requests", 1, 32, "/raw/bench/files/100k.bin", "/100k.bin", both(basic)),
        Case("file of 50 MB", "megabytes", 1, 4, "/raw/bench/files/50m.bin", "/50m.bin", both(basic), patience=3),
    ]


# -- publishing

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
    print("| with Basic credentials | Save | nginx | ratio (quartiles) | target | | µs of a processor a request |\n"
          "| --- | --- | --- | --- | --- | --- | --- |")
    print("\n".join(case.row() for case in cases) + "\n", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=3, help="how long one measurement takes")
    parser.add_argument("--rounds", type=int, default=7)
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
