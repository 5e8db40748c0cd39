"""The real clients, each with a fresh cache and none of this machine's configuration."""
from __future__ import annotations

import importlib.metadata
import pathlib
import re
import subprocess
import sys
import tempfile

from .server import ROOT, clean_environment

VENVS = ROOT / ".build" / "venvs"


def canonical(name):
    return re.sub(r"[-_.]+", "-", name).lower()


class Outcome:
    """A client's exit status, what it said (for a failure's message only; never asserted), and what it installed."""

    def __init__(self, process, target=None):
        self.status = process.returncode
        self.text = process.stdout
        self.target = target

    @property
    def installed(self):
        found = importlib.metadata.distributions(path=[str(self.target)])
        return {canonical(item.metadata["Name"]): item.version for item in found}

    def must_succeed(self):
        assert self.status == 0, self.text[-3000:]
        return self


class _Tool:
    def __init__(self, name, folder):
        self.name = name
        self.bin = VENVS / name / "bin"
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)

    def fresh(self, prefix):
        return pathlib.Path(tempfile.mkdtemp(prefix=prefix, dir=self.folder))

    def run(self, *arguments, target=None, timeout=180, **environment):
        home = self.fresh("home-")
        done = subprocess.run(
            list(map(str, arguments)), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            timeout=timeout, cwd=str(home),
            env=clean_environment(
                HOME=str(home), XDG_CONFIG_HOME=str(home), XDG_CACHE_HOME=str(home / "cache"), PIP_CONFIG_FILE="/dev/null",
                PYTHON_KEYRING_BACKEND="keyring.backends.null.Keyring", NETRC=str(home / "netrc"), **environment))
        return Outcome(done, target)


class Pip(_Tool):
    def install(self, index_url, *requirements, **options):
        target = self.fresh("target-")
        return self.run(self.bin / "python", "-m", "pip", "--no-cache-dir", "--disable-pip-version-check", "--no-input",
                        "--timeout", "15", "--retries", "0", "install", "--target", target, "--index-url", index_url,
                        *requirements, target=target, **options)


class Uv(_Tool):
    def __init__(self, folder):
        super().__init__("uv", folder)

    def install(self, index_url, *requirements, **options):
        target = self.fresh("target-")
        return self.run(self.bin / "uv", "pip", "install", "--no-cache", "--no-config", "--target", target, "--python", sys.executable,
                        "--index-url", index_url, *requirements, target=target, UV_PYTHON_DOWNLOADS="never", UV_HTTP_RETRIES="0",
                        **options)

    def publish(self, url, user, password, *files, **options):
        return self.run(self.bin / "uv", "publish", "--no-cache", "--no-config", "--trusted-publishing", "never", "--publish-url", url,
                        "--username", user, "--password", password, *files, UV_HTTP_RETRIES="0", **options)


class Twine(_Tool):
    def publish(self, url, user, password, *files, **options):
        settings = self.fresh("settings-") / "pypirc"
        settings.write_text("[distutils]\nindex-servers = save\n[save]\nrepository = %s\nusername = %s\npassword = %s\n"
                            % (url, user, password))
        return self.run(self.bin / "twine", "upload", "--non-interactive", "--disable-progress-bar", "--config-file", settings,
                        "-r", "save", *files, **options)
