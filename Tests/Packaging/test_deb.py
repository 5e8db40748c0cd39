#!/usr/bin/env python3
"""The Debian package in a tree of debootstrap: installed, used with pip, upgraded, removed and purged. Root runs it.

    Tests/Packaging/test_deb.py [--build .build/release]

The tree has Debian's own packages and nothing of the machine that built the server, no Swift above all. Nothing in it is started but the
server, which listens on 127.0.0.1.
"""
import argparse
import contextlib
import filecmp
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "Tests" / "Fixtures"))
import make_fixtures  # noqa: E402

MAX_INSTALLED = 45_000
MAX_EXPOSURE = 2.0


def run(*command, **options):
    done = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)
    if done.returncode:
        sys.exit("test_deb: %s: %s\n%s" % (" ".join(map(str, command)), done.returncode, done.stdout[-3000:]))
    return done.stdout


def check(is_true, what):
    if not is_true:
        sys.exit("test_deb: FAILED: " + what)
    print("test_deb: " + what, flush=True)


def built(output, build, **environment):
    return pathlib.Path(run(ROOT / "Scripts" / "deb.sh", "--build", build, "--output", output, env=dict(os.environ, **environment)).strip())


def field(package, name):
    return run("dpkg-deb", "--field", package, name).strip()


class Tree:
    """A Debian of its own."""

    def __init__(self, folder):
        self.root = folder / "debian"
        mirror = run("apt-get", "indextargets", "--format", "$(REPO_URI)").split()[0]
        run("debootstrap", "--variant=minbase", "--include=adduser,ca-certificates", "bookworm", self.root, mirror)
        (self.root / "usr/sbin/policy-rc.d").write_text("#!/bin/sh\nexit 101\n")
        (self.root / "usr/sbin/policy-rc.d").chmod(0o755)
        for configuration in ("apt/apt.conf.d", "apt/sources.list", "resolv.conf", "hosts"):
            source, target = pathlib.Path("/etc") / configuration, self.root / "etc" / configuration
            if source.is_dir():
                shutil.copytree(source, target, dirs_exist_ok=True)
            elif source.exists():
                shutil.copy(source, target)
        run("mount", "-t", "proc", "proc", self.root / "proc")

    def end(self):
        subprocess.run(["umount", str(self.root / "proc")])

    def run(self, *command):
        return run("chroot", self.root, "env", "DEBIAN_FRONTEND=noninteractive", "LC_ALL=C.UTF-8", *command)

    def install(self, package):
        shutil.copy(package, self.root / "tmp" / package.name)
        self.run("apt-get", "install", "-y", "-q", "--no-install-recommends", "/tmp/" + package.name)

    def exists(self, path):
        return (self.root / path.lstrip("/")).exists()


@contextlib.contextmanager
def serving(tree):
    """The server as its unit starts it, but for the sandbox of systemd; its URL."""
    listen = tree.root / "var/lib/save/listen"
    listen.unlink(missing_ok=True)
    process = subprocess.Popen(["chroot", "--userspec=save:save", str(tree.root), "env", "SAVE_LISTEN=127.0.0.1:0", "SAVE_DRAIN_DELAY=0",
                                "/usr/bin/save-server", "serve", "--config", "/etc/save/save.conf"], stdout=subprocess.DEVNULL,
                               stderr=subprocess.PIPE, text=True)
    try:
        for _ in range(600):
            if listen.exists() and re.search(r":\d+", listen.read_text()):
                break
            if process.poll() is not None:
                sys.exit("test_deb: the server does not start: " + process.stderr.read()[-2000:])
            time.sleep(0.05)
        yield re.search(r"http://\S+?:\d+", listen.read_text())[0].replace("0.0.0.0", "127.0.0.1")
    finally:
        process.terminate()
        status = process.wait(60)
    check(status == 0, "the server ends with 0")


@contextlib.contextmanager
def contained(tree, package):
    """What the Containerfile makes, its steps run in the tree: the server as the image's command starts it; its URL."""
    steps = re.sub(r"\\\n\s*", " ", (ROOT / "Containerfile").read_text())
    settings = []
    for word, rest in re.findall(r"^([A-Z]+) (.*)$", steps, re.M):
        if word == "COPY":
            shutil.copy(package, tree.root / "tmp" / package.name)
        elif word == "RUN":
            tree.run("sh", "-ec", rest)
        elif word == "ENV":
            settings.append(rest)
    user = re.search(r"^USER (\w+)$", steps, re.M)[1]
    command = [word for name in ("ENTRYPOINT", "CMD") for word in json.loads(re.search(r"^%s (\[.*\])$" % name, steps, re.M)[1])]
    listen = tree.root / "var/lib/save/listen"
    process = subprocess.Popen(["chroot", "--userspec=%s:%s" % (user, user), str(tree.root), "env", *settings, "SAVE_LISTEN=127.0.0.1:0", *command],
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        while not (listen.exists() and re.search(r":\d+", listen.read_text())):
            if process.poll() is not None:
                sys.exit("test_deb: the command of the image ended with %d" % process.returncode)
            time.sleep(0.05)
        yield re.search(r"http://\S+?:\d+", listen.read_text())[0]
    finally:
        process.terminate()
        process.wait(60)


def publish(url, password):
    manager = urllib.request.HTTPPasswordMgrWithPriorAuth()
    manager.add_password(None, url, "admin", password, is_authenticated=True)
    opener = urllib.request.build_opener(urllib.request.HTTPBasicAuthHandler(manager))
    for path, body in (("projects", {"name": "team"}),
                       ("repos", {"project": "team", "name": "pypi", "format": "pypi", "repository_type": "hosted", "anonymous_read": True})):
        opener.open(urllib.request.Request(url + "/api/v1/" + path, json.dumps(body).encode(), {"Content-Type": "application/json"}))
    wheel = make_fixtures.wheel("acme-lib", "1.0")
    opener.open(urllib.request.Request("%s/pypi/team/pypi/packages/acme-lib/%s" % (url, wheel.filename), wheel.content, method="PUT"))


def install_with_pip(url, folder):
    shutil.rmtree(folder, ignore_errors=True)
    run(sys.executable, "-m", "venv", folder)
    run(folder / "bin" / "pip", "install", "-q", "--no-cache-dir", "--index-url", url + "/pypi/team/pypi/simple/", "acme-lib")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / ".build" / "release")
    options = parser.parse_args()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="deb-"))
    tree = None
    try:
        package = built(folder / "one", options.build)
        again = built(folder / "two", options.build)
        check(filecmp.cmp(package, again, shallow=False), "two builds of the package have the same bytes")
        size = int(field(package, "Installed-Size"))
        check(size <= MAX_INSTALLED, "%d kB installed, at most %d; the package has %d kB" % (size, MAX_INSTALLED, package.stat().st_size // 1000))
        unit = ROOT / "Scripts" / "debian" / "save-server.service"
        exposure = run("systemd-analyze", "security", "--offline=true", "--no-pager", unit)
        exposure = float(re.search(r"Overall exposure level for \S+: ([0-9.]+)", exposure)[1])
        check(exposure <= MAX_EXPOSURE, "systemd-analyze security: %.1f, at most %.1f" % (exposure, MAX_EXPOSURE))

        tree = Tree(folder)
        tree.install(package)
        check("not found" not in tree.run("ldd", "/usr/bin/save-server"), "every library is there, without a Swift toolchain")
        tree.run("save-server", "check", "--config", "/etc/save/save.conf")
        with serving(tree) as url:
            password = (tree.root / "var/lib/save/initial-admin-password").read_text().strip()
            publish(url, password)
            install_with_pip(url, folder / "venv")
            check(True, "pip installs what was published")

        later = folder / "three"
        newer = built(later, options.build, DEB_VERSION=field(package, "Version") + "+1")
        tree.install(newer)
        check(field(newer, "Version") in tree.run("dpkg-query", "--show", "save-server"), "a newer version is installed over it")
        with serving(tree) as url:
            install_with_pip(url, folder / "venv")
            check(True, "what was published is there after the upgrade")

        tree.run("apt-get", "remove", "-y", "-q", "save-server")
        check(not tree.exists("/usr/bin/save-server") and not tree.exists("/usr/lib/save-server"), "removed, nothing of the program is left")
        check(tree.exists("/var/lib/save/save.db") and tree.exists("/etc/save/save.conf"), "removed, the data and the configuration stay")
        tree.run("apt-get", "purge", "-y", "-q", "save-server")
        check(not any(map(tree.exists, ("/var/lib/save", "/etc/save", "/var/log/save"))), "purged, nothing is left")
        check(subprocess.run(["chroot", str(tree.root), "getent", "passwd", "save"], stdout=subprocess.DEVNULL).returncode != 0,
              "purged, its user is gone")
        with contained(tree, package) as url:
            with urllib.request.urlopen(url + "/health") as answer:
                check(answer.status == 200, "the steps of the Containerfile make an image whose command serves")
    finally:
        if tree:
            tree.end()
        shutil.rmtree(folder, ignore_errors=True)
    print("test_deb: passed")


if __name__ == "__main__":
    main()
