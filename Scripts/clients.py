#!/usr/bin/env python3
"""Virtual environments for the end-to-end tests, one for each file in Tests/EndToEnd/clients.

    Scripts/clients.py [NAME ...]

An environment lives in .build/venvs/NAME-HASH, where the hash covers the requirement list and the interpreter, and
.build/venvs/NAME points to it; it is made once and again only when the list changes. A list that begins with `# alone` is installed
without what its packages depend on. Everything is installed by the
interpreter's own pip from the index that this machine's pip uses.
"""
import concurrent.futures
import hashlib
import os
import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
LISTS = ROOT / "Tests" / "EndToEnd" / "clients"
VENVS = ROOT / ".build" / "venvs"


class Unavailable(Exception):
    """A sentence for the person who asked."""


def run(*command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0:
        raise Unavailable("`%s` failed:\n%s" % (" ".join(map(str, command)), done.stdout[-2000:]))


def environment(requirements):
    """The folder of the environment that holds `requirements`, made now unless it is there already."""
    name = requirements.stem
    key = hashlib.sha256(requirements.read_bytes() + sys.version.encode() + sys.executable.encode()).hexdigest()[:12]
    folder = VENVS / ("%s-%s" % (name, key))
    complete = folder / ".complete"
    if not complete.exists():
        shutil.rmtree(folder, ignore_errors=True)
        run(sys.executable, "-m", "venv", str(folder))
        run(str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
            *(["--no-deps"] if requirements.read_text().startswith("# alone") else []), "--requirement", str(requirements))
        complete.touch()
    link = VENVS / name
    if not link.is_symlink() or os.readlink(link) != folder.name:
        fresh = VENVS / (".%s-%d" % (name, os.getpid()))
        fresh.symlink_to(folder.name)
        os.replace(fresh, link)
    return folder


def main(names):
    VENVS.mkdir(parents=True, exist_ok=True)
    lists = sorted(LISTS.glob("*.txt"))
    known = {path.stem for path in lists}
    for name in names:
        if name not in known:
            raise Unavailable("no client is named %s; there are %s" % (name, ", ".join(sorted(known))))
    chosen = [path for path in lists if not names or path.stem in names]
    # Downloads and byte compiling overlap; more than four at once only compete for two cores.
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        for path, folder in zip(chosen, pool.map(environment, chosen)):
            print("%-11s %s" % (path.stem, folder))


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except Unavailable as problem:
        sys.exit("clients: %s" % problem)
