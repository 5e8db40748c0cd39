#!/usr/bin/env python3
"""What an operator's work costs where there is much: statistics, keys, backups; prints tables with the numbers and the targets.

    Benchmarks/upkeep.py [--only statistics|keys|backup] [--rows 2000000] [--blobs 200000] [--accounts 2400] [--files 10000] [--rounds 3]

The records, and the stored files that they need, are multiplied in the data of a stopped server: only their number matters here.
"""
from __future__ import annotations

import argparse
import hashlib
import json
import os
import pathlib
import shutil
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time

import servers


def timed(save, method, path, body=None):
    """The answer as JSON, and the milliseconds that it took."""
    begun = time.perf_counter()
    answer, content = save.request(method, path, body, **{"Content-Type": "application/json"} if body else {})
    elapsed = (time.perf_counter() - begun) * 1000
    if answer.status not in (200, 201):
        sys.exit("upkeep: %s %s answered %s %s" % (method, path, answer.status, content[:300]))
    return json.loads(content), elapsed


def filled(folder, rows, blobs):
    """The data of a stopped server with so many files, which share so many stored ones of 1 kB."""
    save = servers.Save(folder)
    save.create("many", "raw")
    answer, content = save.request("PUT", "/raw/bench/many/d0/f0", b"0123456789")
    if answer.status != 201:
        sys.exit("upkeep: the first file answered %s %s" % (answer.status, content[:300]))
    save.stop()
    folders, digests = set(), []
    for number in range(blobs):
        content = hashlib.sha256(b"%d" % number).digest() * 32
        digest = hashlib.sha256(content).hexdigest()
        place = save.data / "blobs" / digest[:2] / digest[2:4]
        if place not in folders:
            place.mkdir(mode=0o700, parents=True, exist_ok=True)
            folders.add(place)
        (place / digest).write_bytes(content)
        digests.append((digest,))
    database = sqlite3.connect(str(save.data / "save.db"), isolation_level=None)
    database.execute("PRAGMA synchronous=off")
    database.execute("PRAGMA cache_size=-1000000")
    database.execute("CREATE TEMP TABLE digests (number INTEGER PRIMARY KEY, digest TEXT)")
    database.execute("BEGIN")
    database.executemany("INSERT INTO digests (digest) VALUES (?)", digests)
    columns = [row[1] for row in database.execute("PRAGMA table_info(assets)")]
    changed = {"path": "'d' || (n / 1000) || '/' || n", "directory": "'d' || (n / 1000)", "blob": "digest", "size": "1024",
               "published_size": "1024", "checksums": "json_array(json_array('sha256', digest))"}
    database.execute(
        "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ?) INSERT INTO assets (%s) SELECT %s "
        "FROM numbers JOIN digests ON number = n %% ? + 1 CROSS JOIN (SELECT * FROM assets LIMIT 1)"
        % (", ".join(columns), ", ".join(changed.get(column, column) for column in columns)), (rows - 1, blobs))
    database.execute("COMMIT")
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    os.sync()
    return save.data


def statistics_of(folder, options):
    filled(folder, options.rows, options.blobs)
    return statistics_asked(folder, options)


def statistics_asked(folder, options):
    save = servers.Save(folder)
    timed(save, "GET", "/api/v1/user")
    first, elapsed = timed(save, "GET", "/api/v1/admin/stats")
    yield "statistics of %s files and %s stored ones, the first time" % (format(options.rows, ","), format(options.blobs, ",")), elapsed, 50
    during, after, begun = [], [], time.monotonic()
    while (found := timed(save, "GET", "/api/v1/admin/stats"))[0]["physical_bytes"] is None:
        during.append(found[1])
    walk = time.monotonic() - begun
    if len(during) > 1:
        yield "while the stored ones are walked through: the median of %d" % len(during), statistics.median(during), 50
        yield "their p99", statistics.quantiles(during, n=100)[98], 50
    for _ in range(100):
        found, elapsed = timed(save, "GET", "/api/v1/admin/stats")
        after.append(elapsed)
    if found["files"] != options.rows or found["physical_bytes"] < options.blobs * 1024:
        sys.exit("upkeep: the statistics are %s" % found)
    yield "after it: the median of 100", statistics.median(after), 50
    yield "their p99", statistics.quantiles(after, n=100)[98], 50
    yield "the walk itself", walk * 1000, None
    save.stop()


def keys(folder, options):
    """A key is made, over and over, without and with many other accounts that have one each."""
    save = servers.Save(folder)
    timed(save, "POST", "/api/v1/robots", json.dumps({"name": "ci"}))
    timed(save, "POST", "/api/v1/robots/ci/keys", json.dumps({"description": "first"}))

    def make():
        found = [timed(save, "POST", "/api/v1/robots/ci/keys", json.dumps({"description": "k"}))[1] for _ in range(100)]
        return statistics.quantiles(found, n=10)[0], statistics.median(found)

    few = make()
    save.stop()
    database = sqlite3.connect(str(save.data / "save.db"))
    for table, name in (("users", "username"), ("robots", "name"), ("api_keys", None)):
        database.row_factory = sqlite3.Row
        columns = [row[1] for row in database.execute("PRAGMA table_info(%s)" % table)]
        row = database.execute("SELECT * FROM %s LIMIT 1" % table).fetchone()
        for number in range(options.accounts):
            values = dict(row)
            values["id"] = "%022d" % number if table == "api_keys" else None
            if name:
                values[name] = "%s%d" % (table, number)
            else:
                values["owner"] = "sa$robots%d" % number
            database.execute("INSERT INTO %s (%s) VALUES (%s)" % (table, ", ".join(columns), ", ".join("?" * len(columns))),
                             [values[column] for column in columns])
    database.commit()
    database.close()
    save = servers.Save(folder)
    many = make()
    save.stop()
    for title, found in (("no other account", few), ("{0:,} users, {0:,} robots and {0:,} keys".format(options.accounts), many)):
        yield "a key is made beside %s, fastest tenth of 100" % title, found[0], None
        yield "their median", found[1], None


def backup(folder, options):
    data = filled(folder, options.files, options.files)
    environment = {key: value for key, value in os.environ.items() if not key.startswith("SAVE_")}
    for command in ("backup", "restore"):
        times = []
        for number in range(options.rounds):
            target = folder / ("backup%d" % number) if command == "backup" else folder / ("restored%d" % number)
            operand, place = (target, data) if command == "backup" else (folder / ("backup%d" % number), target)
            os.sync()
            begun = time.perf_counter()
            subprocess.run([str(servers.BINARY), command, str(operand), "--data", str(place), "--quiet"], check=True,
                           stdout=subprocess.DEVNULL, env=environment)
            times.append((time.perf_counter() - begun) * 1000)
        yield "%s of %s files of 1 kB: median of %d" % (command, format(options.files, ","), options.rounds), statistics.median(times), None
        yield "%s: fastest and slowest, %.0f and" % (command, min(times)), max(times), None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parts = {"statistics": statistics_of, "keys": keys, "backup": backup}
    parser.add_argument("--only", choices=sorted(parts))
    for name, value in (("rows", 2_000_000), ("blobs", 200_000), ("accounts", 2400), ("files", 10_000), ("rounds", 3)):
        parser.add_argument("--" + name, type=int, default=value)
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    (servers.ROOT / ".build").mkdir(exist_ok=True)
    print("| | ms | target | |\n| --- | --- | --- | --- |")
    for name, part in parts.items():
        if options.only not in (None, name):
            continue
        folder = pathlib.Path(tempfile.mkdtemp(prefix="bench-", dir=servers.ROOT / ".build"))
        try:
            for title, value, target in part(folder, options):
                print("| %s | %.1f | %s | %s |" % (title, value, "≤ %d" % target if target else "–",
                                                   servers.verdict(value, target) if target else ""), flush=True)
        finally:
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
