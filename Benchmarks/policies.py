#!/usr/bin/env python3
"""What advisories and policies cost: the same requests to a server with them and to one without, by turns; prints a table.

    Benchmarks/policies.py [--records 50000] [--policies 200] [--rounds 9] [--seconds 1]

The figures of the documentation are of `--records 500000 --rounds 25 --seconds 3`. Records are made up in the OSV schema and taken in by
`save-server advisories import`. Policies are of every kind: two fifths are a list of single packages with versions, the others are about names that begin alike, a tenth of
all about every package, by age, severity, malware, single advisories, and five by versions. Some eighty are looked at for a file of a package
that is asked for, and nearly none matches. The upstream is a plain server with a page for every name.

- A small page from memory: the processor time of a request, the median of the rounds' ratios.
- A page of 1,000 files that is asked for the first time: milliseconds more, the medians of both.
- `evaluate` of 1,000 packages whose pages are here.
- Resident memory after all of it: megabytes more.
"""
from __future__ import annotations

import argparse
import json
import os
import pathlib
import random
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile

import bench
import pages
import servers

PACKAGES = 1000
WORDS = ("LOW", "MODERATE", "HIGH", "CRITICAL")


def name(number):
    return "pkg%d" % number


def record(number, package, chance):
    """A record about one package, which affects some of its versions."""
    first, last = sorted((chance.randrange(50), chance.randrange(50)))
    malware = number % 100 == 7
    return {
        "schema_version": "1.6.0", "id": "%s-2026-%07d" % ("MAL" if malware else "GHSA", number), "modified": "2026-05-%02dT10:00:00Z" % (number % 28 + 1),
        "published": "2026-05-01T09:00:00Z", "aliases": ["CVE-2026-%07d" % number], "summary": "A hole in %s" % package,
        "details": "What it is, where it is, and how it is closed. " * 12,
        "affected": [{"package": {"ecosystem": "PyPI", "name": package},
                      "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "%d.%d" % (first, number % 9)}, {"fixed": "%d.%d" % (last, number % 9 + 1)}]}],
                      "versions": ["%d.%d" % (version, number % 20) for version in range(first, last)]}],
        "references": [{"type": "WEB", "url": "https://advisories.example/%d" % number}],
        "database_specific": {"severity": WORDS[number % 4]},
    }


def archive(path, records):
    """Ten records about each package that is asked for, far more than a real one has, and five about each of others."""
    chance = random.Random(13)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as file:
        for number in range(records):
            package = name(number // 10) if number < 10 * PACKAGES else "other-%d" % (number // 5)
            item = record(number, package, chance)
            file.writestr(item["id"] + ".json", json.dumps(item))


def policies(count):
    """Policies of every kind, in the order in which they are asked."""
    # What people write of all packages, or of all that begin alike.
    kinds = (
        lambda n: {"younger_than": "%dd" % (n % 30 + 1)},
        lambda n: {"min_severity": "critical", "younger_than": "%dd" % (n % 30 + 1)},
        lambda n: {"malware": True, "younger_than": "%dh" % (n % 40 + 1)},
        lambda n: {"advisories": ["CVE-2026-%07d" % n, "GHSA-xxxx-%d" % n]},
        lambda n: {"younger_than": "7d", "exempt_fixes": True, "missing_time": "deny"},
        lambda n: {"min_severity": "low", "malware": True},
    )
    for number in range(count):
        match = kinds[number % len(kinds)](number)
        if number % 5 < 2:
            # A list of what is not to be used.
            match = {"packages": ["blocked-%d" % number, name(number), "acme-%d-*" % number], "versions": ">=%d.7,<%d.8" % (number % 50, number % 50)}
        elif number % 40 == 3:
            match = {"packages": ["pkg*"], "versions": ">=%d.7,<%d.8,!=%d.7.1" % (number % 50, number % 50, number % 50)}
        elif number % 10 < 9:
            match["packages"] = ["pkg*" if number % 3 else "other-*", "acme-%d-*" % number]
        yield {"name": "policy %d" % number, "action": ("deny", "warn", "allow")[number % 3], "dry_run": number % 7 == 0, "priority": number, "match": match}


class Server(servers.Save):
    """A server with a proxy of the upstream."""

    def __init__(self, folder, upstream, records=None, count=0):
        folder.mkdir()
        super().__init__(folder)
        if records:
            begun = time.perf_counter()
            subprocess.run([str(servers.BINARY), "advisories", "import", str(records), "--data", str(self.data), "--quiet"], check=True,
                           stdout=subprocess.DEVNULL)
            self.imported = time.perf_counter() - begun
        # What reading the records took is not what having them takes.
        self.stop()
        super().__init__(folder)
        self.name = "with" if records else "without"
        upstream.proxy(self, "proxy")
        for policy in policies(count):
            self.ask("/api/v1/policies", policy, 201)

    def ask(self, path, body, status=200):
        answer, content = self.request("POST", path, json.dumps(body), **{"Content-Type": "application/json"})
        if answer.status != status:
            sys.exit("policies: %s answered %s %s" % (path, answer.status, content[:300]))
        return content

    def page(self, package):
        """Milliseconds."""
        begun = time.perf_counter()
        answer, content = self.request("GET", "/pypi/bench/proxy/simple/%s/" % package, Accept=servers.JSON_TYPE, **{"Accept-Encoding": "gzip"})
        if answer.status != 200:
            sys.exit("policies: the page answered %s %s" % (answer.status, content[:300]))
        return (time.perf_counter() - begun) * 1000

    def evaluate(self):
        """Milliseconds."""
        asked = {"repository": "bench/proxy", "packages": ["pkg:pypi/%s@0.%d" % (name(number), number % 10) for number in range(PACKAGES)]}
        begun = time.perf_counter()
        items = json.loads(self.ask("/api/v1/policies/evaluate", asked))["items"]
        if len(items) != PACKAGES:
            sys.exit("policies: evaluate answered %d items" % len(items))
        return (time.perf_counter() - begun) * 1000


def by_turns(sides, rounds, measure):
    """What is measured of each server, a list for each."""
    found = {side.name: [] for side in sides}
    for number in range(rounds):
        for side in (sides if number % 2 else sides[::-1]):
            found[side.name].append(measure(side))
    return found


def hot(sides, rounds, seconds):
    """The processor time of a request, one server over the other."""
    headers = {"Authorization": servers.AUTHORIZATION, "Accept": servers.JSON_TYPE}

    def measure(side):
        before = servers.processor_time(side.process.pid)
        result = bench.wrk(side.port, "/pypi/bench/proxy/simple/%s/" % name(1), headers, 64, seconds)
        if result["failed"]:
            sys.exit("policies: %d requests failed" % result["failed"])
        return (servers.processor_time(side.process.pid) - before) / result["count"]

    for side in sides:
        side.page(name(1))
    found = by_turns(sides, rounds, measure)
    return statistics.median(a / b for a, b in zip(found["with"], found["without"]))


def cold(sides, rounds):
    """Milliseconds for a page that nobody has asked for yet."""
    number = iter(range(10**6, 10**7))
    # Versions and advisories as of the packages that are asked for, each time another page.
    return by_turns(sides, rounds, lambda side: side.page("pkg%d" % next(number)))


def forgotten(sides, rounds):
    """The same for a page of a package with advisories, which is forgotten before."""

    def measure(side):
        side.request("POST", "/api/v1/repos/bench/proxy/invalidate-cache")
        return side.page(name(2))

    return by_turns(sides, rounds, measure)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, default=50_000)
    parser.add_argument("--policies", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--seconds", type=int, default=1)
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    os.environ["SAVE_OUTBOUND_ALLOW"] = "127.0.0.1"
    (servers.ROOT / ".build").mkdir(exist_ok=True)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="bench-", dir=servers.ROOT / ".build"))
    sides, upstreams = [], []
    try:
        small, large = pages.Upstream(10), pages.Upstream(1000)
        upstreams += [small, large]
        archive(folder / "all.zip", options.records)
        sides.append(Server(folder / "with", small, folder / "all.zip", options.policies))
        sides.append(Server(folder / "without", small))
        print("| %s advisories, %d policies | with | without | more | target | |\n| --- | --- | --- | --- | --- | --- |" % (
            format(options.records, ","), options.policies))

        def row(title, ours, theirs, more, limit, unit):
            print("| %s | %.1f%s | %.1f%s | %+.1f%s | ≤ %d%s | %s |" % (
                title, ours, unit, theirs, unit, more, unit, limit, unit, servers.verdict(more, limit)), flush=True)

        ratio = hot(sides, options.rounds, options.seconds)
        row("small page from memory, processor time of a request", ratio * 100, 100, ratio * 100 - 100, 2, " %")
        for side in sides:
            side.evaluate()
        found = {key: statistics.median(value) for key, value in by_turns(sides, options.rounds, Server.evaluate).items()}
        row("`evaluate` of 1,000 packages", found["with"], found["without"], found["with"], 200, " ms")
        for title, measure in (("with advisories", forgotten), ("without any", cold)):
            for side in sides:
                answer, _ = side.request("PATCH", "/api/v1/repos/bench/proxy", json.dumps({"remote_url": "http://127.0.0.1:%d/simple/" % large.port}),
                                         **{"Content-Type": "application/json"})
                if answer.status != 200:
                    sys.exit("policies: the proxy answered %s" % answer.status)
            found = {key: statistics.median(value) for key, value in measure(sides, options.rounds).items()}
            row("cold proxied page of 1,000 files, of a package %s" % title, found["with"], found["without"], found["with"] - found["without"], 5, " ms")
        resident = {side.name: side.resident_mb() for side in sides}
        row("resident memory", resident["with"], resident["without"], resident["with"] - resident["without"], 60, " MB")
        rate = options.records / sides[0].imported
        print("| import | %.0f records/s | | | ≥ 20000 | %s |" % (rate, "pass" if rate >= 20_000 else "FAIL"))
    finally:
        for side in sides:
            side.stop()
        for upstream in upstreams:
            upstream.server.shutdown()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
