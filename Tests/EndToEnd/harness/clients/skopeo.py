"""skopeo, out of Debian, with no registries, credentials or policies but those that a test names; and images for it, as OCI layouts."""
from __future__ import annotations

import gzip
import hashlib
import io
import json
import pathlib
import subprocess
import tarfile
import tempfile

from ..server import PASSWORD, clean_environment

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"


def digest(content, algorithm="sha256"):
    return "%s:%s" % (algorithm, hashlib.new(algorithm, content).hexdigest())


def descriptor(content, media_type, **members):
    return dict(mediaType=media_type, digest=digest(content), size=len(content), **members)


def document(value):
    return json.dumps(value, separators=(",", ":")).encode()


class Image:
    """An image of some layers, or an index of some images."""

    def __init__(self, *texts, architecture="amd64", **members):
        layers, ids = [], []
        for number, text in enumerate(texts or ("text",)):
            plain = io.BytesIO()
            with tarfile.open(fileobj=plain, mode="w") as archive:
                content = text if isinstance(text, bytes) else text.encode()
                entry = tarfile.TarInfo("file-%d" % number)
                entry.size = len(content)
                archive.addfile(entry, io.BytesIO(content))
            ids.append(digest(plain.getvalue()))
            layers.append(gzip.compress(plain.getvalue(), 1, mtime=0))
        self.layers = layers
        self.config = document({"architecture": architecture, "os": "linux", "rootfs": {"type": "layers", "diff_ids": ids}})
        self.manifest = document(dict(
            schemaVersion=2, mediaType=MANIFEST, config=descriptor(self.config, CONFIG),
            layers=[descriptor(layer, LAYER) for layer in layers], **members))
        self.type, self.images, self.architecture = MANIFEST, [], architecture

    @classmethod
    def index(cls, *images):
        index = cls()
        index.layers, index.images, index.type = [], list(images), INDEX
        index.manifest = document({"schemaVersion": 2, "mediaType": INDEX, "manifests": [
            descriptor(image.manifest, image.type, platform={"architecture": image.architecture, "os": "linux"}) for image in images]})
        return index

    @property
    def digest(self):
        return digest(self.manifest)

    @property
    def blobs(self):
        """All that is no manifest."""
        own = [] if self.images else [self.config, *self.layers]
        return own + [blob for image in self.images for blob in image.blobs]

    def write(self, folder, tag="latest"):
        """The folder as an OCI layout (image-spec, image-layout.md)."""
        folder = pathlib.Path(folder)
        place = folder / "blobs" / "sha256"
        place.mkdir(parents=True)
        for content in [*self.blobs, self.manifest, *(image.manifest for image in self.images)]:
            (place / digest(content).partition(":")[2]).write_bytes(content)
        (folder / "oci-layout").write_text('{"imageLayoutVersion":"1.0.0"}')
        (folder / "index.json").write_bytes(document({"schemaVersion": 2, "manifests": [
            descriptor(self.manifest, self.type, annotations={"org.opencontainers.image.ref.name": tag})]}))
        return "oci:%s:%s" % (folder, tag)


def contents(folder):
    """The blobs of a layout by their digests, each checked."""
    found = {}
    for path in (pathlib.Path(folder) / "blobs" / "sha256").iterdir():
        found["sha256:" + path.name] = path.read_bytes()
        assert digest(found["sha256:" + path.name]) == "sha256:" + path.name
    return found


class Skopeo:
    """One user of skopeo with one registry."""

    def __init__(self, folder, server, repository, user="admin", password=PASSWORD):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.images = "docker://127.0.0.1:%d/oci/%s/" % (server.port, repository)
        self.credentials = "%s:%s" % (user, password) if user else None

    def run(self, command, *arguments, timeout=120):
        home = tempfile.mkdtemp(prefix="skopeo-", dir=self.folder)
        environment = clean_environment(HOME=home, XDG_RUNTIME_DIR=home, REGISTRY_AUTH_FILE=home + "/none.json", TMPDIR=home)
        return subprocess.run(
            ["skopeo", "--insecure-policy", "--registries.d", home, command, *map(str, arguments)], cwd=home, env=environment,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=timeout)

    def options(self, side=""):
        sign_in = ["--%screds" % side, self.credentials] if self.credentials else ["--%sno-creds" % side]
        return ["--%stls-verify=false" % side, *sign_in]

    def push(self, source, name, *options):
        return self.run("copy", "--preserve-digests", *options, *self.options("dest-"), source, self.images + name)

    def pull(self, name, folder, *options):
        return self.run("copy", "--preserve-digests", *options, *self.options("src-"), self.images + name, "oci:%s:pulled" % folder)

    def inspect(self, name, *options):
        return self.run("inspect", *options, *self.options(), self.images + name)

    def tags(self, name):
        return json.loads(ok(self.run("list-tags", *self.options(), self.images + name)))["Tags"]

    def delete(self, name):
        return self.run("delete", *self.options(), self.images + name)


def ok(done):
    assert done.returncode == 0, "%s:\n%s\n%s" % (done.args, done.stdout, done.stderr)
    return done.stdout


def fails(done):
    assert done.returncode != 0, "%s:\n%s" % (done.args, done.stdout)
    return done.stderr
