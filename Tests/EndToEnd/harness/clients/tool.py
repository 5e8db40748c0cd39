"""What all clients have in common: a home of their own, and an outcome."""
from __future__ import annotations

import importlib.metadata
import pathlib
import re
import subprocess
import sys
import tempfile

from ..server import ROOT, clean_environment

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


class Tool:
    """One client. Every run has an empty cache, and an empty home unless it is given one."""

    def __init__(self, name, folder):
        self.name = name
        self.bin = VENVS / name / "bin"
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)

    def fresh(self, prefix):
        return pathlib.Path(tempfile.mkdtemp(prefix=prefix, dir=self.folder))

    def run(self, *arguments, target=None, timeout=180, home=None, folder=None, **environment):
        """Runs the client in `folder` (its home, unless said)."""
        home = home or self.fresh("home-")
        done = subprocess.run(
            list(map(str, arguments)), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            timeout=timeout, cwd=str(folder or home),
            env=clean_environment(**{
                "HOME": str(home), "XDG_CONFIG_HOME": str(home / "config"), "XDG_DATA_HOME": str(home / "data"),
                "XDG_CACHE_HOME": str(self.fresh("cache-")), "PIP_CONFIG_FILE": "/dev/null",
                "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring", "NETRC": str(home / "netrc"),
                **{key: str(value) for key, value in environment.items()}}))
        return Outcome(done, target)

    def environment(self):
        """An empty virtual environment of the interpreter that runs the tests: its folder and its packages' folder."""
        made = self.fresh("env-")
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(made)], check=True)
        return made, next((made / "lib").glob("python3*")) / "site-packages"
