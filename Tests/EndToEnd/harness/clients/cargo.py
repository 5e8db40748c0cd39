"""Cargo, as it is installed on the machine, with a home and settings of its own."""
from __future__ import annotations

import os
import pathlib
import shutil
import subprocess

from ..server import clean_environment


def toolchain():
    """The folder that has cargo and rustc. What a version manager puts in the way looks for its settings at home."""
    program = shutil.which("cargo")
    assert program, "cargo is not installed; Scripts/setup.sh installs it"
    if shutil.which("rustup"):
        found = subprocess.run(["rustup", "which", "cargo"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        program = found.stdout.strip() or program
    return str(pathlib.Path(program).parent)


class Cargo:
    """One user of cargo, who gets all crates from one registry, which is called `save`."""

    def __init__(self, home, registry, token=None):
        self.home = pathlib.Path(home)
        self.registry = registry
        self.token = token
        self.forget()

    def forget(self):
        """Makes an empty home: nothing is fetched, and nobody has signed in."""
        shutil.rmtree(self.home, ignore_errors=True)
        self.home.mkdir(parents=True)
        index = "sparse+" + self.registry
        (self.home / "config.toml").write_text(
            '[registries]\nsave = { index = "%s" }\n'
            '[registry]\nglobal-credential-providers = ["cargo:token"]\n'
            '[source.crates-io]\nreplace-with = "save"\n[source.save]\nregistry = "%s"\n'
            '[net]\nretry = 0\n[term]\ncolor = "never"\n' % (index, index))

    @property
    def environment(self):
        kept = {"CARGO_HOME": str(self.home), "HOME": str(self.home), "PATH": toolchain() + os.pathsep + os.environ["PATH"]}
        if self.token:
            kept["CARGO_REGISTRIES_SAVE_TOKEN"] = self.token
        return {key: value for key, value in clean_environment(**kept).items() if key in kept or not key.startswith(("CARGO", "RUST"))}

    def run(self, *arguments, cwd=None, timeout=120, input=None):
        return subprocess.run(["cargo", *arguments], cwd=cwd or self.home, env=self.environment, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=timeout, input=input or "")

    def ok(self, *arguments, **options):
        done = self.run(*arguments, **options)
        assert done.returncode == 0, "cargo %s:\n%s" % (" ".join(arguments), done.stdout)
        return done.stdout

    def refused(self, *arguments, **options):
        """What cargo prints of something that it cannot do, in one line."""
        done = self.run(*arguments, **options)
        assert done.returncode != 0, "cargo %s:\n%s" % (" ".join(arguments), done.stdout)
        return " ".join(done.stdout.split())

    def publish(self, folder, **options):
        # What is packed is not built first: that is the same with every registry, and takes most of the time.
        return self.ok("publish", "--registry", "save", "--no-verify", "--allow-dirty", cwd=folder, **options)


def crate(folder, name, version, dependencies="", code="pub fn answer() -> u32 { 42 }\n", **package):
    """A library on disk, ready to be built and published."""
    folder = pathlib.Path(folder)
    (folder / "src").mkdir(parents=True, exist_ok=True)
    said = {"description": "for a test", "license": "MIT", **package}
    lines = ['name = "%s"' % name, 'version = "%s"' % version, 'edition = "2021"'] + ['%s = "%s"' % item for item in said.items()]
    (folder / "Cargo.toml").write_text("[package]\n%s\n[dependencies]\n%s\n" % ("\n".join(lines), dependencies))
    (folder / "src" / "lib.rs").write_text(code)
    return folder
