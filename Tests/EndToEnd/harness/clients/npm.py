"""npm, as it is installed on the machine, with a home, a cache and settings of its own."""
from __future__ import annotations

import base64
import io
import json
import os
import pathlib
import pty
import select
import shutil
import subprocess
import tarfile

from ..server import clean_environment


class Npm:
    """One user of npm with one registry."""

    def __init__(self, home, registry, user=None, password=None, token=None, loglevel="http"):
        self.home = pathlib.Path(home)
        self.home.mkdir(parents=True, exist_ok=True)
        place = registry.split(":", 1)[1]       # npm binds credentials to `//host/path/`
        lines = ["registry=" + registry, "audit=false", "fund=false", "update-notifier=false", "loglevel=" + loglevel]
        if token:
            lines.append("%s:_authToken=%s" % (place, token))
        elif user:
            lines.append("%s:_auth=%s" % (place, base64.b64encode(("%s:%s" % (user, password)).encode()).decode()))
        (self.home / ".npmrc").write_text("\n".join(lines) + "\n")

    program = "npm"

    @property
    def command(self):
        program = shutil.which(self.program)
        assert program, "%s is not installed; Scripts/setup.sh installs it" % self.program
        return [program]

    @property
    def environment(self):
        return clean_environment(
            HOME=str(self.home), npm_config_cache=str(self.home / "cache"), NPM_CONFIG_USERCONFIG=str(self.home / ".npmrc"),
            NO_COLOR="1")

    def run(self, *arguments, cwd=None, timeout=60):
        return subprocess.run([*self.command, *arguments], cwd=cwd or self.home, env=self.environment, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=timeout)

    def type(self, arguments, answers):
        """Runs a command that asks at a terminal, and types each answer once its question is shown, behind the answer before.

        Returns the exit code and all that was shown. A command that shows nothing for a minute is ended.
        """
        main, other = pty.openpty()
        process = subprocess.Popen([*self.command, *arguments], cwd=self.home, env=self.environment, stdin=other, stdout=other,
                                   stderr=other, start_new_session=True)
        os.close(other)
        shown, answered, waiting = b"", 0, list(answers)
        try:
            while select.select([main], [], [], 60)[0]:
                try:
                    piece = os.read(main, 4096)
                except OSError:     # Linux says so when the other end is closed.
                    break
                if not piece:
                    break
                shown += piece
                if waiting and waiting[0][0].encode() in shown[answered:].lower():
                    os.write(main, waiting.pop(0)[1].encode() + b"\n")
                    answered = len(shown)
            else:
                process.kill()
            return process.wait(timeout=60), shown.decode(errors="replace")
        finally:
            process.kill()
            os.close(main)

    @property
    def token(self):
        """The key that is kept in the settings."""
        tokens = [line.split("=", 1)[1].strip() for line in (self.home / ".npmrc").read_text().splitlines() if "_authToken" in line]
        return tokens[0] if tokens else None

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


def tarball(name, version):
    """A tarball as npm packs them."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        manifest = json.dumps({"name": name, "version": version}).encode()
        entry = tarfile.TarInfo("package/package.json")
        entry.size = len(manifest)
        archive.addfile(entry, io.BytesIO(manifest))
    return packed.getvalue()
