#!/usr/bin/env python3
"""What a large document of a loaded format costs: npm's, of a package with 1,000 versions. Prints tables with the targets.

    Benchmarks/packuments.py [--seconds 3] [--rounds 3] [--compiled OTHER]

Save loads npm as a plugin and hands the document out of memory; nginx hands out the same bytes. With --compiled, a server of the
same sources that has npm compiled in (one line in Sources/SaveServer/Formats.swift and its target in Package.swift) is measured
by turns with the one that loads it.
"""
from __future__ import annotations

import argparse
import base64
import io
import json
import pathlib
import shutil
import signal
import sqlite3
import statistics
import subprocess
import sys
import tarfile
import tempfile
import time

import bench
import servers

VERSIONS = 1000
PATH = "/npm/bench/npm/big"
ABBREVIATED = "application/vnd.npm.install-v1+json"


def manifest():
    """One version of about 5 kB, as large packages have them."""
    words = {"dependency-%03d" % number: "^%d.%d.0" % (number % 9, number) for number in range(90)}
    return {"name": "big", "version": "1.0.0", "description": "d" * 200, "main": "index.js", "license": "MIT",
            "scripts": {"task-%d" % number: "run something --with %d" % number for number in range(20)},
            "dependencies": words, "devDependencies": dict(list(words.items())[:40])}


def tarball():
    """The file as npm packs it, with nothing but the manifest."""
    text = json.dumps(manifest()).encode()
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        member = tarfile.TarInfo("package/package.json")
        member.size = len(text)
        archive.addfile(member, io.BytesIO(text))
    return packed.getvalue()


def fill(save):
    """Publishes one version, and makes a thousand of its records: only their number matters here."""
    save.create("npm", "npm")
    packed = tarball()
    body = {"_id": "big", "name": "big", "dist-tags": {"latest": "1.0.0"}, "versions": {"1.0.0": manifest()},
            "_attachments": {"big-1.0.0.tgz": {"content_type": "application/octet-stream", "length": len(packed),
                                               "data": base64.b64encode(packed).decode()}}}
    answer, content = save.request("PUT", PATH, json.dumps(body), **{"Content-Type": "application/json"})
    if answer.status not in (200, 201):
        sys.exit("packuments: the publish answered %s %s" % (answer.status, content[:300]))
    save.stop()
    connection = sqlite3.connect(next(save.data.glob("*.db")))
    connection.row_factory = sqlite3.Row
    row = connection.execute("SELECT * FROM assets WHERE package = 'big'").fetchone()
    for number in range(1, VERSIONS):
        values = [value.replace("1.0.0", "1.0.%d" % number) if isinstance(value, str) else value for value in row]
        connection.execute("INSERT INTO assets (%s) VALUES (%s)" % (", ".join(row.keys()), ", ".join("?" * len(values))), values)
    connection.commit()
    connection.close()


def started(folder, binary, plugin):
    settings = {"SAVE_PLUGINS": str(plugin)} if plugin else {}
    folder.mkdir()
    fill(servers.Save(folder, binary, **settings))
    return servers.Save(folder, binary, **settings)


def headers(encoding, accept="application/json"):
    return {"Authorization": servers.AUTHORIZATION, "Accept": accept, "Accept-Encoding": encoding}


def cases(save, nginx):
    made = []
    for title, encoding, accept in (("document", "identity", "application/json"), ("document, compressed", "gzip", "application/json"),
                                    ("abbreviated document, compressed", "gzip", ABBREVIATED)):
        sent = headers(encoding, accept)
        # Links begin with the host that was asked: wrk's is the address.
        answer, content = save.request("GET", PATH, **sent)
        if answer.status != 200 or len(content) < 1000:
            sys.exit("packuments: the document answered %s %s" % (answer.status, content[:300]))
        name = "packument-%d" % len(made)
        (nginx.root / name).write_bytes(content)
        made.append(bench.Case("%s of %s versions, %s kB" % (title, format(VERSIONS, ","), format(len(content) // 1000, ",")), "requests",
                               0.7, 16, PATH, "/" + name, {"Save": sent, "nginx": sent}))
    return made


def made_anew(save, number):
    """Milliseconds for the document after a tag was moved."""
    answer, content = save.request("PUT", "/npm/bench/npm/-/package/big/dist-tags/next", json.dumps("1.0.%d" % (number % VERSIONS)),
                                   **{"Content-Type": "application/json"})
    if answer.status not in (200, 201):
        sys.exit("packuments: the tag answered %s %s" % (answer.status, content[:300]))
    begun = time.perf_counter()
    save.request("GET", PATH, **{"Accept-Encoding": "gzip"})
    return (time.perf_counter() - begun) * 1000


def against_compiled(loaded, compiled, options):
    """The same measurements of both, by turns."""
    pair = {"loaded": loaded, "compiled": compiled}
    rates, times = {name: [] for name in pair}, {name: [] for name in pair}
    for number in range(options.rounds):
        for name in sorted(pair, reverse=bool(number % 2)):
            rates[name].append(bench.wrk(pair[name].port, PATH, headers("gzip"), 16, options.seconds)["requests"])
    for number in range(options.rounds * 14):
        for name in sorted(pair, reverse=bool(number % 2)):
            times[name].append(made_anew(pair[name], number + 1))
    print("| npm, by turns | loaded | compiled in | apart | target | |\n| --- | --- | --- | --- | --- | --- |")
    for title, found, unit, sign in (("document, compressed, from memory", rates, "requests/s", -1), ("document made again", times, "ms", 1)):
        ours, theirs = (statistics.median(found[name]) for name in ("loaded", "compiled"))
        slower = sign * (ours / theirs - 1) * 100
        print("| %s | %s | %s | %+.1f %% | ≤ 2 %% slower | %s |" % (
            title, "%.1f %s" % (ours, unit), "%.1f %s" % (theirs, unit), slower, servers.verdict(slower, 2)), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--compiled", type=pathlib.Path, help="a server that has npm compiled in")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    (servers.ROOT / ".build").mkdir(exist_ok=True)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="bench-", dir=servers.ROOT / ".build"))
    running = []
    try:
        plugin = folder / "npm.so"
        subprocess.run([str(servers.ROOT / "Scripts" / "build-plugin.sh"), "Npm", "--build", str(servers.BINARY.resolve().parent),
                        "--output", str(plugin)], check=True, stdout=subprocess.DEVNULL)
        running.append(started(folder / "loaded", servers.BINARY, plugin))
        if options.compiled:
            running.append(started(folder / "compiled", options.compiled, None))
            against_compiled(*running, options)
        else:
            running.append(servers.Nginx(folder))
            bench.compare(cases(*running), *running, options)
    finally:
        for server in running:
            server.stop()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
