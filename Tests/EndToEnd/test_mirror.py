"""bandersnatch mirrors repositories: what is there, and what comes later."""
import hashlib
import subprocess

import pytest

import make_fixtures
from harness import clients

CONFIGURATION = """[mirror]
directory = %(folder)s
master = %(master)s
allow-non-https = true
api-method = simple
json = false
release-files = true
simple-format = ALL
storage-backend = filesystem
timeout = 30
workers = 2
stop-on-error = false
verifiers = 2
compare-method = hash
"""


class Mirror:
    """A folder that bandersnatch fills from one repository."""

    def __init__(self, folder, master):
        self.folder = folder / "mirror"
        self.settings = folder / "bandersnatch.conf"
        self.folder.mkdir()
        self.settings.write_text(CONFIGURATION % {"folder": self.folder, "master": master})

    def run(self):
        """What it said; it must succeed."""
        program = clients.VENVS / "bandersnatch" / "bin" / "bandersnatch"
        assert program.exists(), "%s is missing (Scripts/clients.py makes it)" % program
        done = subprocess.run([str(program), "-c", str(self.settings), "mirror"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=250)
        assert done.returncode == 0, done.stdout
        return done.stdout

    @property
    def files(self):
        """The digest of each distribution, by its name."""
        return {path.name: hashlib.sha256(path.read_bytes()).hexdigest()
                for path in (self.folder / "web").rglob("*") if path.suffix in (".whl", ".gz")}

    @property
    def serial(self):
        return int((self.folder / "status").read_text())


def files(*items):
    return {item.filename: item.sha256 for item in items}


FIRST = [make_fixtures.wheel("plain", "1.0"), make_fixtures.sdist("source-only", "0.3")]


@pytest.fixture
def hosted(server, repository):
    server.create(repository + "/hosted", anonymous_read=True)
    for item in FIRST:
        assert server.admin.upload(repository + "/hosted", item).status_code == 200
    return repository


def test_a_mirror_gets_what_is_hosted_and_then_what_is_new(server, hosted, tmp_path):
    mirror = Mirror(tmp_path, "%s/pypi/%s/hosted" % (server.url, hosted))
    mirror.run()
    assert mirror.files == files(*FIRST)
    before = mirror.serial
    assert "0 packages to sync" in mirror.run() and mirror.serial == before
    later = make_fixtures.wheel("plain", "1.1")
    assert server.admin.upload(hosted + "/hosted", later).status_code == 200
    assert "1 packages to sync" in mirror.run()
    assert mirror.files == files(*FIRST, later) and mirror.serial > before
    page = (mirror.folder / "web" / "simple" / "plain" / "index.html").read_text()
    assert later.filename in page and FIRST[0].filename in page, page


def test_a_mirror_of_a_group_gets_what_is_new_in_each_member_and_what_comes_with_a_new_one(server, hosted, tmp_path):
    server.create(hosted + "/other", anonymous_read=True)
    server.create(hosted + "/third", anonymous_read=True)
    third = make_fixtures.wheel("camel-case", "1.0")
    assert server.admin.upload(hosted + "/third", third).status_code == 200
    other = make_fixtures.wheel("other", "1.0")
    assert server.admin.upload(hosted + "/other", other).status_code == 200
    server.create(hosted + "/all", kind="group", members=[hosted + "/hosted", hosted + "/other"], anonymous_read=True)
    mirror = Mirror(tmp_path, "%s/pypi/%s/all" % (server.url, hosted))
    mirror.run()
    assert mirror.files == files(*FIRST, other)
    # The member whose own number is the smaller one.
    later = make_fixtures.wheel("plain", "1.1")
    assert server.admin.upload(hosted + "/hosted", later).status_code == 200
    mirror.run()
    assert mirror.files == files(*FIRST, other, later)
    # What was published long ago is new to those who see it through the group.
    server.admin.ok("PATCH", "/api/v1/repos/%s/all" % hosted,
                    json={"members": [hosted + "/" + name for name in ("hosted", "other", "third")]})
    mirror.run()
    assert mirror.files == files(*FIRST, other, later, third)


def numbers(server, repository):
    """The number of each package in the root index, and what the index says of itself."""
    root = server.admin.get("/pypi/%s/simple/" % repository, headers={"Accept": "application/vnd.pypi.simple.v1+json"})
    assert root.headers.get("X-PyPI-Last-Serial") == (str(root.json()["meta"]["_last-serial"]) if "_last-serial" in root.json()["meta"] else None)
    return {project["name"]: project.get("_last-serial") for project in root.json()["projects"]}, root.json()["meta"].get("_last-serial")


def test_a_page_that_does_not_change_keeps_its_bytes_and_each_change_has_a_larger_number(server, hosted):
    def page(name):
        answer = server.admin.page(hosted + "/hosted", name)
        assert answer.headers["X-PyPI-Last-Serial"] == str(answer.json()["meta"]["_last-serial"])
        legacy = server.admin.get("/pypi/%s/hosted/pypi/%s/json" % (hosted, name))
        assert legacy.headers["X-PyPI-Last-Serial"] == answer.headers["X-PyPI-Last-Serial"] == str(legacy.json()["last_serial"])
        assert all(file["url"].startswith("%s/packages/pypi/%s/hosted/packages/%s/" % (server.url, hosted, name)) for file in legacy.json()["urls"])
        for file in legacy.json()["urls"]:
            content = server.admin.get(file["url"].removeprefix(server.url), allow_redirects=True).content
            assert hashlib.sha256(content).hexdigest() == file["digests"]["sha256"]
        return answer.headers["ETag"], answer.json()["meta"]["_last-serial"]

    other, plain = page("source-only"), page("plain")
    seen = max(numbers(server, hosted + "/hosted")[0].values())
    assert numbers(server, hosted + "/hosted")[1] == seen
    file = "/pypi/%s/hosted/packages/plain/%s" % (hosted, FIRST[0].filename)
    for change in (lambda: server.admin.upload(hosted + "/hosted", make_fixtures.wheel("plain", "1.1")),
                   lambda: server.admin.put("/api/v1/repos/%s/hosted/packages/plain/versions/1.1/yank" % hosted, json={"reason": "broken"}),
                   lambda: server.admin.delete(file)):
        answer = change()
        assert answer.status_code in (200, 201, 204), (answer.status_code, answer.text)
        (etag, number), (packages, whole) = page("plain"), numbers(server, hosted + "/hosted")
        assert number == packages["plain"] == whole > seen and etag != plain[0]
        seen = number
    assert page("source-only") == other


def test_a_proxy_passes_its_upstreams_numbers_on_and_a_group_does_where_there_is_one_count(server, new_server, hosted):
    upstream = new_server("upstream")
    upstream.create("team/hosted", anonymous_read=True)
    assert upstream.admin.upload("team/hosted", make_fixtures.wheel("theirs", "1.0")).status_code == 200
    theirs, _ = numbers(upstream, "team/hosted")
    server.create(hosted + "/proxy", kind="proxy", remote_url=upstream.url + "/pypi/team/hosted/")
    assert numbers(server, hosted + "/proxy")[0] == theirs
    assert server.admin.page(hosted + "/proxy", "theirs").json()["meta"]["_last-serial"] == theirs["theirs"]
    server.create(hosted + "/alone", kind="group", members=[hosted + "/proxy"])
    assert numbers(server, hosted + "/alone")[0] == theirs
    # Two counts: what is hosted here keeps its numbers.
    ours, _ = numbers(server, hosted + "/hosted")
    for policy in ("first_owner", "union"):
        server.create(hosted + "/" + policy.replace("_", "-"), kind="group", policy=policy, members=[hosted + "/hosted", hosted + "/proxy"])
        packages, _ = numbers(server, hosted + "/" + policy.replace("_", "-"))
        assert packages == {**ours, "theirs": None}, policy
        page = server.admin.page(hosted + "/" + policy.replace("_", "-"), "theirs")
        assert "_last-serial" not in page.json()["meta"] and "X-PyPI-Last-Serial" not in page.headers
