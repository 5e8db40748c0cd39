"""buildah, out of Debian, with a store of its own for each user, and no registries or policies but those that a test names. Images are made without anything being run."""
from __future__ import annotations

import json
import pathlib
import subprocess

from ..server import PASSWORD, clean_environment


class Buildah:
    """One user of buildah with one registry, who is signed in or not."""

    def __init__(self, folder, server, repository):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True)
        self.host = "127.0.0.1:%d" % server.port
        self.images = "docker://%s/oci/%s/" % (self.host, repository)
        (self.folder / "registries.conf").write_text("unqualified-search-registries = []\n")
        (self.folder / "policy.json").write_text(json.dumps({"default": [{"type": "insecureAcceptAnything"}]}))

    def run(self, command, *arguments, timeout=120):
        place = str(self.folder)
        environment = clean_environment(HOME=place, XDG_RUNTIME_DIR=place, TMPDIR=place, CONTAINERS_REGISTRIES_CONF=place + "/registries.conf")
        return subprocess.run(
            ["buildah", "--storage-driver", "vfs", "--root", place + "/store", "--runroot", place + "/run", command, *map(str, arguments)],
            cwd=place, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=timeout)

    def reach(self, command, *arguments):
        """A command that asks the registry."""
        sign_in = ["--authfile", self.folder / "auth.json"]
        return self.run(command, "--tls-verify=false", *(sign_in if (self.folder / "auth.json").exists() or command == "login" else []), *arguments)

    def login(self, user="admin", password=PASSWORD):
        return self.reach("login", "--username", user, "--password", password, self.host)

    def make(self, name, text):
        """An image with one file."""
        (self.folder / "file").write_text(text)
        container = self.run("from", "scratch").stdout.strip()
        self.run("copy", container, self.folder / "file", "/file")
        return self.run("commit", "--signature-policy", self.folder / "policy.json", "--rm", container, name)

    def push(self, name, target):
        return self.reach("push", "--signature-policy", self.folder / "policy.json", name, self.images + target)

    def pull(self, target):
        """The image's text, too, in an empty store."""
        return self.reach("pull", "--signature-policy", self.folder / "policy.json", self.images + target)

    def text(self, image):
        container = self.run("from", "--pull-never", "--signature-policy", self.folder / "policy.json", image).stdout.strip()
        mounted = self.run("mount", container).stdout.strip()
        return (pathlib.Path(mounted) / "file").read_text()
