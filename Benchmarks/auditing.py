"""Searching and verifying an audit trail of many records, as an administrator does it through REST.

    python3 Benchmarks/auditing.py --records 10000000 --data DIR

fills DIR/data/save.db unless it has that many records already, which takes about two minutes a million and 1.3 kB a record, starts a server on it,
and prints the time of each search: the first and the slowest of ten.
"""
from __future__ import annotations

import argparse
import hashlib
import json
import pathlib
import random
import sqlite3
import time
import urllib.parse

from servers import Save

COLUMNS = ("sequence, time, high_time, actor, actor_kind, action, resource_type, resource, outcome, source_ip, user_agent, request_id,"
           " details, hash, previous_hash")
TEXT = " || char(10) || ".join(("actor", "action", "resource", "source_ip", "request_id", "details"))
STRIDE = 50_000


def get(server, path):
    """The answer, and the seconds it took."""
    begun = time.perf_counter()
    answer, body = server.request("GET", path)
    seconds = time.perf_counter() - begun
    assert answer.status == 200, (path, answer.status, body[:200])
    return json.loads(body), seconds


def record(number, chance):
    """The fields of a record without its number and hashes: mostly uploads and downloads of many packages by many people."""
    actor, package = "user%d" % chance.randrange(2000), "package-%d" % chance.randrange(20000)
    version = "%d.%d.%d" % (chance.randrange(9), chance.randrange(30), chance.randrange(9))
    repository = "team%d/pypi-%s" % (chance.randrange(40), chance.choice(("hosted", "proxy", "group")))
    request = "%016x" % chance.getrandbits(64)
    address = "10.%d.%d.%d" % (chance.randrange(4), chance.randrange(256), chance.randrange(256))
    kind = chance.randrange(1000)
    if kind < 970:
        action, type, outcome = ("file.upload" if kind < 300 else "file.download"), "file", "denied" if kind == 0 else "ok"
        resource = "%s/packages/%s/%s-%s-py3-none-any.whl" % (repository, package, package.replace("-", "_"), version)
        details = '{"package":"%s","version":"%s","size":%d,"sha256":"%064x"}' % (
            package, version, chance.randrange(10**7), chance.getrandbits(256))
    elif kind < 995:
        action, type, outcome, resource = "auth.fail", "user", "failed", actor
        details = '{"user":"%s","reason":"password","count":%d}' % (actor, chance.randrange(1, 50))
    else:
        action, type, outcome, resource = "repository.update", "repository", "ok", repository
        details = '{"cache_ttl":{"from":3600,"to":%d}}' % chance.randrange(9999)
    return actor, "user", action, type, resource, outcome, address, "pip/24.0", request, details


def fill(data, wanted):
    """Adds records to the trail, each with the hash that the server would have given it, and to its index."""
    database = sqlite3.connect(str(data / "data" / "save.db"), isolation_level=None)
    for statement in ("synchronous=off", "cache_size=-400000", "wal_autocheckpoint=20000"):
        database.execute("PRAGMA " + statement)
    last, now, previous = database.execute("SELECT sequence, high_time, hash FROM audit ORDER BY sequence DESC LIMIT 1").fetchone()
    chance = random.Random(last)
    while last < wanted:
        rows, first = [], last
        for number in range(last + 1, min(last + STRIDE, wanted) + 1):
            now += chance.randrange(5_000_000)
            fields = record(number, chance)
            text = json.dumps([previous, number, now, *fields[:4], *fields[4:9]], separators=(",", ":"), ensure_ascii=False)
            digest = hashlib.sha256((text[:-1] + "," + fields[9] + "]").encode()).hexdigest()
            rows.append((number, now, now, *fields, digest, previous))
            previous, last = digest, number
        database.execute("BEGIN")
        database.executemany("INSERT INTO audit (%s) VALUES (%s)" % (COLUMNS, ",".join("?" * 15)), rows)
        through = database.execute("SELECT max(through) FROM audit_text_progress").fetchone()[0]
        database.execute("INSERT INTO audit_text (rowid, text) SELECT sequence, %s FROM audit WHERE sequence > ?" % TEXT, (through,))
        database.execute("UPDATE audit_text_progress SET through = ?", (last,))
        database.execute("COMMIT")
        if first // 1_000_000 != last // 1_000_000:
            print("%d records" % last, flush=True)
    database.execute("PRAGMA wal_checkpoint(truncate)")
    example = database.execute("SELECT actor, resource, request_id, details FROM audit WHERE sequence = ? AND action LIKE 'file%'"
                               " OR sequence = (SELECT min(sequence) FROM audit WHERE sequence > ? AND action LIKE 'file%') LIMIT 1",
                               (wanted // 10, wanted // 10)).fetchone()
    database.close()
    return example


def searches(example):
    actor, resource, request, details = example
    return [
        ("newest", {}), ("resource_type=repository", {"resource_type": "repository"}), ("resource, one file", {"resource": resource}),
        ("actor", {"actor": actor}), ("actor, absent", {"actor": "nobody"}), ("action, rare", {"action": "repository.update"}),
        ("action, absent", {"action": "no.such"}), ("outcome=denied", {"outcome": "denied"}), ("outcome=ok", {"outcome": "ok"}),
        ("actor and action", {"actor": actor, "action": "auth.fail"}), ("action and outcome", {"action": "file.upload", "outcome": "denied"}),
        ("type and outcome, never", {"resource_type": "repository", "outcome": "failed"}),
        ("since and until, early", {"since": "2027-01-01T00:00:00Z", "until": "2027-01-02T00:00:00Z"}),
        ("q, everywhere", {"q": "packages"}), ("q, a file", {"q": resource.rpartition("/")[2]}), ("q, a request", {"q": request}),
        ("q, part of a digest", {"q": json.loads(details)["sha256"][10:30]}), ("q, an address", {"q": "10.3.200.77"}),
        ("q, absent", {"q": "no such text"}), ("q, absent, of frequent parts", {"q": "pypi-package"}), ("q, two letters", {"q": "zz"}),
        ("q and actor", {"q": "repository", "actor": actor}), ("q and action", {"q": "team7/", "action": "repository.update"}),
        ("q and type, never", {"q": "user1", "resource_type": "repository"}),
    ]


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--records", type=int, default=1_000_000)
    options.add_argument("--data", required=True, type=pathlib.Path)
    options.add_argument("--verify", action="store_true", help="also verify the chain")
    options = options.parse_args()
    options.data.mkdir(parents=True, exist_ok=True)
    Save(options.data).stop()
    begun = time.perf_counter()
    example = fill(options.data, options.records)
    size = (options.data / "data" / "save.db").stat().st_size
    print("filled in %.0f s; %d records, %.1f GB" % (time.perf_counter() - begun, options.records, size / 1e9))
    server = Save(options.data)
    try:
        measure(server, example, options.verify)
    finally:
        server.stop()


def measure(server, example, verifies):
    get(server, "/api/v1/user")
    print("| search | found | more | first, ms | slowest of ten, ms | pages until one has any |\n| --- | --- | --- | --- | --- | --- |")
    for name, query in searches(example):
        path = "/api/v1/admin/audit?" + urllib.parse.urlencode(dict(query, limit=50))
        first, seconds = get(server, path)
        slowest = max(get(server, path)[1] for _ in range(10))
        pages, page = 1, first
        while not page["items"] and page["next"] and pages < 1000:
            page, _ = get(server, path + "&after=" + page["next"])
            pages += 1
        print("| %s | %d | %s | %.0f | %.0f | %d |" % (
            name, len(first["items"]), "yes" if first["next"] else "no", seconds * 1000, slowest * 1000, pages), flush=True)
    if verifies:
        found, seconds = get(server, "/api/v1/admin/audit/verify")
        print("verified %d records in %.1f s, %.0f a second: %s" % (
            found["checked"], seconds, found["checked"] / seconds, found["problem"] or "the chain holds"))


if __name__ == "__main__":
    main()
