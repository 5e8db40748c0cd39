"""A checksum database of Go modules: a log of hashes that is signed, with the proofs that the go command asks for."""
from __future__ import annotations

import base64
import hashlib
import pathlib
import subprocess
import zipfile


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def encoded(data):
    return base64.b64encode(data).decode()


def root(hashes):
    """The hash of a tree (RFC 6962, 2.1)."""
    if len(hashes) == 1:
        return hashes[0]
    half = 1
    while half * 2 < len(hashes):
        half *= 2
    return sha256(b"\x01", root(hashes[:half]), root(hashes[half:]))


def hash1(files):
    """`golang.org/x/mod/sumdb/dirhash`, Hash1."""
    lines = "".join("%s  %s\n" % (hashlib.sha256(files[name]).hexdigest(), name) for name in sorted(files))
    return "h1:" + encoded(sha256(lines.encode()))


class ChecksumDatabase:
    """Of up to 256 versions, so that one tile has all of their hashes."""

    def __init__(self, folder, name):
        self.folder, self.name, self.records = pathlib.Path(folder), name, {}
        self.folder.mkdir()
        self.secret = self.folder / "secret.pem"
        self.openssl("genpkey", "-algorithm", "ed25519", "-out", str(self.secret))
        public = b"\x01" + self.openssl("pkey", "-in", str(self.secret), "-pubout", "-outform", "DER")[-32:]
        self.id = sha256(name.encode(), b"\n", public)[:4]
        self.key = "%s+%s+%s" % (name, self.id.hex(), encoded(public))

    def openssl(self, *arguments):
        return subprocess.run(["openssl", *arguments], check=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE).stdout

    def add(self, module, version, path):
        with zipfile.ZipFile(path) as archive:
            files = {name: archive.read(name) for name in archive.namelist()}
        go_mod = files["%s@%s/go.mod" % (module, version)]
        self.records["%s@%s" % (module, version)] = "%s %s %s\n%s %s/go.mod %s\n" % (
            module, version, hash1(files), module, version, hash1({"go.mod": go_mod}))

    def hashes(self):
        return [sha256(b"\x00", record.encode()) for record in self.records.values()]

    def tree(self):
        text = "go.sum database tree\n%d\n%s\n" % (len(self.records), encoded(root(self.hashes())))
        note = self.folder / "note"
        note.write_text(text)
        signature = self.openssl("pkeyutl", "-sign", "-rawin", "-inkey", str(self.secret), "-in", str(note))
        return "%s\n\u2014 %s %s\n" % (text, self.name, encoded(self.id + signature))

    def files(self, escape):
        """What a proxy has below `sumdb/`, by its path."""
        found = {"supported": b"", "latest": self.tree().encode(), "tile/8/0/000.p/%d" % len(self.records): b"".join(self.hashes())}
        for number, (name, record) in enumerate(self.records.items()):
            found["lookup/" + escape(name)] = ("%d\n%s\n%s" % (number, record, self.tree())).encode()
        return {"sumdb/%s/%s" % (self.name, path): content for path, content in found.items()}
