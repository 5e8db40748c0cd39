#!/usr/bin/env python3
"""How long uv takes to resolve a tree of packages through a warm Save, beside the same pages from nginx.

    Benchmarks/resolving.py [--packages 200] [--rounds 7]

Every package needs up to three others, so that finding the tree takes several turns, and has ten versions. uv starts with an
empty cache each time. nginx has the very bytes that Save answers, as files. By turns; medians.
"""
from __future__ import annotations

import argparse
import json
import os
import pathlib
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

import servers
import uploading
from uploading import make_fixtures

UV = servers.ROOT / ".build" / "venvs" / "uv" / "bin" / "uv"
REPOSITORY = "/pypi/bench/tree"


def name(number):
    return "tree-%03d" % number


def publish(save, packages):
    save.create("tree", "pypi")
    for number in range(packages):
        needs = [name(child) for child in range(3 * number + 1, 3 * number + 4) if child < packages]
        forms = [uploading.form(make_fixtures.wheel(name(number), "1.%d" % version, requires=["%s>=1.%d" % (need, version // 2) for need in needs]))
                 for version in range(10)]
        uploading.upload(save.port, "tree", forms)


def mirror(save, nginx, packages):
    """Puts the pages and the metadata of the tree where nginx finds them, below the same paths."""
    for number in range(packages):
        page_path = "%s/simple/%s/" % (REPOSITORY, name(number))
        answer, page = save.request("GET", page_path, Accept=servers.JSON_TYPE)
        if answer.status != 200:
            sys.exit("resolving: %s answered %s" % (page_path, answer.status))
        folder = nginx.root / page_path.strip("/")
        folder.mkdir(parents=True)
        (folder / "index.json").write_bytes(page)
        for file in json.loads(page)["files"]:
            path = "%s/packages/%s/%s.metadata" % (REPOSITORY, name(number), file["filename"])
            answer, content = save.request("GET", path)
            target = nginx.root / path.strip("/")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)


def resolve(port, folder, expected):
    """Seconds of one `uv pip compile` with an empty cache."""
    cache = pathlib.Path(tempfile.mkdtemp(dir=folder))
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("UV_", "PIP_"))}
    begun = time.perf_counter()
    done = subprocess.run([str(UV), "pip", "compile", str(folder / "wanted.in"), "--no-config", "--no-header", "--no-annotate", "--cache-dir", str(cache),
                           "--index-url", "http://admin:%s@127.0.0.1:%d%s/simple/" % (servers.PASSWORD.replace(" ", "%20"), port, REPOSITORY)],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
    elapsed = time.perf_counter() - begun
    shutil.rmtree(cache, ignore_errors=True)
    if done.returncode != 0 or len(done.stdout.split()) != expected:
        sys.exit("resolving: uv found %d packages and said\n%s" % (len(done.stdout.split()), done.stderr[-2000:]))
    return elapsed


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--packages", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    (servers.ROOT / ".build").mkdir(exist_ok=True)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="bench-", dir=servers.ROOT / ".build"))
    save = nginx = None
    try:
        save = servers.Save(folder)
        publish(save, options.packages)
        nginx = servers.Nginx(folder)
        mirror(save, nginx, options.packages)
        (folder / "wanted.in").write_text(name(0) + "\n")
        seconds = {server.name: [] for server in (save, nginx)}
        for number in range(options.rounds + 1):
            for server in (save, nginx) if number % 2 == 0 else (nginx, save):
                elapsed = resolve(server.port, folder, options.packages)
                # The first turn warms both.
                if number > 0:
                    seconds[server.name].append(elapsed * 1000)
        ours, theirs = (statistics.median(seconds[key]) for key in ("Save", "nginx"))
        print("| uv pip compile, cache empty | Save | nginx | ratio | target | |\n| --- | --- | --- | --- | --- | --- |")
        print("| a tree of %d packages | %.0f ms | %.0f ms | %.2f | ≤ 1.10 | %s |" % (
            options.packages, ours, theirs, ours / theirs, servers.verdict(ours / theirs, 1.1)))
    finally:
        for server in (save, nginx):
            if server is not None:
                server.stop()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
