#!/usr/bin/env python3
"""Two builds of the server, and nginx, by turns on the rows of `bench.py` that read; prints a table.

    Benchmarks/versions.py EARLIER [--seconds 1] [--rounds 15] [--files 10000]

EARLIER is the program of another build. Each round measures all of them one after the other, so what else the machine does falls on
each. A row fails where the processor time of a request, the median of the rounds' ratios, is more than 3 % above the earlier build's:
unlike the rate it hardly depends on what else runs. The rates are told beside it.
"""
from __future__ import annotations

import argparse
import os
import pathlib
import shutil
import signal
import statistics
import sys
import tempfile

import bench
import pages
import servers
import uploading


class Build(servers.Save):
    """A server with what is read: small pages, files, and a package of many files."""
    # An earlier build may lack the key.
    usual = {}

    def __init__(self, folder, name, binary, files):
        folder.mkdir()
        self.binary, self.folder = binary, folder
        self.begin()
        self.create("big", "pypi")
        uploading.upload(self.port, "big", [uploading.form(uploading.make_fixtures.wheel("big", "1.0"))])
        self.stop()
        pages.multiply(self.data / "save.db", files)
        self.begin()
        self.name = name

    def begin(self):
        super().__init__(self.folder, self.binary)


def cases(build, nginx, files):
    """The rows of one build; its name takes the place of `Save`."""
    build.name = "Save"
    return bench.read_cases(build, nginx) + bench.large_page_cases(build, nginx, files)


def ratios(found, other):
    """The quartiles of this build over another server, round by round."""
    return statistics.quantiles([a / b for a, b in zip(found["this"], found[other])], n=4)


def medians(found, form):
    return ", ".join(format(statistics.median(found[name]), form) for name in ("this", "earlier", "nginx"))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("earlier", type=pathlib.Path)
    parser.add_argument("--seconds", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--files", type=int, default=10_000)
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    (servers.ROOT / ".build").mkdir(exist_ok=True)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="bench-", dir=servers.ROOT / ".build"))
    running = []
    try:
        nginx = servers.Nginx(folder)
        running.append(nginx)
        builds = []
        for name, binary in (("this", servers.BINARY), ("earlier", options.earlier.resolve())):
            build = Build(folder / name, name, binary, options.files)
            running.append(build)
            builds.append((build, cases(build, nginx, options.files)))
        print("| by turns, %d rounds of %d s | processor time a request, µs: this, earlier, nginx | this over earlier (quartiles) | "
              "per second: this, earlier, nginx | this over earlier (quartiles) | this over nginx | |\n"
              "| --- | --- | --- | --- | --- | --- | --- |" % (options.rounds, options.seconds))
        for this, earlier in zip(builds[0][1], builds[1][1]):
            rates, costs = {"this": [], "earlier": [], "nginx": []}, {"this": [], "earlier": [], "nginx": []}
            turns = [("this", this, builds[0][0]), ("earlier", earlier, builds[1][0]), ("nginx", this, nginx)]
            for number in range(options.rounds):
                for name, case, server in turns[number % 3:] + turns[:number % 3]:
                    before = servers.processor_time(server.process.pid)
                    result = case.measure(server, options.seconds)
                    costs[name].append((servers.processor_time(server.process.pid) - before) / result["count"])
                    rates[name].append(result[case.unit])
            cost, rate = ratios(costs, "earlier"), ratios(rates, "earlier")
            failed = this.failed + earlier.failed
            print("| %s, %d connections | %s | %.3f (%.2f–%.2f) | %s | %.2f (%.2f–%.2f) | %.2f | %s |" % (
                this.title, this.connections, medians(costs, ",.1f"), cost[1], cost[0], cost[2], medians(rates, ",.0f"), rate[1], rate[0], rate[2],
                ratios(rates, "nginx")[1], "%d failed answers" % failed if failed else servers.verdict(cost[1], 1.03)), flush=True)
    finally:
        for server in running:
            server.stop()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
