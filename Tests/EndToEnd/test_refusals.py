"""What real clients do and print when something is refused, as they come: the tables of docs/policies.md (Scripts/refusal-table.py
writes them). test_npm_refusals.py has the rows of npm and yarn."""
import hashlib
import os

import pytest

import make_fixtures
from harness import clients
from harness.refusals import Collector, excerpt, sentence
from harness.server import PASSWORD
from harness.upstream import ScriptedUpstream, days_ago

INSTALLERS = ["pip-oldest", "pip-newest", "uv", "poetry1", "poetry2", "pdm"]
PINNED = "too-new==2.0"
FILE = "too_new-2.0-py3-none-any.whl"
# What clients say that are shown no version which they may take.
NO_VERSION = ["no version of", "yanked", "Could not find", "Unable to find installation", "Unable to find a resolution", "Unable to find candidates",
              "No candidate"]


@pytest.fixture(scope="module")
def cells():
    collector = Collector()
    yield collector
    collector.finish()


@pytest.fixture(autouse=True)
def wide(monkeypatch):
    """A terminal in which nothing has to be wrapped."""
    monkeypatch.setenv("COLUMNS", "1000")


@pytest.fixture(scope="module")
def wheels():
    return {version: make_fixtures.wheel("too-new", version) for version in ("1.0", "2.0")}


@pytest.fixture(scope="module")
def index(wheels):
    """An upstream with a version of a month and one of two days."""
    upstream = ScriptedUpstream().add(*wheels.values())
    for version, age in (("1.0", 30), ("2.0", 2)):
        upstream.published[wheels[version].filename] = days_ago(age)
    yield upstream
    upstream.stop()


class Place:
    """A repository in a project of its own, from which the newest file was fetched before anything was refused."""

    def __init__(self, server, repository, match=None, **policy):
        self.repository, self.admin = repository, server.admin
        project = repository.split("/")[0]
        self.path = self.admin.file_path(repository, "too-new", FILE)
        assert self.admin.get(self.path).status_code == 200
        self.url = server.index_url(repository, *server.robot(project, "viewer"))
        body = {"name": "cooldown-7d", "scope": "project:" + project, "action": "deny", "match": {"younger_than": "7d"}, **policy}
        self.policy = self.admin.ok("POST", "/api/v1/policies", json=body).json()["id"] if policy else None

    def refuse(self, refuses):
        self.admin.ok("PATCH", "/api/v1/policies/%d" % self.policy, json={"enabled": refuses})

    @property
    def reason(self):
        answer = self.admin.get(self.path)
        assert answer.status_code == 403 and answer.text == answer.headers["X-Save-Reason"] + "\n"
        return sentence(answer.headers["X-Save-Reason"])


@pytest.fixture(scope="module")
def place(main_server, index):
    made = {}

    def make(project, **policy):
        if project not in made:
            repository = project + "/proxy"
            main_server.create(repository, kind="proxy", remote_url=index.url + "/")
            made[project] = Place(main_server, repository, **policy)
        return made[project]
    return make


@pytest.fixture(scope="module")
def cooled(place):
    return place("cooled", presentation="yanked")


@pytest.fixture(params=INSTALLERS)
def client(request, tool):
    return Consumer(tool(request.param))


class Consumer:
    """One client, whether it keeps projects or puts requirements into a folder."""

    def __init__(self, tool):
        self.tool, self.name = tool, tool.name

    def install(self, url, requirement):
        return self.tool.install(url, requirement) if self.name in clients.INSTALLERS else self.tool.start(url).add(requirement)

    def lock(self, url, folder, wheels):
        """Locks the newest version, and gives what installs from the lock."""
        if self.name in clients.PIPS:
            lock = folder / "requirements.txt"
            lock.write_text("%s --hash=sha256:%s\n" % (PINNED, hashlib.sha256(wheels["2.0"].content).hexdigest()))
            return lambda: self.tool.install(url, "--require-hashes", "-r", lock)
        project = self.tool.start(url)
        project.add(PINNED).must_succeed()
        return project.install_locked


def said(outcome, *words):
    if os.environ.get("SAVE_SHOW_OUTPUT"):
        print(outcome.text)
    assert outcome.status != 0, outcome.text
    return excerpt(outcome.text, *words)


def test_a_pin_is_refused_in_plain_output(cooled, client, cells):
    printed = said(client.install(cooled.url, PINNED), cooled.reason)
    assert printed and "policy cooldown-7d" in printed
    cells.say("pinned", client.name, printed)


def test_what_was_locked_before_is_refused_in_plain_output(place, client, cells, tmp_path, wheels):
    locked = place("locked", presentation="yanked")
    locked.refuse(False)
    install = client.lock(locked.url, tmp_path, wheels)
    locked.refuse(True)
    printed = said(install(), locked.reason)
    assert printed and "policy cooldown-7d" in printed
    cells.say("locked", client.name, printed)


def test_a_cooldown_falls_back_to_the_newest_version_that_is_allowed(cooled, client, cells):
    outcome = client.install(cooled.url, "too-new").must_succeed()
    assert outcome.installed == {"too-new": "1.0"}
    cells.say("unpinned", client.name, excerpt(outcome.text, "Blocked by Save", "yanked"))


def test_a_range_of_refused_versions(cooled, client, cells):
    cells.say("ranged", client.name, said(client.install(cooled.url, "too-new>=2"), cooled.reason, "Ignored the following", *NO_VERSION))


def test_an_omitted_version_is_not_there(place, client, cells):
    omitted = place("omitted", presentation="omit")
    cells.say("omitted", client.name, said(client.install(omitted.url, PINNED), omitted.reason, *NO_VERSION))


def test_a_locked_version_of_a_package_in_quarantine(main_server, client, cells, tmp_path, wheels):
    server, repository = main_server, client.name.replace(".", "-") + "-held/hosted"
    server.create(repository)
    for wheel in wheels.values():
        assert server.admin.upload(repository, wheel).status_code == 200
    held = Place(server, repository)
    install = client.lock(held.url, tmp_path, wheels)
    server.admin.ok("PATCH", "/api/v1/repos/%s/packages/too-new" % repository, json={"attributes": {"project-status": {"status": "quarantined"}}})
    cells.say("quarantined", client.name, said(install(), held.reason, *NO_VERSION))


def test_a_locked_file_on_a_host_that_is_not_allowed(place, client, cells, tmp_path, wheels):
    elsewhere = place("hosts")
    elsewhere.admin.ok("PATCH", "/api/v1/repos/hosts/proxy", json={"allowed_file_hosts": []})
    install = client.lock(elsewhere.url, tmp_path, wheels)
    elsewhere.admin.ok("PATCH", "/api/v1/repos/hosts/proxy", json={"allowed_file_hosts": ["files.example.com"]})
    cells.say("host", client.name, said(install(), elsewhere.reason, *NO_VERSION))


def test_a_wrong_password(main_server, cooled, client, cells):
    url = main_server.index_url(cooled.repository, "somebody", "wrong")
    cells.say("password", client.name, said(client.install(url, PINNED), "401", "403", "uthoriz", "uthenticat", *NO_VERSION))


# -- publishing

@pytest.fixture(params=["twine4", "twine6", "twine7", "uv"])
def publisher(request, tool):
    return tool(request.param)


@pytest.fixture(scope="module")
def hosted(main_server):
    main_server.create("ours/hosted")
    assert main_server.admin.upload("ours/hosted", make_fixtures.wheel("too-new", "1.0")).status_code == 200
    return {role: main_server.robot("ours", role, name=role) for role in ("viewer", "developer")}


@pytest.mark.parametrize("kind, role, word", [("reader", "viewer", "you may not upload"), ("taken", "developer", "File already exists")])
def test_a_refused_upload(main_server, hosted, publisher, cells, tmp_path, kind, role, word):
    wheel = make_fixtures.wheel("too-new", "1.0", payload=b"other").write(tmp_path)
    name = {"uv": "uv publish"}.get(publisher.name, publisher.name)
    printed = said(publisher.publish(main_server.url + "/pypi/ours/hosted/", *hosted[role], wheel), word)
    assert printed
    cells.say(kind, name, printed)
