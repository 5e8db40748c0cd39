"""npm, as it is installed on the machine, with a home, a cache and settings of its own."""
from __future__ import annotations

import base64
import json
import os
import pathlib
import shutil
import subprocess

from ..server import clean_environment


class Npm:
    """One user of npm with one registry."""

    def __init__(self, home, registry, user=None, password=None, token=None):
        self.home = pathlib.Path(home)
        self.home.mkdir(parents=True, exist_ok=True)
        place = registry.split(":", 1)[1]       # npm binds credentials to `//host/path/`
        lines = ["registry=" + registry, "audit=false", "fund=false", "update-notifier=false", "loglevel=http"]
        if token:
            lines.append("%s:_authToken=%s" % (place, token))
        elif user:
            lines.append("%s:_auth=%s" % (place, base64.b64encode(("%s:%s" % (user, password)).encode()).decode()))
        (self.home / ".npmrc").write_text("\n".join(lines) + "\n")

    def run(self, *arguments, cwd=None, timeout=60):
        npm = shutil.which("npm")
        assert npm, "npm is not installed; Scripts/setup.sh installs it"
        environment = clean_environment(
            HOME=str(self.home), npm_config_cache=str(self.home / "cache"), NPM_CONFIG_USERCONFIG=str(self.home / ".npmrc"),
            NO_COLOR="1")
        return subprocess.run([npm, *arguments], cwd=cwd or self.home, env=environment, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=timeout)

    def ok(self, *arguments, **options):
        done = self.run(*arguments, **options)
        assert done.returncode == 0, "npm %s:\n%s\n%s" % (" ".join(arguments), done.stdout, done.stderr)
        return done.stdout

    def json(self, *arguments, **options):
        return json.loads(self.ok(*arguments, "--json", **options))


def package(folder, name, version, content="module.exports = 1\n", **manifest):
    """A package on disk, ready to be published."""
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "package.json").write_text(json.dumps(dict({"name": name, "version": version, "main": "index.js"}, **manifest)))
    (folder / "index.js").write_text(content)
    return folder
