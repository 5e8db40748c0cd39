#!/usr/bin/env python3
"""What pages for browsers cost on a server with a million files; prints a table with the numbers and the targets.

    Benchmarks/ui.py [--files 1000000] [--rounds 30] [--seconds 5] [--folder DIR]

A hosted repository of so many files in packages of ten, with one of 5,000 files in 1,000 versions, made by multiplying the records of one wheel in the database of a stopped
server; a raw repository with a tenth of them in one directory; and 300 repositories in 30 projects. Each page is asked for by somebody who is signed in, each time with another
address, so that it is made and not remembered: the time to the first byte, to the last, the bytes, and the
requests that a browser makes for it. Last, how many times a second a package's page is answered from memory on two connections a
processor (`wrk`).
"""
from __future__ import annotations

import argparse
import http.client
import json
import os
import pathlib
import re
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse

import servers
import uploading
from uploading import make_fixtures

FIRST_MS, WHOLE_MS, BYTES, REQUESTS, RATE = 30, 100, 100_000, 12, 5_000


def fill(database, files):
    """Multiplies one package with one file, and one file of a directory."""
    connection = sqlite3.connect(database)
    connection.row_factory = sqlite3.Row
    package = connection.execute("SELECT * FROM packages WHERE name = 'one'").fetchone()
    wheel = connection.execute("SELECT * FROM assets WHERE package = 'one' AND sidecar_of IS NULL").fetchone()
    plain = connection.execute("SELECT * FROM assets WHERE path = 'many/one.txt'").fetchone()

    def add(table, rows):
        columns = rows[0].keys()
        connection.executemany("INSERT INTO %s (%s) VALUES (%s)" % (table, ", ".join(columns), ", ".join("?" * len(columns))),
                               [tuple(row[name] for name in columns) for row in rows])

    def changed(row, **values):
        return {**{name: row[name] for name in row.keys()}, **values}

    packages, assets = [changed(package, name="large", display_name="large")], []
    for number in range(5000):
        filename = "packages/large/large-%d.0-py3-none-p%d.whl" % (number // 5, number % 5)
        assets.append(changed(wheel, path=filename, directory="packages/large", package="large", version="%d.0" % (number // 5), identity=filename))
    for number in range(files // 10):
        name = "package-%06d" % number
        packages.append(changed(package, name=name, display_name=name))
        for version in range(10):
            filename = "packages/%s/%s-%d.0-py3-none-any.whl" % (name, name.replace("-", "_"), version)
            assets.append(changed(wheel, path=filename, directory="packages/" + name, package=name, version="%d.0" % version, identity=filename))
        if len(assets) >= 50_000:
            add("packages", packages)
            add("assets", assets)
            packages, assets = [], []
    if assets:
        add("packages", packages)
        add("assets", assets)
    for first in range(0, files // 10, 50_000):
        add("assets", [changed(plain, path="many/f%07d.txt" % number) for number in range(first, min(first + 50_000, files // 10))])
    connection.commit()
    connection.close()


class Person:
    """A browser that is signed in, on one connection."""

    def __init__(self, port):
        self.port = port
        self.cookie = ""
        status, _, page, headers = self.get("/ui/login")
        assert status == 200
        self.cookie = "; ".join(value.split(";")[0] for name, value in headers if name.lower() == "set-cookie")
        token = re.search(rb'name="form_token" value="(\w+)"', page).group(1).decode()
        body = urllib.parse.urlencode({"form_token": token, "username": "admin", "password": servers.PASSWORD, "return": ""})
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        connection.request("POST", "/ui/login", body, {"Content-Type": "application/x-www-form-urlencoded", "Cookie": self.cookie,
                                                       "Origin": "http://127.0.0.1:%d" % port})
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 303, answer.status
        self.cookie = "; ".join(value.split(";")[0] for name, value in answer.getheaders() if name.lower() == "set-cookie" and "Max-Age=0" not in value)

    def get(self, path):
        """Status, (milliseconds to the first byte, to the last), the page, its fields."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.connect()
        start = time.perf_counter()
        connection.request("GET", path, headers={"Cookie": self.cookie} if self.cookie else {})
        answer = connection.getresponse()
        first = time.perf_counter()
        page = answer.read()
        whole = time.perf_counter()
        connection.close()
        return answer.status, ((first - start) * 1000, (whole - start) * 1000), page, answer.getheaders()


def rate(port, path, cookie, seconds):
    done = subprocess.run(["wrk", "-t", "2", "-c", str(2 * (os.cpu_count() or 2)), "-d", "%ds" % seconds, "-H", "Cookie: " + cookie,
                           "http://127.0.0.1:%d%s" % (port, path)], stdout=subprocess.PIPE, text=True, check=True)
    assert "Non-2xx" not in done.stdout, done.stdout
    return float(re.search(r"Requests/sec:\s+([\d.]+)", done.stdout).group(1))


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--files", type=int, default=1_000_000)
    options.add_argument("--rounds", type=int, default=30)
    options.add_argument("--seconds", type=int, default=5)
    options.add_argument("--folder", type=pathlib.Path)
    options = options.parse_args()
    folder = options.folder or pathlib.Path(tempfile.mkdtemp(prefix="bench-ui-"))
    folder.mkdir(exist_ok=True)
    save = servers.Save(folder)
    save.create("big", "pypi")
    save.create("files", "raw")
    for number in range(300):
        body = {"project": "team-%02d" % (number // 10), "name": "files-%d" % (number % 10), "format": "raw", "repository_type": "hosted"}
        answer, content = save.request("POST", "/api/v1/repos", json.dumps(body), **{"Content-Type": "application/json"})
        assert answer.status == 201, content
    wheel = make_fixtures.wheel("one", "1.0", metadata="Metadata-Version: 2.1\nName: one\nVersion: 1.0\nSummary: One\nDescription-Content-Type: text/markdown\n\n# One\n\n%s\n" % ("Some *words* of [it](https://example.com). " * 100))
    uploading.upload(save.port, "big", [uploading.form(wheel)])
    save.request("PUT", "/raw/bench/files/many/one.txt", b"text")
    save.stop()
    fill(folder / "data" / "save.db", options.files)
    save = servers.Save(folder)
    person = Person(save.port)
    big, wrong = "/ui/pypi/bench/big/", []
    one = "package-%06d" % (options.files // 20)
    large = big + "large/"
    pages = {
        "home": "/ui/", "search, many": "/ui/search?q=package", "search, one": "/ui/search?q=" + one, "search, none": "/ui/search?q=zzzz",
        "search, a part": "/ui/search?q=" + one[-4:], "repository": big, "packages": big + "?tab=packages", "package": big + one + "/",
        "README": big + "one/", "versions": big + one + "/?tab=versions", "explain": big + one + "/?tab=explain",
        "5,000 files": large, "its versions": large + "?tab=versions", "its files": large + "?tab=files", "its explanation": large + "?tab=explain",
        "one version": large + "500.0/", "filter": big + "?tab=packages&q=" + one[-4:], "filter, none": big + "?tab=packages&q=zzzz",
        "files": "/ui/raw/bench/files/?tab=packages", "directory": "/ui/raw/bench/files/many/", "file": "/ui/raw/bench/files/many/one.txt/",
        "account": "/ui/account", "administration": "/ui/admin", "repositories": "/ui/admin/repositories",
        "its packages": "/ui/admin/repositories/bench/big/packages", "storage": "/ui/admin/storage", "audit": "/ui/audit", "server": "/ui/admin/server",
    }
    print("%-16s %10s %10s %9s %9s" % ("page", "first ms", "whole ms", "bytes", "requests"))
    for name, path in pages.items():
        person.get(path)
        times, size, requests = [], 0, 0
        for number in range(options.rounds):
            status, taken, page, _ = person.get("%s%cround=%d" % (path, "&" if "?" in path else "?", number))
            assert status == 200, (path, status)
            times.append(taken)
            size = len(page)
            requests = 1 + len(set(re.findall(rb'(?:src|rel="stylesheet" href)="([^"]+)"', page)))
        first, whole = (statistics.median(column) for column in zip(*times))
        for what, value, most in (("first byte", first, FIRST_MS), ("whole", whole, WHOLE_MS), ("bytes", size, BYTES), ("requests", requests, REQUESTS)):
            if value > most:
                wrong.append("%s: %s %.1f, more than %d" % (name, what, value, most))
        print("%-16s %10.1f %10.1f %9d %9d" % (name, first, whole, size, requests))
    if shutil.which("wrk"):
        found = rate(save.port, pages["package"], person.cookie, options.seconds)
        print("a package's page from memory: %d/s, %d wanted" % (found, RATE))
        if found < RATE:
            wrong.append("package page: %d/s, less than %d" % (found, RATE))
    save.stop()
    if not options.folder:
        shutil.rmtree(folder)
    for line in wrong:
        print("too much: " + line)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
