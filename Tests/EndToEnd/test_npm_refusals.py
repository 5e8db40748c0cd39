"""What npm and yarn do and print when something is refused, as they come: their rows of the tables in docs/policies.md."""
import base64
import hashlib
import json
import os
import shutil
import subprocess

import pytest

from harness import plugins
from harness.clients.npm import Npm, package, tarball
from harness.clients.yarn import Yarn
from harness.refusals import Collector, excerpt, sentence
from harness.server import Server
from harness.upstream import ScriptedUpstream, days_ago

PINNED = "too-new@2.0.0"
PATH = "/npm/%s/too-new/-/too-new-2.0.0.tgz"


@pytest.fixture(scope="module")
def main_server(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("npm") / "data", SAVE_PLUGINS=str(plugins.shared("Npm"))).start()
    yield server
    assert server.stop() == 0, server.log_tail()


@pytest.fixture(autouse=True)
def wide(monkeypatch):
    """A terminal in which nothing has to be wrapped."""
    monkeypatch.setenv("COLUMNS", "1000")


@pytest.fixture(scope="module")
def cells():
    version = subprocess.run(["npm", "--version"], stdout=subprocess.PIPE, text=True, check=True).stdout
    collector = Collector(strangers=[] if version.startswith("10.") else ["npm", "npm publish"])
    yield collector
    collector.finish()


def offer(upstream, name, versions):
    """Has a registry offer versions of a package, each so many days old."""
    files = {version: tarball(name, version) for version in versions}
    for version, content in files.items():
        upstream.static["/%s/-/%s-%s.tgz" % (name, name, version)] = ("application/octet-stream", content)
    document = {
        "name": name, "dist-tags": {"latest": list(versions)[-1]}, "time": {version: days_ago(age) for version, age in versions.items()},
        "versions": {version: {"name": name, "version": version, "dist": {
            "tarball": "%s/%s/-/%s-%s.tgz" % (upstream.url, name, name, version),
            "integrity": "sha512-" + base64.b64encode(hashlib.sha512(content).digest()).decode()}} for version, content in files.items()}}
    upstream.static["/" + name] = ("application/json", json.dumps(document).encode())


@pytest.fixture(scope="module")
def registry():
    upstream = ScriptedUpstream()
    offer(upstream, "too-new", {"1.0.0": 30, "2.0.0": 2})
    yield upstream
    upstream.stop()


@pytest.fixture(scope="module")
def place(main_server, registry):
    """Makes a proxy in a project of its own, with the newest file fetched before anything was refused, and gives its policy."""
    made = {}

    def make(project, **policy):
        if project not in made:
            main_server.create(project + "/proxy", format="npm", kind="proxy", remote_url=registry.url + "/")
            assert main_server.admin.get(PATH % (project + "/proxy")).status_code == 200
            body = {"name": "cooldown-7d", "scope": "project:" + project, "action": "deny", "match": {"younger_than": "7d"}, **policy}
            made[project] = main_server.admin.ok("POST", "/api/v1/policies", json=body).json()["id"], main_server.robot(project, "viewer")[1]
        return made[project]
    return make


def reason(server, project):
    answer = server.admin.get(PATH % (project + "/proxy"))
    assert answer.status_code == 403 and answer.json()["error"] == answer.headers["X-Save-Reason"]
    return sentence(answer.headers["X-Save-Reason"])


class Consumer:
    """npm or yarn in a project of its own."""

    def __init__(self, name, folder, registry, token):
        self.name, self.project = name, package(folder / "project", "consumer", "1.0.0")
        options = {"token": token, "loglevel": "notice"}
        self.tool = Npm(folder / name, registry, **options) if name == "npm" else Yarn(
            folder / name, registry, version=int(name[4:]), **options)
        if name != "npm":
            self.tool.project(self.project)

    def add(self, requirement):
        return self.tool.run("install" if self.name == "npm" else "add", requirement, cwd=self.project)

    def from_lock(self):
        """Installs from the lock alone, with nothing at hand."""
        for folder in (self.project / "node_modules", self.project / ".yarn", self.tool.home / "yarn-cache", self.tool.home / ".yarn",
                       self.tool.home / "cache"):
            shutil.rmtree(folder, ignore_errors=True)
        return self.tool.run(*{"npm": ["ci"], "yarn1": ["install", "--frozen-lockfile"], "yarn3": ["install", "--immutable"]}[self.name],
                             cwd=self.project)

    @property
    def installed(self):
        return json.loads((self.project / "node_modules" / "too-new" / "package.json").read_text())["version"]


@pytest.fixture(params=["npm", "yarn1", "yarn3"])
def client(request, main_server, tmp_path):
    return lambda project, token: Consumer(request.param, tmp_path, "%s/npm/%s/proxy/" % (main_server.url, project), token)


def text(done):
    if os.environ.get("SAVE_SHOW_OUTPUT"):
        print(done.stdout + done.stderr)
    return done.stdout + done.stderr


def said(done, *words):
    assert done.returncode != 0, text(done)
    return excerpt(text(done), *words)


def test_a_pin_is_refused_in_plain_output(main_server, place, client, cells):
    chosen = client("cooled", place("cooled")[1])
    printed = said(chosen.add(PINNED), "Response Code: 403", reason(main_server, "cooled"))
    assert printed and "policy cooldown-7d" in printed
    cells.say("pinned", chosen.name, printed)


def test_what_was_locked_before_is_refused_in_plain_output(main_server, place, client, cells):
    number, key = place("locked")
    chosen = client("locked", key)
    main_server.admin.ok("PATCH", "/api/v1/policies/%d" % number, json={"enabled": False})
    done = chosen.add(PINNED)
    assert done.returncode == 0 and chosen.installed == "2.0.0", text(done)
    main_server.admin.ok("PATCH", "/api/v1/policies/%d" % number, json={"enabled": True})
    printed = said(chosen.from_lock(), "Response Code: 403", reason(main_server, "locked"), "403")
    # yarn 1 looks at no page when it has a lock file, and prints nothing of an answer but its status.
    assert "policy cooldown-7d" in printed or chosen.name == "yarn1" and "403" in printed, printed
    cells.say("locked", chosen.name, printed)


def test_a_cooldown_falls_back_to_the_newest_version_that_is_allowed(place, client, cells):
    chosen = client("cooled", place("cooled")[1])
    done = chosen.add("too-new")
    assert done.returncode == 0 and chosen.installed == "1.0.0", text(done)
    cells.say("unpinned", chosen.name, excerpt(text(done), "Blocked by Save", "deprecated"))


def test_a_range_of_refused_versions(main_server, place, client, cells):
    chosen = client("cooled", place("cooled")[1])
    cells.say("ranged", chosen.name, said(chosen.add("too-new@>=2"), "Response Code: 403", reason(main_server, "cooled"), "No matching", "No candidates"))


def test_an_omitted_version_is_not_there(main_server, place, client, cells):
    chosen = client("omitted", place("omitted", presentation="omit")[1])
    cells.say("omitted", chosen.name, said(
        chosen.add(PINNED), reason(main_server, "omitted"), "403", "No matching", "Couldn't find any", "No candidates"))


def test_a_wrong_password(place, client, cells):
    place("cooled")
    chosen = client("cooled", "sav_wrong")
    cells.say("password", chosen.name, said(chosen.add(PINNED), "credentials are not valid", "uthentication"))


@pytest.mark.parametrize("kind, role, word", [("reader", "viewer", "you may not upload"), ("taken", "developer", "File already exists")])
def test_a_refused_publish(main_server, cells, tmp_path, kind, role, word):
    project = "ours-" + kind
    main_server.create(project + "/hosted", format="npm")
    url = "%s/npm/%s/hosted/" % (main_server.url, project)
    owner = Npm(tmp_path / "owner", url, token=main_server.robot(project, "developer", name="owner")[1], loglevel="notice")
    owner.ok("publish", cwd=package(tmp_path / "one", "too-new", "1.0.0"))
    other = Npm(tmp_path / "other", url, token=main_server.robot(project, role)[1], loglevel="notice")
    done = other.run("publish", cwd=package(tmp_path / "two", "too-new", "1.0.0", "module.exports = 'other'\n"))
    cells.say(kind, "npm publish", said(done, word))
