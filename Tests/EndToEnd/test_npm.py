"""npm, as the server has it, and loaded in its place: the real client publishes and installs through hosted, proxy and group."""
import base64
import datetime
import gzip
import hashlib
import http.server
import json
import pathlib
import subprocess
import threading

import pytest

from harness import plugins
from harness.clients.npm import Npm, package, tarball
from harness.clients.yarn import Yarn
from harness.server import PASSWORD, command
from harness.waiting import until


@pytest.fixture(scope="module")
def plugin():
    return plugins.shared("Npm")


@pytest.fixture(scope="module")
def main_server(tmp_path_factory):
    from harness.server import Server
    server = Server(tmp_path_factory.mktemp("npm") / "data").start()
    yield server
    assert server.stop() == 0, server.log_tail()


@pytest.fixture
def hosted(server, repository):
    server.create(repository + "/hosted", format="npm")
    return repository + "/hosted"


@pytest.fixture
def npm(server, tmp_path):
    def make(repository, name="npm", user="admin", password=PASSWORD, **options):
        return Npm(tmp_path / name, "%s/npm/%s/" % (server.url, repository), user, password, **options)
    return make


@pytest.mark.parametrize("name", ["left-pad", "@acme/left-pad"])
def test_what_is_published_is_viewed_and_installed(npm, hosted, tmp_path, name):
    client = npm(hosted)
    client.ok("publish", cwd=package(tmp_path / "one", name, "1.0.0", dependencies={}))
    client.ok("publish", "--tag", "next", cwd=package(tmp_path / "two", name, "2.0.0-rc.1", "module.exports = 2\n"))
    assert client.json("view", name, "dist-tags") == {"latest": "1.0.0", "next": "2.0.0-rc.1"}
    assert client.json("view", name, "versions") == ["1.0.0", "2.0.0-rc.1"]

    project = package(tmp_path / "project", "project", "1.0.0")
    client.ok("install", name, cwd=project)
    assert (project / "node_modules" / name / "index.js").read_text() == "module.exports = 1\n"
    lock = json.loads((project / "package-lock.json").read_text())["packages"]["node_modules/" + name]
    assert lock["integrity"].startswith("sha512-") and lock["version"] == "1.0.0"
    # From the lock alone, with nothing cached: the digest is what makes it the same.
    subprocess.run(["rm", "-r", str(project / "node_modules"), str(client.home / "cache")], check=True)
    client.ok("ci", cwd=project)
    client.ok("install", name + "@next", cwd=project)
    assert (project / "node_modules" / name / "index.js").read_text() == "module.exports = 2\n"


def test_a_robot_publishes_with_its_key_and_others_do_not(server, npm, hosted, repository, tmp_path):
    _, key = server.robot(repository, "developer")
    _, reader = server.robot(repository, "viewer", name="reader")
    folder = package(tmp_path / "one", "tool", "1.0.0")
    refused = npm(hosted, "reader", user=None, token=reader).run("publish", cwd=folder)
    assert refused.returncode != 0 and "403" in refused.stderr, refused.stderr
    npm(hosted, "robot", user=None, token=key).ok("publish", cwd=folder)
    unknown = npm(hosted, "nobody", user=None).run("view", "tool")
    assert unknown.returncode != 0 and "E401" in unknown.stderr, unknown.stderr


def test_a_version_is_published_once(npm, hosted, tmp_path):
    client = npm(hosted)
    client.ok("publish", cwd=package(tmp_path / "one", "tool", "1.0.0"))
    again = client.run("publish", cwd=package(tmp_path / "two", "tool", "1.0.0", "module.exports = 'other'\n"))
    assert again.returncode != 0, again.stdout
    assert client.json("view", "tool", "versions") in ("1.0.0", ["1.0.0"])
    # The same bytes with a tag that they do not have: all of it is done.
    client.ok("publish", "--tag", "beta", cwd=tmp_path / "one")
    assert client.json("view", "tool", "dist-tags") == {"latest": "1.0.0", "beta": "1.0.0"}


@pytest.fixture
def chain(server, repository, npm, tmp_path):
    """A public registry, played by a hosted repository of this server; a proxy of it; and a group of that behind our own."""
    server.create(repository + "/public", format="npm")
    server.create(repository + "/proxy", format="npm", kind="proxy", cache_ttl=0, remote_username="admin", remote_password=PASSWORD,
                  remote_url="%s/npm/%s/public/" % (server.url, repository))
    server.create(repository + "/ours", format="npm")
    server.create(repository + "/group", format="npm", kind="group", members=[repository + "/ours", repository + "/proxy"])
    public = npm(repository + "/public", "public")
    public.ok("publish", cwd=package(tmp_path / "lib", "@types/lib", "1.0.0"))
    public.ok("publish", cwd=package(tmp_path / "app", "app", "1.0.0", dependencies={"@types/lib": "^1.0.0"}))
    public.ok("publish", cwd=package(tmp_path / "taken", "ours", "99.0.0", "module.exports = 'theirs'\n"))
    return repository


@pytest.mark.parametrize("kind", ["proxy", "group"])
def test_an_install_through_a_proxy_or_a_group(chain, npm, server, tmp_path, kind):
    client = npm("%s/%s" % (chain, kind), kind)
    project = package(tmp_path / "project", "project", "1.0.0")
    client.ok("install", "app", cwd=project)
    assert (project / "node_modules" / "@types/lib" / "index.js").exists()
    lock = json.loads((project / "package-lock.json").read_text())["packages"]
    # Every address is the one that was asked, never the upstream's.
    for entry in lock.values():
        assert entry.get("resolved", server.url + "/npm/%s/%s/" % (chain, kind)).startswith("%s/npm/%s/%s/" % (server.url, chain, kind))


def test_a_name_of_ours_is_never_taken_from_outside(chain, npm, tmp_path):
    npm(chain + "/ours", "ours").ok("publish", cwd=package(tmp_path / "ours", "ours", "1.0.0", "module.exports = 'ours'\n"))
    client = npm(chain + "/group", "group")
    assert client.json("view", "ours", "dist-tags") == {"latest": "1.0.0"}
    project = package(tmp_path / "project", "project", "1.0.0")
    client.ok("install", "ours", cwd=project)
    assert (project / "node_modules" / "ours" / "index.js").read_text() == "module.exports = 'ours'\n"
    assert client.run("view", "ours@99.0.0", "version").stdout == ""


def test_tags_notes_and_versions_are_given_and_taken(npm, hosted, tmp_path):
    client = npm(hosted)
    for version in ("1.0.0", "1.1.0", "2.0.0"):
        client.ok("publish", cwd=package(tmp_path / version, "@acme/tool", version))
    client.ok("dist-tag", "add", "@acme/tool@1.1.0", "lts")
    assert client.ok("dist-tag", "ls", "@acme/tool").splitlines() == ["latest: 2.0.0", "lts: 1.1.0"]
    client.ok("dist-tag", "rm", "@acme/tool", "lts")
    assert client.json("view", "@acme/tool", "dist-tags") == {"latest": "2.0.0"}

    client.ok("deprecate", "@acme/tool@<2", "use 2.0.0")
    assert client.json("view", "@acme/tool@1.0.0", "deprecated") == "use 2.0.0"
    project = package(tmp_path / "project", "project", "1.0.0")
    assert "use 2.0.0" in client.run("install", "@acme/tool@1.0.0", cwd=project).stderr
    client.ok("deprecate", "@acme/tool@<2", "")
    assert client.ok("view", "@acme/tool@1.0.0", "deprecated").strip() == ""

    client.ok("unpublish", "@acme/tool@2.0.0")
    assert client.json("view", "@acme/tool", "versions") == ["1.0.0", "1.1.0"]
    assert client.json("view", "@acme/tool", "dist-tags") == {"latest": "1.1.0"}
    again = client.run("publish", cwd=tmp_path / "2.0.0")
    assert again.returncode == 0     # the same bytes: who may delete may take a deletion back
    client.ok("unpublish", "--force", "@acme/tool")
    assert "E404" in client.run("view", "@acme/tool").stderr


@pytest.mark.parametrize("name", ["tool", "@acme/tool"])
def test_publishing_bytes_that_are_there_gives_them_the_tag(npm, hosted, tmp_path, name):
    client = npm(hosted)
    for version in ("1.0.0", "1.1.0"):
        client.ok("publish", cwd=package(tmp_path / version, name, version))
    client.ok("publish", "--tag", "beta", cwd=tmp_path / "1.0.0")
    assert client.json("view", name, "dist-tags") == {"latest": "1.1.0", "beta": "1.0.0"}
    client.ok("publish", "--tag", "beta", cwd=tmp_path / "1.1.0")
    assert client.json("view", name, "dist-tags") == {"latest": "1.1.0", "beta": "1.1.0"}
    assert client.json("view", name, "versions") == ["1.0.0", "1.1.0"]


def test_everyone_is_told_who_they_are_and_a_developer_takes_nothing_away(server, npm, hosted, repository, tmp_path):
    name, key = server.robot(repository, "developer")
    owner, developer = npm(hosted), npm(hosted, "robot", user=None, token=key)
    assert owner.ok("whoami").strip() == "admin" and developer.ok("whoami").strip() == name
    assert developer.ok("ping") is not None
    developer.ok("publish", cwd=package(tmp_path / "one", "tool", "1.0.0"))
    developer.ok("publish", cwd=package(tmp_path / "two", "tool", "2.0.0"))
    developer.ok("deprecate", "tool@1", "old")
    for spec in (["tool@1.0.0"], ["tool", "--force"]):
        refused = developer.run("unpublish", *spec)
        assert refused.returncode != 0 and "403" in refused.stderr, refused.stderr
    assert owner.json("view", "tool", "versions") == ["1.0.0", "2.0.0"]
    records = server.admin.ok("GET", "/api/v1/admin/audit?actor=%s&limit=50" % name.replace("$", "%24")).json()["items"]
    told = [(record["action"], record["outcome"]) for record in reversed(records) if not record["action"].startswith("auth.")]
    assert told == [("file.upload", "ok"), ("file.upload", "ok"), ("package.update", "ok"), ("package.retract", "denied"),
                    ("package.retract", "denied")], told


def test_an_install_asks_for_advisories_in_vain_and_leaves_no_trace_of_a_change(plugin, new_server, tmp_path):
    server = new_server(SAVE_PLUGINS=str(plugin))
    server.create("team/hosted", format="npm")
    client = Npm(tmp_path / "npm", server.url + "/npm/team/hosted/", "admin", PASSWORD)
    client.ok("publish", cwd=package(tmp_path / "lib", "lib", "1.0.0"))
    project = package(tmp_path / "project", "project", "1.0.0")
    client.ok("install", "lib", "--audit", cwd=project)
    assert client.json("audit", cwd=project)["metadata"]["vulnerabilities"]["total"] == 0
    assert server.stop() == 0       # what was counted is written at the stop
    server.start()
    records = server.admin.ok("GET", "/api/v1/admin/audit?limit=100").json()["items"]
    assert [record for record in records if record["outcome"] != "ok"] == []


def test_nothing_is_changed_through_a_proxy_or_a_group(chain, npm):
    for kind in ("proxy", "group"):
        client = npm("%s/%s" % (chain, kind), kind)
        for command in (["deprecate", "app", "old"], ["dist-tag", "add", "app@1.0.0", "next"], ["unpublish", "app", "--force"]):
            refused = client.run(*command)
            assert refused.returncode != 0 and "405" in refused.stderr, (command, refused.stderr)


def publish(name, version, changes=(), data=None):
    data = data if data is not None else tarball(name, version)
    sha1, sha512 = hashlib.sha1(data).hexdigest(), base64.b64encode(hashlib.sha512(data).digest()).decode()
    manifest = {"name": name, "version": version, "dist": {"shasum": sha1, "integrity": "sha512-" + sha512}}
    body = {"name": name, "dist-tags": {"latest": version}, "versions": {version: manifest},
            "_attachments": {"%s-%s.tgz" % (name, version): {"data": base64.b64encode(data).decode(), "length": len(data)}}}
    return dict(body, **dict(changes))


def counted(server):
    """What there is, without the time at which the blobs were last measured."""
    # Until the blobs were measured once, nobody knows their bytes.
    counts = until(lambda: (found := server.admin.get("/api/v1/admin/stats").json())["measured"] and found, "the blobs were never measured")
    return {name: value for name, value in counts.items() if name != "measured"}


@pytest.mark.parametrize("changes, member", [
    ({"name": "other"}, "name"), ({"versions": {}}, "versions"), ({"_attachments": {}}, "_attachments"),
    ({"_attachments": {"x-1.0.0.tgz": {"data": "!"}}}, "_attachments"),
    ({"_attachments": {"../x-1.0.0.tgz": {"data": "AAAA"}}}, "_attachments"), ({"dist-tags": {"latest": "2.0.0"}}, "dist-tags"),
    ({"versions": {"1.0.0": {"name": "x", "version": "1.0.0", "dist": {"shasum": "0" * 40}}}}, "dist.shasum"),
    ({"versions": {"1.0.0": {"name": "x", "version": "1.0.0", "dist": {"integrity": "sha512-AAAA"}}}}, "dist.integrity"),
])
def test_a_bad_publish_is_refused_by_the_members_name_and_leaves_nothing(server, hosted, changes, member):
    before = counted(server)
    answer = server.admin.put("/npm/%s/x" % hosted, json=publish("x", "1.0.0", changes))
    assert answer.status_code == 400 and answer.json()["error"].startswith(member + ":"), answer.text
    assert server.admin.get("/npm/%s/x" % hosted).status_code == 404
    assert counted(server) == before


def test_a_scopes_slash_may_be_escaped_and_nothing_else_may(server, hosted):
    body = publish("@acme/x", "1.0.0")
    assert server.admin.put("/npm/%s/@acme%%2fx" % hosted, json=dict(
        body, _attachments={"x-1.0.0.tgz": body["_attachments"]["@acme/x-1.0.0.tgz"]})).status_code == 201
    plain, escaped = (server.admin.get("/npm/%s/@acme%sx" % (hosted, slash)) for slash in ("/", "%2F"))
    assert plain.status_code == 200 and plain.content == escaped.content
    for path in ("@acme%2f..%2f..%2fx", "@acme%252fx", "@acme%2f%2e%2e/x", "..%2fx", "@acme%5cx"):
        assert server.admin.get("/npm/%s/%s" % (hosted, path)).status_code in (400, 404), path
    # Formats without such names refuse it as ever.
    server.create(hosted.replace("hosted", "raw"), format="raw")
    assert server.admin.get("/raw/%s/a%%2fb" % hosted.replace("hosted", "raw")).status_code == 400


def test_a_refused_publish_is_recorded_with_its_repository_however_its_name_is_spelled(plugin, new_server):
    server = new_server(SAVE_PLUGINS=str(plugin))
    server.create("team/hosted", format="npm")
    for path in ("plain", "@acme/x", "@acme%2fx"):
        assert server.client(None).put("/npm/team/hosted/" + path, json={}).status_code == 401
    assert server.stop() == 0       # what was counted is written at the stop
    server.start()
    records = server.admin.ok("GET", "/api/v1/admin/audit?action=file.upload&actor=anonymous").json()["items"]
    assert [(record["resource"], record["details"]["count"]) for record in records] == [("team/hosted", 3)], records


def test_a_page_with_absolute_links_is_made_for_each_host_and_shown_to_no_other(server, hosted):
    assert server.admin.put("/npm/%s/x" % hosted, json=publish("x", "1.0.0")).status_code == 201
    for host in ("one.example.test", "two.example.test:8443", "one.example.test"):
        document = server.admin.get("/npm/%s/x" % hosted, headers={"Host": host}).json()
        tarball = document["versions"]["1.0.0"]["dist"]["tarball"]
        assert tarball == "http://%s/npm/%s/x/-/x-1.0.0.tgz" % (host, hosted)


@pytest.mark.parametrize("kind", ["public", "proxy", "group"])
def test_a_search_finds_by_name_and_by_what_is_said(chain, npm, tmp_path, kind):
    publisher = npm(chain + "/public", "publisher")
    publisher.ok("publish", cwd=package(tmp_path / "a", "@acme/pad", "1.0.0", description="Pads texts", keywords=["string"]))
    publisher.ok("publish", cwd=package(tmp_path / "b", "pad", "1.2.0", description="Pads everything"))
    client = npm("%s/%s" % (chain, kind), kind)
    assert [found["name"] for found in client.json("search", "pad")] == ["pad", "@acme/pad"]
    found = client.json("search", "string")
    assert [(one["name"], one["version"], one["description"], one["keywords"]) for one in found] == [
        ("@acme/pad", "1.0.0", "Pads texts", ["string"])]
    assert "@acme/pad" in client.ok("search", "@acme/pad") and client.json("search", "no-such-thing") == []


def test_a_search_shows_a_name_of_ours_as_it_is_here(chain, npm, tmp_path):
    npm(chain + "/ours", "ours").ok("publish", cwd=package(tmp_path / "ours", "ours", "1.0.0", description="Our own"))
    found = npm(chain + "/group", "group").json("search", "ours")
    assert [(one["name"], one["version"]) for one in found] == [("ours", "1.0.0")]


@pytest.mark.parametrize("options", [[], ["--auth-type=legacy"]], ids=["as it comes", "legacy"])
def test_login_gives_a_key_and_logout_takes_it_back(server, npm, hosted, tmp_path, options):
    client = npm(hosted, user=None)
    code, shown = client.type(["login", *options], [("username", "admin"), ("password", PASSWORD)])
    assert code == 0, shown
    key = client.token
    assert key.startswith("sav_") and PASSWORD not in shown
    assert client.ok("whoami").strip() == "admin"
    client.ok("publish", cwd=package(tmp_path / "one", "tool", "1.0.0"))
    listed = [one for one in server.admin.ok("GET", "/api/v1/user/keys").json()["items"] if one["id"] in key]
    assert listed[0]["description"].startswith("npm/") and listed[0]["description"].endswith(hosted)
    assert listed[0]["scopes"] == [{"resource": hosted.split("/")[0], "permissions": ["read", "write", "delete"]}]
    client.ok("logout")
    assert client.token is None
    assert server.client(None).get("/npm/%s/tool" % hosted, headers={"Authorization": "Bearer " + key}).status_code == 401


def test_a_wrong_password_gives_no_key(npm, hosted):
    client = npm(hosted, user=None)
    code, shown = client.type(["login"], [("username", "admin"), ("password", "not the password")])
    assert code != 0 and "E401" in shown and client.token is None, shown


def test_npm_shows_why_something_was_refused(server, npm, hosted, repository, tmp_path):
    client = npm(hosted)
    client.ok("publish", cwd=package(tmp_path / "one", "tool", "1.0.0"))
    members = "decided by the members"
    for command, reason in ((["owner", "add", "ana", "tool"], members), (["token", "list"], "/api/v1/user/keys"),
                            (["dist-tag", "add", "tool@9.9.9", "next"], "there is no version '9.9.9'"),
                            (["access", "list", "packages", "admin"], members), (["access", "list", "collaborators", "tool"], members),
                            (["access", "get", "status", "tool"], members), (["access", "set", "mfa=none", "tool"], members),
                            (["access", "grant", "read-only", "acme:devs", "tool"], members),
                            (["team", "ls", "acme"], "there are no teams"), (["team", "create", "acme:devs"], "there are no teams"),
                            (["org", "ls", "acme"], "there are no teams"), (["star", "tool"], "no stars"), (["stars", "admin"], "no stars"),
                            (["profile", "get"], "/api/v1/user"), (["hook", "ls"], "no hooks")):
        refused = client.run(*command)
        assert refused.returncode != 0 and reason in refused.stderr, (command, refused.stderr)
    assert client.ok("owner", "ls", "tool").split() == ["admin", "<>"]
    _, reader = server.robot(repository, "viewer", name="reader")
    refused = npm(hosted, "reader", user=None, token=reader).run("deprecate", "tool@1", "old")
    assert "you may not upload to" in refused.stderr, refused.stderr


def test_npm_shows_the_line_of_a_refused_publish_without_asking_for_more(server, npm, hosted, repository, tmp_path):
    server.create(repository + "/group", format="npm", kind="group", members=[hosted])
    client = npm(repository + "/group")
    settings = client.home / ".npmrc"
    settings.write_text(settings.read_text().replace("loglevel=http\n", ""))
    refused = client.run("publish", cwd=package(tmp_path / "one", "tool", "1.0.0"))
    answer = server.admin.put("/npm/%s/group/tool" % repository, json={"name": "tool"})
    line = answer.headers["X-Save-Reason"]
    assert answer.reason == line == answer.json()["error"] == answer.headers["npm-notice"], answer.headers
    assert refused.returncode != 0 and refused.stderr.count(line) >= 2, refused.stderr


@pytest.mark.parametrize("version", [1, 3])
def test_yarn_publishes_and_installs(chain, server, repository, tmp_path, version):
    _, key = server.robot(chain, "developer")

    def yarn(name):
        return Yarn(tmp_path / name, "%s/npm/%s/%s/" % (server.url, chain, name), token=key, version=version)

    ours = yarn("ours")
    published = ours.publish(package(tmp_path / "tool", "@acme/tool", "1.0.0", "module.exports = 'tool'\n"))
    assert published.returncode == 0, published.stdout + published.stderr
    again = ours.publish(package(tmp_path / "again", "@acme/tool", "1.0.0", "module.exports = 'other'\n"))
    assert again.returncode != 0 and "exists" in again.stdout + again.stderr, again.stdout + again.stderr
    for kind, wanted in (("ours", ["@acme/tool"]), ("proxy", ["app", "@types/lib"]), ("group", ["@acme/tool", "app", "@types/lib"])):
        client = yarn(kind)
        project = client.project(package(tmp_path / ("project-" + kind), "project", "1.0.0"))
        client.ok("add", *[name for name in wanted if name != "@types/lib"], cwd=project)
        for name in wanted:
            assert (project / "node_modules" / name / "index.js").exists(), (kind, name)
        lock = (project / "yarn.lock").read_text()
        assert ("integrity" if version == 1 else "checksum") in lock
        # From the lock alone, with nothing at hand.
        for folder in (project / "node_modules", client.home / "yarn-cache", project / ".yarn"):
            subprocess.run(["rm", "-rf", str(folder)], check=True)
        client.ok("install", "--frozen-lockfile" if version == 1 else "--immutable", cwd=project)
        assert all((project / "node_modules" / name / "index.js").exists() for name in wanted)


def test_in_a_union_a_tag_is_the_first_members_that_has_it(server, repository, npm, tmp_path):
    for name in ("release", "snapshot"):
        server.create("%s/%s" % (repository, name), format="npm")
    server.create(repository + "/all", format="npm", kind="group", policy="union",
                  members=[repository + "/release", repository + "/snapshot"])
    release, snapshot = npm(repository + "/release", "release"), npm(repository + "/snapshot", "snapshot")
    release.ok("publish", cwd=package(tmp_path / "one", "tool", "1.0.0"))
    snapshot.ok("publish", cwd=package(tmp_path / "two", "tool", "2.0.0-dev.1"))
    snapshot.ok("publish", "--tag", "next", cwd=package(tmp_path / "three", "tool", "2.0.0-dev.2"))
    reader = npm(repository + "/all", "reader")
    assert reader.json("view", "tool", "dist-tags") == {"latest": "1.0.0", "next": "2.0.0-dev.2"}


def test_publishing_to_a_fork_keeps_the_tags_of_its_upstream(server, repository, chain, npm, tmp_path):
    server.create(repository + "/fork", format="npm", kind="group", policy="union",
                  members=[repository + "/ours", repository + "/proxy"])
    upstream = npm(repository + "/public", "upstream")
    upstream.ok("publish", cwd=package(tmp_path / "one", "forked", "1.0.0"))
    upstream.ok("publish", "--tag", "beta", cwd=package(tmp_path / "two", "forked", "2.0.0-beta.1"))
    npm(repository + "/ours", "ours").ok("publish", "--tag", "patched", cwd=package(tmp_path / "three", "forked", "1.0.1"))
    assert npm(repository + "/fork", "reader").json("view", "forked", "dist-tags") == {
        "latest": "1.0.0", "beta": "2.0.0-beta.1", "patched": "1.0.1"}


def test_the_publisher_is_shown_as_the_maintainer(server, npm, hosted, repository, tmp_path):
    name, key = server.robot(repository, "developer")
    npm(hosted, "robot", user=None, token=key).ok("publish", cwd=package(tmp_path / "one", "tool", "1.0.0", description="A tool"))
    client = npm(hosted)
    assert server.admin.get("/npm/%s/tool" % hosted).json()["maintainers"] == [{"name": name, "email": ""}]
    assert client.json("view", "tool", "maintainers")
    assert [one["username"] for one in client.json("search", "tool")[0]["maintainers"]] == [name]


@pytest.mark.parametrize("name, version, data", [
    ("x", "1.0.0", b"no tarball"), ("x", "1.0.0", tarball("y", "1.0.0")), ("x", "1.0.0", tarball("x", "2.0.0")),
    ("node_modules", "1.0.0", None), ("favicon.ico", "1.0.0", None)])
def test_what_npm_could_not_install_is_refused(server, hosted, name, version, data):
    before = counted(server)
    answer = server.admin.put("/npm/%s/%s" % (hosted, name), json=publish(name, version, data=data))
    assert answer.status_code == 400 and answer.json()["error"].startswith(("_attachments: ", "name: ")), answer.text
    assert counted(server) == before


def sigstore(name, version, data):
    """A bundle with a statement about a tarball; nobody here checks the signature."""
    statement = {"_type": "https://in-toto.io/Statement/v1", "predicateType": "https://slsa.dev/provenance/v1", "predicate": {},
                 "subject": [{"name": "pkg:npm/%s@%s" % (name.replace("@", "%40"), version), "digest": {"sha512": hashlib.sha512(data).hexdigest()}}]}
    payload = base64.b64encode(json.dumps(statement).encode()).decode()
    return {"mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
            "dsseEnvelope": {"payload": payload, "payloadType": "application/vnd.in-toto+json", "signatures": [{"sig": "AAAA", "keyid": ""}]}}


@pytest.mark.parametrize("name", ["x", "@acme/x"])
def test_a_provenance_is_kept_and_served_through_a_proxy_and_a_group(chain, server, name):
    data = tarball(name, "1.0.0")
    bundle = sigstore(name, "1.0.0", data)
    body = publish(name, "1.0.0", data=data)
    public = "/npm/%s/public/" % chain
    # First without it, then with it: the same bytes get what they did not have.
    assert server.admin.put(public + name, json=body).status_code == 201
    body["_attachments"][name + "-1.0.0.sigstore"] = {
        "content_type": bundle["mediaType"], "data": json.dumps(bundle), "length": len(json.dumps(bundle))}
    assert server.admin.put(public + name, json=body).status_code in (200, 201)
    for kind in ("public", "proxy", "group"):
        registry = "/npm/%s/%s/" % (chain, kind)
        dist = server.admin.get(registry + name).json()["versions"]["1.0.0"]["dist"]
        assert dist["attestations"]["provenance"] == {"predicateType": "https://slsa.dev/provenance/v1"}
        url = dist["attestations"]["url"]
        assert url.startswith(server.url + registry), url
        # npm asks its registry for the path of that URL, whatever the registry's own path is.
        for path in (url[len(server.url):], registry.rstrip("/") + url[len(server.url):]):
            answer = server.admin.get(path)
            assert answer.status_code == 200, (path, answer.text)
            assert answer.json() == {"attestations": [{"predicateType": "https://slsa.dev/provenance/v1", "bundle": bundle}]}
    other = sigstore(name, "1.0.0", b"other")
    body["_attachments"][name + "-1.0.0.sigstore"]["data"] = json.dumps(other)
    assert server.admin.put(public + name, json=body).status_code == 400


@pytest.fixture
def upstream_site():
    """Another registry: documents and files by their paths."""
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            found = self.server.content.get(self.path)
            self.send_response(200 if found is not None else 404)
            self.send_header("Content-Type", "application/octet-stream" if self.path.endswith(".tgz") else "application/json")
            self.send_header("Content-Length", str(len(found or b"")))
            self.end_headers()
            self.wfile.write(found or b"")

        def log_message(self, *arguments):
            pass

    class Site(http.server.ThreadingHTTPServer):
        content = {}

        def serve(self, documents, files):
            self.content = dict({path: json.dumps(document).encode() for path, document in documents.items()}, **files)

    site = Site(("127.0.0.1", 0), Handler)
    site.url = "http://127.0.0.1:%d" % site.server_port
    threading.Thread(target=site.serve_forever, daemon=True).start()
    yield site
    site.shutdown()
    site.server_close()


def test_a_version_that_is_too_young_is_passed_over_and_refused_with_the_policy(server, npm, repository, upstream_site, tmp_path):
    now = datetime.datetime.now(datetime.timezone.utc)
    versions, time, files = {}, {}, {}
    for version, age in (("1.0.0", 90), ("1.1.0", 30), ("2.0.0", 2)):
        path, data = "/fresh/-/fresh-%s.tgz" % version, tarball("fresh", version)
        versions[version] = {"name": "fresh", "version": version, "dist": {
            "tarball": upstream_site.url + path, "shasum": hashlib.sha1(data).hexdigest()}}
        time[version] = (now - datetime.timedelta(days=age, minutes=5)).strftime("%Y-%m-%dT%H:%M:%S.000Z")
        files[path] = data
    upstream_site.serve({"/fresh": {"name": "fresh", "dist-tags": {"latest": "2.0.0"}, "versions": versions, "time": time}, "/-/ping": {}}, files)
    server.create(repository + "/proxy", format="npm", kind="proxy", remote_url=upstream_site.url + "/")
    client = npm(repository + "/proxy")
    # A lock file from before the policy, and the file is here.
    locked = package(tmp_path / "locked", "locked", "1.0.0")
    client.ok("install", "fresh@2.0.0", cwd=locked)
    server.admin.ok("POST", "/api/v1/policies", json={
        "name": "cooldown-7d", "scope": "project:" + repository, "action": "deny", "match": {"younger_than": "7d"}})
    project = package(tmp_path / "project", "project", "1.0.0")
    client.ok("install", "fresh", cwd=project)
    assert json.loads((project / "package-lock.json").read_text())["packages"]["node_modules/fresh"]["version"] == "1.1.0"
    answer = server.admin.get("/npm/%s/proxy/fresh/-/fresh-2.0.0.tgz" % repository)
    line = answer.headers["X-Save-Reason"]
    assert line.startswith("Blocked by Save: fresh 2.0.0 is 2 days old, policy cooldown-7d; allowed after 20")
    assert answer.status_code == 403 and answer.json()["error"] == line == answer.headers["npm-notice"] == answer.reason
    for command, folder in ((["install", "fresh@2.0.0"], package(tmp_path / "pinned", "pinned", "1.0.0")), (["ci"], locked)):
        refused = npm(repository + "/proxy", "empty-" + command[0]).run(*command, cwd=folder)
        assert refused.returncode != 0 and line in refused.stderr, refused.stderr


def test_what_another_registry_signs_is_passed_on(server, repository, upstream_site):
    packument = {"name": "x", "dist-tags": {"latest": "1.0.0"}, "versions": {"1.0.0": {
        "name": "x", "version": "1.0.0", "dist": {
            "tarball": upstream_site.url + "/x/-/x-1.0.0.tgz", "shasum": hashlib.sha1(b"file").hexdigest(),
            "signatures": [{"keyid": "SHA256:k", "sig": "s"}],
            "attestations": {"url": upstream_site.url + "/-/npm/v1/attestations/x@1.0.0", "provenance": {"predicateType": "p"}}}}}}
    keys = {"keys": [{"keyid": "SHA256:k", "keytype": "ecdsa", "scheme": "ecdsa-sha2-nistp256", "key": "AAAA", "expires": None}]}
    upstream_site.serve({"/x": packument, "/-/npm/v1/keys": keys, "/-/npm/v1/attestations/x@1.0.0": {"attestations": []}, "/-/ping": {}},
                        {"/x/-/x-1.0.0.tgz": b"file"})
    server.create(repository + "/hosted", format="npm")
    server.create(repository + "/proxy", format="npm", kind="proxy", remote_url=upstream_site.url + "/", cache_ttl=0)
    server.create(repository + "/group", format="npm", kind="group", members=[repository + "/hosted", repository + "/proxy"])
    assert server.admin.get("/npm/%s/hosted/-/npm/v1/keys" % repository).status_code == 404
    for kind in ("proxy", "group"):
        registry = "/npm/%s/%s" % (repository, kind)
        assert server.admin.get(registry + "/-/npm/v1/keys").json() == keys
        for _ in range(2):
            dist = server.admin.get(registry + "/x").json()["versions"]["1.0.0"]["dist"]
            assert dist["signatures"] == [{"keyid": "SHA256:k", "sig": "s"}]
            # A digest that the upstream does not say does not appear once the file is here.
            assert "integrity" not in dist and dist["shasum"] == hashlib.sha1(b"file").hexdigest()
            assert dist["attestations"]["url"] == server.url + registry + "/-/npm/v1/attestations/x@1.0.0"
            assert server.admin.get(registry + "/-/npm/v1/attestations/x@1.0.0").json() == {"attestations": []}
            assert server.admin.get(registry + "/x/-/x-1.0.0.tgz").content == b"file"


@pytest.mark.parametrize("prefix", ["/repository/npm-all/", "/artifactory/api/npm/npm/", "/npm/other/place/", "/"])
def test_a_lock_file_of_another_registry_installs_from_here(npm, hosted, tmp_path, prefix):
    client = npm(hosted)
    for name in ("left-pad", "@acme/left-pad"):
        client.ok("publish", cwd=package(tmp_path / name, name, "1.0.0"))
    project = package(tmp_path / "project", "project", "1.0.0")
    client.ok("install", "left-pad", "@acme/left-pad", cwd=project)
    lock = json.loads((project / "package-lock.json").read_text())
    for entry in lock["packages"].values():
        if "resolved" in entry:
            entry["resolved"] = "https://registry.elsewhere.example" + prefix + entry["resolved"].split("/%s/" % hosted)[1]
    (project / "package-lock.json").write_text(json.dumps(lock))
    subprocess.run(["rm", "-r", str(project / "node_modules"), str(client.home / "cache")], check=True)
    client.ok("ci", "--replace-registry-host=always", cwd=project)
    assert (project / "node_modules" / "@acme" / "left-pad" / "index.js").exists()


def test_a_question_about_advisories_may_be_packed_within_a_limit(server, hosted):
    path = "/npm/%s/-/npm/v1/security/" % hosted
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    question = json.dumps({"left-pad": ["1.0.0"]}).encode()
    ask = lambda body, place="advisories/bulk", **more: server.admin.post(path + place, data=body, headers=dict(headers, **more))
    assert ask(gzip.compress(question)).json() == {}
    assert ask(question, **{"Content-Encoding": "identity"}).json() == {}
    assert ask(gzip.compress(b'{"dependencies":{"a":{"dependencies":{"b":{}}}}}'), "audits/quick").json()["metadata"]["totalDependencies"] == 2
    for body, status in ((question, 400), (gzip.compress(question)[:-5], 400), (gzip.compress(b"nothing"), 400),
                         (gzip.compress(b'"' + b"a" * (20 << 20) + b'"'), 413)):
        answer = ask(body)
        assert answer.status_code == status and "error" in answer.json(), answer.text
    assert ask(question, **{"Content-Encoding": "br"}).status_code == 415
    # Nobody else takes them.
    for method, place in (("PUT", "/npm/%s/x" % hosted), ("POST", "/api/v1/projects")):
        assert server.admin.request(method, place, data=gzip.compress(b"{}"), headers=headers).status_code == 415


def test_tarballs_that_no_record_knows_are_published_again_and_so_are_those_of_a_directory(plugin, new_server, tmp_path):
    server = new_server("lost", SAVE_PLUGINS=str(plugin))
    for name in ("hosted", "copy", "imported"):
        server.create("team/" + name, format="npm")
    server.create("team/raw", format="raw")
    client = Npm(tmp_path / "npm", "%s/npm/team/hosted/" % server.url, "admin", PASSWORD)
    folders = [package(tmp_path / "one", "tool", "1.0.0", dependencies={"@acme/pad": "^1.0.0"}),
               package(tmp_path / "two", "@acme/pad", "1.2.0"), package(tmp_path / "three", "tool", "1.1.0")]
    for folder in folders:
        client.ok("publish", cwd=folder)
    assert server.admin.put("/raw/team/raw/a.tar.gz", data=gzip.compress(b"no package of npm")).status_code == 201
    integrity = client.json("view", "tool@1.0.0", "dist.integrity")
    tarballs = tmp_path / "tarballs"
    tarballs.mkdir()
    for place, folder in enumerate(folders):
        client.ok("pack", "--pack-destination", str(tarballs), cwd=folder)
    (tarballs / "README.md").write_text("nothing of npm")
    for name in ("hosted", "raw"):
        server.admin.ok("DELETE", "/api/v1/repos/team/%s?force=true" % name)
    assert server.stop() == 0

    def importing(*words):
        done = command("import", "--data", server.data, *words, SAVE_PLUGINS=str(plugin))
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    assert "3 would be published" in importing("--from-blobs", "--repository", "team/copy", "--dry-run")
    text = importing("--from-blobs", "--repository", "team/copy")
    assert "3 published" in text and "@acme/pad/-/pad-1.2.0.tgz" in text and "1 skipped" in text and "0 refused" in text, text
    assert "3 published" in importing("--repository", "team/imported", tarballs)
    server.start()
    for name in ("copy", "imported"):
        reader = Npm(tmp_path / name, "%s/npm/team/%s/" % (server.url, name), "admin", PASSWORD)
        assert reader.json("view", "tool", "versions") == ["1.0.0", "1.1.0"] and reader.json("view", "tool", "dist-tags") == {"latest": "1.1.0"}
        assert reader.json("view", "tool@1.0.0", "dist.integrity") == integrity
        project = package(tmp_path / ("project-" + name), "project", "1.0.0")
        reader.ok("install", "tool@1.0.0", cwd=project)
        assert (project / "node_modules" / "tool" / "index.js").exists() and (project / "node_modules" / "@acme" / "pad").exists()


def test_npm_audit_tells_the_advisories_that_were_imported(plugin, new_server, tmp_path):
    server = new_server("audited", SAVE_PLUGINS=str(plugin))
    server.create("team/hosted", format="npm")
    client = Npm(tmp_path / "npm", server.url + "/npm/team/hosted/", "admin", PASSWORD)
    for name, version in (("@acme/pad", "1.0.0"), ("@acme/pad", "1.3.0"), ("tool", "1.0.0-beta.1")):
        client.ok("publish", "--tag", "latest", cwd=package(tmp_path / (version + name[-3:]), name, version))
    package_of = lambda name: {"ecosystem": "npm", "name": name}
    records = [
        {"id": "GHSA-aaaa-bbbb-cccc", "modified": "2026-01-01T00:00:00Z", "aliases": ["CVE-2026-1"], "summary": "pads too much",
         "severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}],
         "database_specific": {"cwe_ids": ["CWE-1"]},
         "affected": [{"package": package_of("@acme/pad"),
                       "ranges": [{"type": "SEMVER", "events": [{"introduced": "0"}, {"fixed": "1.3.0"}]}]}]},
        {"id": "X-1", "modified": "2026-01-01T00:00:00Z", "aliases": ["CVE-2026-1"],
         "affected": [{"package": package_of("@acme/pad"), "versions": ["1.0.0"]}]},
        {"id": "MAL-2026-1", "modified": "2026-01-01T00:00:00Z",
         "affected": [{"package": package_of("tool"), "ranges": [{"type": "SEMVER", "events": [{"introduced": "0"}]}]}]},
    ]
    for number, record in enumerate(records):
        (tmp_path / ("%d.json" % number)).write_text(json.dumps(record))
    done = command("advisories", "import", "--data", server.data, *(tmp_path / ("%d.json" % number) for number in range(3)),
                   SAVE_PLUGINS=str(plugin))
    assert done.returncode == 0 and "3 added" in done.stdout, done.stderr

    bulk = "/npm/team/hosted/-/npm/v1/security/advisories/bulk"
    asked = {"@acme/pad": ["1.0.0"], "tool": ["1.0.0-beta.1"], "other": ["1.0.0"], "no name!": ["1"]}
    told = server.admin.post(bulk, json=asked).json()
    assert told["@acme/pad"] == [{
        "id": "GHSA-aaaa-bbbb-cccc", "url": "https://github.com/advisories/GHSA-aaaa-bbbb-cccc", "title": "pads too much",
        "severity": "critical", "vulnerable_versions": "<1.3.0", "cwe": ["CWE-1"],
        "cvss": {"score": 9.8, "vectorString": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}}]
    assert told["tool"][0]["severity"] == "critical" and told["tool"][0]["vulnerable_versions"] == "*" and len(told) == 2
    assert server.admin.post(bulk, json={"@acme/pad": ["1.3.0"]}).json() == {}
    for wrong in ({"tool": "1.0.0"}, ["tool"], 7, {"tool": ["0"] * 20001}, {"a%d" % number: ["0"] * 201 for number in range(100)}):
        assert server.admin.post(bulk, json=wrong).status_code == 400
    assert len(server.admin.post(bulk, json={"tool": ["1.0.0-beta.1"] * 20000}).json()["tool"]) == 1

    project = package(tmp_path / "project", "project", "1.0.0", dependencies={"@acme/pad": "1.0.0"})
    client.ok("install", cwd=project)
    audit = client.run("audit", "--json", cwd=project)
    assert audit.returncode == 1
    found = json.loads(audit.stdout)["vulnerabilities"]["@acme/pad"]
    assert found["severity"] == "critical" and found["via"][0]["url"].endswith("GHSA-aaaa-bbbb-cccc") and found["fixAvailable"]
    client.ok("install", "@acme/pad@1.3.0", cwd=project)
    assert json.loads(client.run("audit", "--json", cwd=project).stdout)["metadata"]["vulnerabilities"]["total"] == 0


def test_npm_installs_what_was_latest_then_and_stays_there(server, npm, hosted, repository, tmp_path):
    server.create(repository + "/all", format="npm", kind="group", members=[hosted])
    publisher = npm(hosted, "publisher")
    publisher.ok("publish", cwd=package(tmp_path / "one", "left-pad", "1.0.0"))
    then = publisher.json("view", "left-pad", "time")["1.0.0"]
    publisher.ok("publish", cwd=package(tmp_path / "two", "left-pad", "2.0.0", "module.exports = 2\n"))
    for place in (hosted, repository + "/all"):
        client = npm("%s/+at/%s" % (place, then), place.replace("/", "-"))
        assert client.json("view", "left-pad", "dist-tags") == {"latest": "1.0.0"}
        project = package(tmp_path / ("project-" + place.replace("/", "-")), "project", "1.0.0")
        client.ok("install", "left-pad", cwd=project)
        assert (project / "node_modules" / "left-pad" / "index.js").read_text() == "module.exports = 1\n"
        lock = json.loads((project / "package-lock.json").read_text())["packages"]["node_modules/left-pad"]
        assert "/%s/+at/" % place in lock["resolved"] and lock["version"] == "1.0.0", lock
        subprocess.run(["rm", "-r", str(project / "node_modules"), str(client.home / "cache")], check=True)
        client.ok("ci", cwd=project)
        missing = client.run("install", "left-pad@2.0.0", cwd=project)
        assert missing.returncode != 0 and "ETARGET" in missing.stderr, missing.stderr
        refused = client.run("publish", cwd=package(tmp_path / ("three-" + place.replace("/", "-")), "left-pad", "3.0.0"))
        assert refused.returncode != 0 and "can only be read" in refused.stderr, refused.stderr


@pytest.mark.parametrize("version", [1, 3])
def test_yarn_audit_tells_the_advisories_that_were_imported(plugin, new_server, tmp_path, version):
    server = new_server("yarn", SAVE_PLUGINS=str(plugin))
    server.create("team/hosted", format="npm", anonymous_read=True)
    registry = server.url + "/npm/team/hosted/"
    publisher = Npm(tmp_path / "npm", registry, "admin", PASSWORD)
    publisher.ok("publish", cwd=package(tmp_path / "pad", "@acme/pad", "1.0.0"))
    publisher.ok("publish", cwd=package(tmp_path / "app", "app", "1.0.0", dependencies={"@acme/pad": "1.0.0"}))
    (tmp_path / "hole.json").write_text(json.dumps({
        "id": "GHSA-aaaa-bbbb-cccc", "modified": "2026-01-01T00:00:00Z", "summary": "pads too much", "database_specific": {"severity": "HIGH"},
        "affected": [{"package": {"ecosystem": "npm", "name": "@acme/pad"},
                      "ranges": [{"type": "SEMVER", "events": [{"introduced": "0"}, {"fixed": "1.3.0"}]}]}]}))
    client = Yarn(tmp_path / "yarn", registry, version=version)
    if version == 1:
        client.audit_at(registry)
    project = client.project(package(tmp_path / "project", "project", "1.0.0", dependencies={"app": "1.0.0"}))
    client.ok("install", cwd=project)
    command_line = ["audit", "--json"] if version == 1 else ["npm", "audit", "--recursive", "--json"]
    before = client.run(*command_line, cwd=project)
    assert before.returncode == 0, before.stdout + before.stderr
    assert command("advisories", "import", "--data", server.data, tmp_path / "hole.json", SAVE_PLUGINS=str(plugin)).returncode == 0
    until(lambda: server.admin.ok("GET", "/api/v1/advisories/status").json()["records"] == 1, "the server sees the records")
    after = client.run(*command_line, cwd=project)
    # yarn 1 adds up 8 for advisories of this severity; yarn 3 with --json ends well whatever it tells.
    assert after.returncode == (8 if version == 1 else 0), after.stdout + after.stderr
    told = [json.loads(line) for line in after.stdout.splitlines() if line.startswith("{")]
    if version == 1:
        advisory, = [item["data"] for item in told if item["type"] == "auditAdvisory"]
        assert advisory["resolution"]["path"] == "app>@acme/pad" and advisory["advisory"]["title"] == "pads too much"
        summary, = [item["data"] for item in told if item["type"] == "auditSummary"]
        assert summary["vulnerabilities"]["high"] == 1 and summary["totalDependencies"] == 2
        plain = client.run("audit", cwd=project).stdout
        assert "pads too much" in plain and ">=1.3.0" in plain
    else:
        advisory, = told[0]["advisories"].values()
        assert advisory["module_name"] == "@acme/pad" and advisory["findings"][0]["paths"] == ["app>@acme/pad"]
        plain = client.run("npm", "audit", "--recursive", cwd=project)
        assert plain.returncode == 1 and "pads too much" in plain.stdout and ">=1.3.0" in plain.stdout
