#!/usr/bin/env python3
"""How long health checks and hosted pages take while the server is at work; prints a table with the numbers and the targets.

    Benchmarks/mixed.py [--seconds 10] [--clients 30] [--publishers 4]

So many clients with empty caches ask for pages of a proxy that nobody has asked for before, one in ten of them large, and so
many publishers upload without a pause, all at idle priority. Beside them one client asks for `/health`, for a hosted page and
for small pages of a proxy that are new as well, one after the other.
"""
from __future__ import annotations

import argparse
import http.client
import itertools
import os
import pathlib
import shutil
import signal
import statistics
import sys
import tempfile
import threading
import time

import pages
import servers
import uploading
from uploading import make_fixtures

HEADERS = {"Authorization": servers.AUTHORIZATION, "Accept": servers.JSON_TYPE, "Accept-Encoding": "gzip"}
HOSTED = "/pypi/bench/big/simple/big/"


def start(work, is_idle=True):
    """Runs something in a process of its own, at idle priority; the process's number."""
    process = os.fork()
    if process:
        return process
    try:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        if is_idle:
            os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
        work()
    finally:
        os._exit(0)


def ask(connection, path):
    begun = time.perf_counter()
    connection.request("GET", path, headers=HEADERS)
    answer = connection.getresponse()
    answer.read()
    if answer.status != 200:
        raise RuntimeError("%s answered %s" % (path, answer.status))
    return (time.perf_counter() - begun) * 1000


def client(port, number, end):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    for count in itertools.count():
        if time.monotonic() > end:
            return
        ask(connection, "/pypi/bench/%s/simple/c%dx%d/" % ("large" if count % 10 == 0 else "middle", number, count))


def clients(port, numbers, end):
    threads = [threading.Thread(target=client, args=(port, number, end), daemon=True) for number in numbers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def publisher(port, number, end):
    for count in itertools.count():
        if time.monotonic() > end:
            return
        item = make_fixtures.wheel("published%d" % number, "1.%d" % count)
        uploading.upload(port, "big", [uploading.form(item)])


def serve(upstream_port_pipe, files):
    upstream = pages.Upstream(files)
    os.write(upstream_port_pipe, b"%d\n" % upstream.port)
    threading.Event().wait()


def measure(port, seconds):
    """Milliseconds of each kind of request."""
    paths = {"/health": lambda _: "/health", "a hosted page of 1,000 files": lambda _: HOSTED,
             "a small page of a proxy, new": lambda count: "/pypi/bench/small/simple/s%d/" % count}
    times = {title: [] for title in paths}
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    end = time.monotonic() + seconds
    for count in itertools.count():
        if time.monotonic() > end:
            return times
        for title, path in paths.items():
            times[title].append(ask(connection, path(count)))
            time.sleep(0.002)


def run(options, folder, started):
    ports = {}
    for name, files in (("small", 20), ("middle", 300), ("large", 4000)):
        reading, writing = os.pipe()
        # Not idle: what is measured is not how long an upstream waits for a processor.
        started.append(start(lambda: serve(writing, files), is_idle=False))
        ports[name] = int(os.read(reading, 16))
    save = servers.Save(folder)
    started.append(save.process.pid)
    save.create("big", "pypi")
    uploading.upload(save.port, "big", [uploading.form(make_fixtures.wheel("big", "1.0"))])
    save.stop()
    pages.multiply(save.data / "save.db", 1000)
    save = servers.Save(folder)
    started[-1] = save.process.pid
    for name, port in ports.items():
        upstream = pages.Upstream.__new__(pages.Upstream)
        upstream.port = port
        upstream.proxy(save, name)
    save.request("GET", HOSTED)
    alone = measure(save.port, min(2, options.seconds))
    end = time.monotonic() + options.seconds + 1
    numbers = list(range(options.clients))
    for part in range(5):
        started.append(start(lambda: clients(save.port, numbers[part::5], end)))
    for number in range(options.publishers):
        started.append(start(lambda: publisher(save.port, number, end)))
    time.sleep(1)
    beside = measure(save.port, options.seconds)
    print("| %d clients with empty caches, %d publishers | p50 ms | p99 ms | alone, p99 ms | requests | target |"
          % (options.clients, options.publishers))
    print("| --- | --- | --- | --- | --- | --- |")
    for title, times in beside.items():
        p99 = statistics.quantiles(times, n=100)[98]
        target = "" if "proxy" in title else "≤ 25 %s" % ("pass" if p99 <= 25 else "FAIL")
        print("| %s | %.1f | %.1f | %.1f | %d | %s |"
              % (title, statistics.median(times), p99, statistics.quantiles(alone[title], n=100)[98], len(times), target))
    save.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--clients", type=int, default=30)
    parser.add_argument("--publishers", type=int, default=4)
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    os.environ["SAVE_OUTBOUND_ALLOW"] = "127.0.0.1"
    (servers.ROOT / ".build").mkdir(exist_ok=True)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="bench-", dir=servers.ROOT / ".build"))
    started = []
    try:
        run(options, folder, started)
    finally:
        for process in started:
            try:
                os.kill(process, signal.SIGTERM)
            except ProcessLookupError:
                pass
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
