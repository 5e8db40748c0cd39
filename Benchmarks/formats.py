#!/usr/bin/env python3
"""The other formats beside nginx with the same bytes, with credentials; then what large packages and large layers cost. Prints tables with the targets.

    Benchmarks/formats.py [--seconds 3] [--rounds 7] [--versions 10000] [--layer-gib 5] [--only reads|packages|layer]

Reads are measured as `bench.py` does. Of packages with many versions, one is published and the others are copies of its records; their indexes are asked for after
a start, and after a publish. The layer is pushed in one PATCH, pulled, and the memory that the server has at most is told beside what it had before.
"""
from __future__ import annotations

import argparse
import hashlib
import http.client
import io
import json
import pathlib
import re
import shutil
import signal
import sqlite3
import statistics
import struct
import sys
import tarfile
import tempfile
import time
import zipfile

from bench import Case, compare, machine, read_from_disk
from servers import AUTHORIZATION, ROOT, Nginx, Save, verdict
from uploading import make_fixtures

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
IMAGE = "/v2/oci/bench/images/app"
MODULE = "/go/bench/go/bench.test/module"
LIBRARY = "/maven/bench/maven/com/acme/lib"
MB, GIB = 1 << 20, 1 << 30


def ok(save, method, path, body=None, **headers):
    answer, content = save.request(method, path, body, **headers)
    if answer.status not in (200, 201, 202, 204):
        sys.exit("formats: %s %s answered %s %s" % (method, path, answer.status, content[:300]))
    return answer, content


def digest(content):
    return "sha256:" + hashlib.sha256(content).hexdigest()


# -- what is published

def pom(version):
    return ("""<?xml version="1.0" encoding="UTF-8"?>
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion><groupId>com.acme</groupId><artifactId>lib</artifactId><version>%s</version>
  <dependencies>%s</dependencies>
</project>
""" % (version, "".join("\n    <dependency><groupId>com.acme</groupId><artifactId>part-%d</artifactId><version>1.0</version></dependency>" % number
                          for number in range(10)))).encode()


def crate(name, version):
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for path, text in (("Cargo.toml", '[package]\nname = "%s"\nversion = "%s"\nedition = "2021"\n' % (name, version)), ("src/lib.rs", "")):
            member = tarfile.TarInfo("%s-%s/%s" % (name, version, path))
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text.encode()))
    said = json.dumps({"name": name, "vers": version, "deps": [], "features": {}, "authors": [], "description": "d", "license": "MIT"}).encode()
    return struct.pack("<I", len(said)) + said + struct.pack("<I", len(packed.getvalue())) + packed.getvalue()


def module_zip(version):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for path, text in (("go.mod", "module bench.test/module\n\ngo 1.20\n"), ("module.go", "package module\n")):
            archive.writestr("bench.test/module@%s/%s" % (version, path), text)
    return packed.getvalue()


def push(save, content):
    answer, _ = ok(save, "POST", "%s/blobs/uploads/?digest=%s" % (IMAGE, digest(content)), content, **{"Content-Type": "application/octet-stream"})
    return answer.headers["Location"]


def described(content, media_type):
    return {"mediaType": media_type, "digest": digest(content), "size": len(content)}


def publish(save):
    """Everything that the reads are about, by what it is called: its path and its bytes."""
    for name in ("maven", "cargo", "go"):
        save.create(name, name)
    save.create("images", "oci")
    large = make_fixtures.random_bytes("layer", 50 * MB)
    jar = make_fixtures.random_bytes("jar", 50 * MB)
    ok(save, "PUT", LIBRARY + "/1.0.0/lib-1.0.0.pom", pom("1.0.0"))
    ok(save, "PUT", LIBRARY + "/1.0.0/lib-1.0.0.jar", jar)
    ok(save, "PUT", "/cargo/bench/cargo/api/v1/crates/new", crate("measured", "1.0.0"))
    ok(save, "PUT", MODULE + "/@v/v1.0.0.zip", module_zip("v1.0.0"))
    config = json.dumps({"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": []}}).encode()
    manifest = json.dumps({
        "schemaVersion": 2, "mediaType": MANIFEST, "config": described(config, "application/vnd.oci.image.config.v1+json"),
        "layers": [described(large, "application/vnd.oci.image.layer.v1.tar")]}).encode()
    push(save, config)
    layer = push(save, large)
    ok(save, "PUT", "%s/manifests/v1" % IMAGE, manifest, **{"Content-Type": MANIFEST})
    return {
        "pom": LIBRARY + "/1.0.0/lib-1.0.0.pom", "jar": LIBRARY + "/1.0.0/lib-1.0.0.jar", "layer": layer,
        "manifest": "%s/manifests/%s" % (IMAGE, digest(manifest)), "line": "/cargo/bench/cargo/me/as/measured",
    }


# -- reads beside nginx

# What it is called in the table, the ratio that is asked for, connections, what is counted.
READS = [
    ("pom", ".pom", 0.9, 32, "requests"), ("manifest", "manifest by digest", 0.9, 32, "requests"),
    ("line", "index line of Cargo", 0.9, 32, "requests"), ("layer", "layer of 50 MB", 1, 4, "megabytes"),
    ("jar", ".jar of 50 MB", 1, 4, "megabytes"),
]


def read_cases(save, nginx, paths):
    headers = {"Authorization": AUTHORIZATION}
    cases = []
    for name, title, target, connections, unit in READS:
        _, content = ok(save, "GET", paths[name])
        (nginx.root / name).write_bytes(content)
        blob = hashlib.sha256(content).hexdigest()
        for path in (nginx.root / name, save.data / "blobs" / blob[:2] / blob[2:4] / blob):
            # The index line is made, and no file of the server's.
            if path.exists():
                read_from_disk(path)
        cases.append(Case(title, unit, target, connections, paths[name], "/" + name, {"Save": headers, "nginx": headers},
                          patience=3 if unit == "megabytes" else 1))
    return cases


# -- packages with many versions

def multiply(save, versions):
    """Makes many versions of one: only their number matters here."""
    save.stop()
    connection = sqlite3.connect(next(save.data.glob("*.db")))
    connection.row_factory = sqlite3.Row
    for package in ("com.acme:lib", "bench.test/module", "measured"):
        for row in connection.execute("SELECT * FROM assets WHERE package = ?", (package,)).fetchall():
            for number in range(1, versions):
                version = "%d.%d.%d" % (1 + number // 400, number // 20 % 20, number % 20)
                values = [value.replace("1.0.0", version) if isinstance(value, str) else value for value in row]
                connection.execute("INSERT OR IGNORE INTO assets (%s) VALUES (%s)" % (", ".join(row.keys()), ", ".join("?" * len(values))), values)
    connection.commit()
    connection.close()


def timed(save, path):
    """Milliseconds of one request on a connection that is there."""
    connection = http.client.HTTPConnection("127.0.0.1", save.port, timeout=120)
    connection.request("GET", "/health")
    connection.getresponse().read()
    start = time.perf_counter()
    connection.request("GET", path, headers={"Authorization": AUTHORIZATION})
    answer = connection.getresponse()
    content = answer.read()
    taken = (time.perf_counter() - start) * 1000
    connection.close()
    if answer.status != 200:
        sys.exit("formats: %s answered %s" % (path, answer.status))
    return taken, content


def package_rows(folder, options):
    """The rows, and the server that is left."""
    save = Save(folder)
    for name in ("maven", "cargo", "go"):
        save.create(name, name)
    ok(save, "PUT", LIBRARY + "/1.0.0/lib-1.0.0.pom", pom("1.0.0"))
    ok(save, "PUT", "/cargo/bench/cargo/api/v1/crates/new", crate("measured", "1.0.0"))
    ok(save, "PUT", MODULE + "/@v/v1.0.0.zip", module_zip("v1.0.0"))
    multiply(save, options.versions)
    lists = (("Go's list", MODULE + "/@v/list", 20), ("maven-metadata.xml", LIBRARY + "/maven-metadata.xml", None),
             ("index of a crate", "/cargo/bench/cargo/me/as/measured", None))
    cold = {title: [] for title, _, _ in lists}
    for number in range(options.rounds):
        save = Save(folder)
        for title, path, _ in lists:
            # The password's check is no part of it.
            ok(save, "GET", "/api/v1/repos")
            taken, content = timed(save, path)
            cold[title].append(taken)
            if len(content) < options.versions * 5:
                sys.exit("formats: %s has %d bytes" % (path, len(content)))
        if number + 1 < options.rounds:
            save.stop()
    rows = [row("%s of {:,} versions, after a start".format(options.versions) % title, statistics.median(cold[title]), target)
            for title, _, target in lists]
    updates = []
    for number in range(max(options.rounds, 5)):
        version = "900.0.%d" % number
        ok(save, "PUT", "%s/%s/lib-%s.pom" % (LIBRARY, version, version), pom(version))
        taken, content = timed(save, LIBRARY + "/maven-metadata.xml")
        if ("<release>%s<" % version).encode() not in content:
            sys.exit("formats: the metadata does not have what was published")
        updates.append(taken)
    # The first finds nothing in memory.
    rows.append(row("maven-metadata.xml of {:,} versions, after one more".format(options.versions), statistics.median(updates[1:]), 20))
    save.stop()
    return rows


def row(title, milliseconds, target):
    return "| %s | %.1f ms | %s | %s |" % (
        title, milliseconds, "≤ %d ms" % target if target else "–", verdict(milliseconds, target) if target else "")


# -- a large layer

def most_memory(save):
    return int(re.search(r"^VmHWM:\s+(\d+) kB", pathlib.Path("/proc/%d/status" % save.process.pid).read_text(), re.M).group(1)) / 1024


def layer_rows(save, gib):
    """Pushes and pulls a layer that is in no memory here either."""
    block, blocks = make_fixtures.random_bytes("large", MB), gib * (GIB // MB)
    wanted = hashlib.sha256()
    for number in range(blocks):
        wanted.update(number.to_bytes(8, "big") + block[8:])
    name = "sha256:" + wanted.hexdigest()
    save.create("large", "oci")
    place = "/v2/oci/bench/large/app/blobs/"
    pathlib.Path("/proc/%d/clear_refs" % save.process.pid).write_text("5")
    before = save.resident_mb()
    start = time.perf_counter()
    answer, _ = ok(save, "POST", place + "uploads/")
    connection = http.client.HTTPConnection("127.0.0.1", save.port, timeout=600)
    connection.putrequest("PATCH", answer.headers["Location"])
    for field, value in (("Authorization", AUTHORIZATION), ("Content-Length", str(blocks * MB)), ("Content-Type", "application/octet-stream")):
        connection.putheader(field, value)
    connection.endheaders()
    for number in range(blocks):
        connection.send(number.to_bytes(8, "big") + block[8:])
    patched = connection.getresponse()
    if patched.read() or patched.status != 202:
        sys.exit("formats: the layer answered %s" % patched.status)
    ended, _ = ok(save, "PUT", "%s?digest=%s" % (answer.headers["Location"], name))
    pushed, after_push = time.perf_counter() - start, most_memory(save)
    pathlib.Path("/proc/%d/clear_refs" % save.process.pid).write_text("5")
    start = time.perf_counter()
    connection.request("GET", ended.headers["Location"], headers={"Authorization": AUTHORIZATION})
    answer, found = connection.getresponse(), hashlib.sha256()
    while piece := answer.read(MB):
        found.update(piece)
    pulled, after_pull = time.perf_counter() - start, most_memory(save)
    connection.close()
    if "sha256:" + found.hexdigest() != name:
        sys.exit("formats: the layer came back as another one")
    return ["| layer of %d GiB %s, %.0f MB/s | %.0f MB more | ≤ 48 MB | %s |" % (
        gib, what, gib * GIB / 1e6 / seconds, most - before, verdict(most - before, 48))
        for what, seconds, most in (("pushed", pushed, after_push), ("pulled", pulled, after_pull))]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=3, help="how long one measurement takes")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--versions", type=int, default=10_000)
    parser.add_argument("--layer-gib", type=int, default=5)
    parser.add_argument("--only", choices=["reads", "packages", "layer"])
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    (ROOT / ".build").mkdir(exist_ok=True)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="formats-", dir=ROOT / ".build"))
    running = []
    try:
        print("Machine: %s.\n" % machine(), flush=True)
        if options.only in (None, "reads"):
            (folder / "reads").mkdir()
            running += [save := Save(folder / "reads"), nginx := Nginx(folder)]
            compare(read_cases(save, nginx, publish(save)), save, nginx, options)
        while running:
            running.pop().stop()
        if options.only != "reads":
            print("| | | target | |\n| --- | --- | --- | --- |", flush=True)
        if options.only in (None, "packages"):
            (folder / "packages").mkdir()
            print("\n".join(package_rows(folder / "packages", options)), flush=True)
        if options.only in (None, "layer"):
            (folder / "layer").mkdir()
            running.append(save := Save(folder / "layer"))
            print("\n".join(layer_rows(save, options.layer_gib)), flush=True)
    finally:
        while running:
            running.pop().stop()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
