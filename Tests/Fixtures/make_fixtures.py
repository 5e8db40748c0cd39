#!/usr/bin/env python3
"""Wheels and source distributions for tests, built from nothing but the standard library.

    Tests/Fixtures/make_fixtures.py FOLDER        write the standard set into FOLDER

The same input gives the same bytes in every run, so digests can be compared between servers and between runs. What
comes out is complete (METADATA, WHEEL, RECORD, PKG-INFO): pip and uv really install it. A source distribution carries its
own build backend, so installing one needs no index but the one under test.
"""
from __future__ import annotations

import base64
import dataclasses
import gzip
import hashlib
import io
import pathlib
import re
import sys
import tarfile
import zipfile

EPOCH = (1980, 1, 1, 0, 0, 0)


def normalized(name):
    """PEP 503: runs of `-`, `_` and `.` are one dash, letters are lower case."""
    return re.sub(r"[-_.]+", "-", name).lower()


def random_bytes(seed, size):
    """Bytes that do not compress, the same for the same seed."""
    return hashlib.shake_256(seed.encode()).digest(size)


@dataclasses.dataclass(frozen=True)
class Distribution:
    """One file as an index would list it."""

    name: str
    version: str
    filename: str
    content: bytes
    metadata: bytes
    requires_python: str | None = None

    @property
    def project(self):
        return normalized(self.name)

    @property
    def sha256(self):
        return hashlib.sha256(self.content).hexdigest()

    @property
    def is_wheel(self):
        return self.filename.endswith(".whl")

    def write(self, folder):
        path = pathlib.Path(folder) / self.filename
        path.write_bytes(self.content)
        return path


def metadata_text(name, version, requires=(), requires_python=None, metadata_version="2.1"):
    lines = ["Metadata-Version: " + metadata_version, "Name: " + name, "Version: " + version, "Summary: A fixture named " + name]
    if requires_python:
        lines.append("Requires-Python: " + requires_python)
    lines += ["Requires-Dist: " + requirement for requirement in requires]
    return ("\n".join(lines) + "\n\nA fixture.\n").encode()


def module_name(name):
    return normalized(name).replace("-", "_")


def wheel(name, version, requires=(), requires_python=None, payload=b"", spelled=None, tag="py3-none-any", metadata=None):
    """A wheel. `spelled` is the name as it stands in the filename, where that is not the modern lower-case form;
    `payload` is put into the package as data; `metadata` is all of its METADATA, as text."""
    prefix = "%s-%s" % (spelled or module_name(name), version)
    info = prefix + ".dist-info"
    metadata = metadata_text(name, version, requires, requires_python) if metadata is None else metadata.encode()
    members = [(module_name(name) + "/__init__.py", ("__version__ = %r\n" % version).encode())]
    if payload:
        members.append((module_name(name) + "/payload.bin", payload))
    members.append((info + "/METADATA", metadata))
    members.append((info + "/WHEEL", ("Wheel-Version: 1.0\nGenerator: fixtures\nRoot-Is-Purelib: true\nTag: %s\n" % tag).encode()))
    record = []
    for path, content in members:
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        record.append("%s,sha256=%s,%d" % (path, digest, len(content)))
    record.append(info + "/RECORD,,")
    members.append((info + "/RECORD", ("\n".join(record) + "\n").encode()))

    output = io.BytesIO()
    with zipfile.ZipFile(output, "w") as archive:
        for path, content in members:
            entry = zipfile.ZipInfo(path, EPOCH)
            entry.external_attr = 0o100644 << 16
            entry.compress_type = zipfile.ZIP_STORED if len(content) > 65536 else zipfile.ZIP_DEFLATED
            archive.writestr(entry, content)
    filename = "%s-%s.whl" % (prefix, tag)
    return Distribution(name, version, filename, output.getvalue(), metadata, requires_python)


# PEP 517 with `backend-path`: this file travels inside the source distribution and needs nothing but Python.
BACKEND = '''\
import base64, hashlib, os, re, zipfile
def _metadata():
    with open("PKG-INFO", "rb") as file: return file.read()
def _field(key):
    return re.search(r"^%s: (.*)$" % key, _metadata().decode(), re.M).group(1).strip()
def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    module = re.sub(r"[-_.]+", "_", _field("Name")).lower()
    prefix = module + "-" + _field("Version")
    info = prefix + ".dist-info/"
    with open("module.py", "rb") as file: source = file.read()
    members = [(module + "/__init__.py", source), (info + "METADATA", _metadata()),
               (info + "WHEEL", b"Wheel-Version: 1.0\\nGenerator: fixtures\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")]
    record = ""
    for path, content in members:
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        record += "%s,sha256=%s,%d\\n" % (path, digest, len(content))
    members.append((info + "RECORD", (record + info + "RECORD,,\\n").encode()))
    filename = prefix + "-py3-none-any.whl"
    with zipfile.ZipFile(os.path.join(wheel_directory, filename), "w") as archive:
        for path, content in members: archive.writestr(path, content)
    return filename
'''


def sdist(name, version, requires=(), requires_python=None, spelled=None, metadata_version="2.1"):
    """A source distribution, `.tar.gz`, that builds itself."""
    prefix = "%s-%s" % (spelled or module_name(name), version)
    metadata = metadata_text(name, version, requires, requires_python, metadata_version)
    members = [
        ("PKG-INFO", metadata),
        ("pyproject.toml", b'[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'),
        ("backend.py", BACKEND.encode()),
        ("module.py", ("__version__ = %r\n" % version).encode()),
    ]
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for path, content in members:
            entry = tarfile.TarInfo(prefix + "/" + path)
            entry.size, entry.mode, entry.mtime = len(content), 0o644, 315532800
            archive.addfile(entry, io.BytesIO(content))
    content = gzip.compress(plain.getvalue(), mtime=0)
    return Distribution(name, version, prefix + ".tar.gz", content, metadata, requires_python)


def standard_set():
    """What most tests publish and install. Small on purpose; `heavy()` and `many()` are made by those who need them."""
    return [
        wheel("plain", "1.0"),
        wheel("plain", "1.1"),
        sdist("plain", "1.0"),
        # Three spellings of one rule: names compare normalized, and the modern filename is lower case with underscores.
        wheel("Under_Score.Dotted-Name", "2.0"),
        wheel("Camel.Case", "1.0", spelled="Camel.Case"),
        wheel("Needs-Others", "1.0", requires=["plain>=1.0", "under.score_dotted.NAME ==2.0"]),
        # PEP 440: an epoch and a local version, whose `!` and `+` travel in URLs.
        wheel("epochal", "1!2.0"),
        wheel("epochal", "2020.1"),
        wheel("local-version", "1.0+cu118"),
        # An installer must take the first: the second says it is for a Python that does not exist.
        wheel("picky", "1.0", requires_python=">=3.6"),
        wheel("picky", "2.0", requires_python=">=99"),
        sdist("source-only", "0.3", requires_python=">=3.6"),
        wheel("regretted", "1.0"),
        wheel("regretted", "2.0"),
    ]


def heavy(megabytes=60, name="heavy", version="1.0"):
    """One big wheel."""
    return wheel(name, version, payload=random_bytes(name + version, megabytes << 20))


def many(count, name="many", payload=2048):
    """Small wheels of one project, one version each."""
    return [wheel(name, "1.%d" % index, payload=random_bytes("%s%d" % (name, index), payload)) for index in range(count)]


def main(arguments):
    if len(arguments) != 1:
        sys.exit(__doc__)
    folder = pathlib.Path(arguments[0])
    folder.mkdir(parents=True, exist_ok=True)
    for distribution in standard_set() + [heavy()]:
        path = distribution.write(folder)
        print("%s  %s" % (distribution.sha256, path.name))


if __name__ == "__main__":
    main(sys.argv[1:])
