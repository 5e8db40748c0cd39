"""Go modules: the real go command downloads and builds through hosted, proxy and group, with an empty module cache every time."""
import datetime
import functools
import http.server
import re
import sqlite3
import subprocess
import threading

import pytest

from harness.browser import Browser
from harness.checksums import ChecksumDatabase
from harness.clients.go import Go, Tree, escape, module_zip
from harness.plugins import shared
from harness.server import PASSWORD, ROOT, Server, command

OURS, THEIRS = "corp.test/Team/ours", "public.test/Some/theirs"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """One for all tests of the file: what was compiled once is compiled."""
    return tmp_path_factory.mktemp("go")


@pytest.fixture
def go(server, folder):
    return lambda repository, program=None: Go(folder, "%s/go/%s" % (server.url, repository), program)


class Upstream:
    """A GOPROXY that is a folder of files, and knows what it was asked for."""

    def __init__(self, folder):
        self.tree, self.asked = Tree(folder), []
        asked = self.asked

        class Handler(http.server.SimpleHTTPRequestHandler):
            def do_GET(self):
                asked.append(self.path)
                super().do_GET()

            def log_message(self, *arguments):
                pass
        folder.mkdir()
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=str(folder)))
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = "http://127.0.0.1:%d/" % self.server.server_address[1]

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def upstream(tmp_path):
    upstream = Upstream(tmp_path / "upstream")
    upstream.tree.add(THEIRS, "v1.0.0")
    upstream.tree.add(THEIRS, "v1.1.0")
    upstream.tree.add(OURS, "v1.9.9")
    yield upstream
    upstream.stop()


def publish(server, repository, tmp_path, module, version, expect=(201,), **options):
    path, _ = module_zip(tmp_path / ("%s-%s.zip" % (module.replace("/", "-"), version)), module, version, **options)
    url = "/go/%s/%s/@v/%s.zip" % (repository, escape(module), escape(version))
    answer = server.admin.put(url, data=path.read_bytes())
    assert answer.status_code in expect, (answer.status_code, answer.text)
    return answer


@pytest.fixture
def chain(server, repository, upstream, tmp_path):
    """Our own repository, a proxy of the upstream, and a group of both; a mirror of that group, as a second server would be."""
    server.create(repository + "/ours", format="go", anonymous_read=True)
    server.create(repository + "/proxy", format="go", kind="proxy", anonymous_read=True, cache_ttl=0, remote_url=upstream.url)
    server.create(repository + "/group", format="go", kind="group", anonymous_read=True,
                  members=[repository + "/ours", repository + "/proxy"])
    server.create(repository + "/mirror", format="go", kind="proxy", anonymous_read=True,
                  remote_url="%s/go/%s/group" % (server.url, repository), remote_username="admin", remote_password=PASSWORD)
    publish(server, repository + "/ours", tmp_path, OURS, "v1.0.0")
    publish(server, repository + "/ours", tmp_path, OURS, "v1.2.0-RC1", requires=[(THEIRS, "v1.0.0")])
    return repository


DEBIAN = "/usr/bin/go"


@pytest.mark.parametrize("kind, program", [("group", None), ("mirror", None), ("group", DEBIAN)])
def test_a_project_builds_through_a_group_and_through_a_proxy_of_it(chain, go, tmp_path, kind, program):
    client = go("%s/%s" % (chain, kind), program)
    project = client.project(tmp_path / "project", OURS, THEIRS)
    client.ok("get", OURS + "@v1.2.0-RC1", THEIRS, cwd=project)
    assert (project / "go.mod").read_text().count("v1.1.0") == 1
    client.ok("build", "./...", cwd=project)
    client.ok("mod", "verify", cwd=project)
    assert client.versions(OURS) == ["v1.0.0", "v1.2.0-RC1"] and client.versions(THEIRS) == ["v1.0.0", "v1.1.0"]


def test_a_published_module_is_downloaded_from_where_it_is_hosted(chain, go, server, tmp_path):
    client = go(chain + "/ours")
    # A release is newer than what comes before one.
    assert '"Version": "v1.0.0"' in client.ok("mod", "download", "-json", OURS + "@latest")
    publish(server, chain + "/ours", tmp_path, OURS + "/v2", "v2.0.0")
    project = client.project(tmp_path / "project", OURS, OURS + "/v2")
    client.ok("get", OURS, OURS + "/v2", cwd=project)
    client.ok("build", "./...", cwd=project)
    assert "404" in client.fails("mod", "download", "corp.test/Team/none@v1.0.0")


def test_the_page_of_a_pre_release_is_that_of_the_version_though_it_could_be_a_path(chain, server):
    visitor = Browser(server.url)
    versions = visitor.get("/ui/go/%s/ours/%s/?tab=versions" % (chain, OURS)).text
    link = re.search(r'href="(/ui/go/[^"?]*v1\.2\.0-[^"?]*)"', versions)
    assert link, versions
    page = visitor.get(link.group(1))
    assert page.status_code == 200 and '<span class="faint">v1.2.0-RC1</span>' in page.text, page.text


def test_what_is_cached_builds_while_the_upstream_is_away(chain, go, upstream, tmp_path):
    client = go(chain + "/proxy")
    project = client.project(tmp_path / "project", THEIRS)
    client.ok("get", THEIRS, cwd=project)
    client.ok("build", "./...", cwd=project)
    upstream.stop()
    client.ok("build", "./...", cwd=project)
    assert client.versions(THEIRS) == ["v1.0.0", "v1.1.0"]


def test_an_owned_name_never_comes_from_the_upstream(chain, go, server, upstream):
    client = go(chain + "/group")
    assert '"Version": "v1.0.0"' in client.ok("mod", "download", "-json", OURS + "@latest")
    assert "404" in client.fails("mod", "download", OURS + "@v1.9.9")
    assert not [path for path in upstream.asked if "corp.test" in path]
    # Used by itself, the proxy has a name that is hosted here unless the name is reserved; what was fetched before is refused with it.
    proxy = go(chain + "/proxy")
    proxy.ok("mod", "download", OURS + "@v1.9.9")
    server.admin.ok("PATCH", "/api/v1/repos/%s/proxy" % chain, json={"reserved_names": ["corp.test/*"]})
    del upstream.asked[:]
    assert "reserved" in proxy.fails("mod", "download", OURS + "@v1.9.9")
    assert "reserved" in proxy.fails("mod", "download", "corp.test/Team/other/v3@latest")
    assert not [path for path in upstream.asked if "corp.test" in path]


def test_a_cooldown_falls_to_the_newest_version_that_is_old_enough_and_says_why(chain, go, server, upstream):
    now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    module = "public.test/times"
    for version, time in [("v1.0.0", "2020-01-02T03:04:05Z"), ("v1.1.0", "2021-01-02T03:04:05Z"), ("v1.2.0", now)]:
        upstream.tree.add(module, version, time=time, times=True)
    server.admin.ok("POST", "/api/v1/policies", json={
        "name": "cooldown-7d", "scope": "project:" + chain, "action": "deny", "match": {"younger_than": "7d"}})
    client = go(chain + "/group")
    assert client.versions(module) == ["v1.0.0", "v1.1.0"]
    assert '"Version": "v1.1.0"' in client.ok("mod", "download", "-json", module + "@latest")
    reason = "Blocked by Save: %s v1.2.0 is" % module
    shown = client.fails("mod", "download", module + "@v1.2.0")
    assert reason in shown and "policy cooldown-7d" in shown, shown
    # Its list says no times: all of it is as new as this server's knowledge of it.
    assert "Blocked by Save: %s v1.1.0" % THEIRS in client.fails("mod", "download", THEIRS + "@latest")


def test_a_range_of_versions_is_refused(chain, go, server):
    server.admin.ok("POST", "/api/v1/policies", json={
        "name": "hole", "scope": "project:" + chain, "action": "deny", "match": {"packages": [THEIRS], "versions": ">=v1.1.0"}})
    client = go(chain + "/proxy")
    assert '"Version": "v1.0.0"' in client.ok("mod", "download", "-json", THEIRS + "@latest")
    assert "policy hole" in client.fails("mod", "download", THEIRS + "@v1.1.0")


def test_what_the_go_command_would_refuse_is_not_published(chain, server, tmp_path):
    hosted = chain + "/ours"
    again = publish(server, hosted, tmp_path, OURS, "v1.0.0", expect=(400,), extra="x")
    assert "File already exists" in again.text
    refused = publish(server, hosted, tmp_path, OURS, "v1.3.0", expect=(400,), **{"Readme": "x", "README": "x"})
    assert "capitals do not count" in refused.text and refused.headers["Content-Type"].startswith("text/plain")
    wrong = server.admin.put("/go/%s/%s/@v/v1.3.zip" % (hosted, escape(OURS)), data=b"x")
    assert wrong.status_code == 400 and "version: must be whole" in wrong.text
    assert server.admin.get("/go/%s/%s/@v/v1.3.0.info" % (hosted, escape(OURS))).status_code == 404


def test_the_script_of_the_documentation_publishes_a_tag(chain, go, server, tmp_path):
    text = (ROOT / "docs" / "formats" / "go.md").read_text()
    script = text.split("```sh\n", 1)[1].split("```", 1)[0]
    for old, new in [("corp.example.com/team/lib", "corp.test/Team/tagged"), ("https://save.example.com", server.url),
                     ("backend/go-hosted", chain + "/ours"), ("--netrc", "-u 'admin:%s'" % PASSWORD)]:
        assert old in script
        script = script.replace(old, new)
    work = tmp_path / "work"
    (work / "sub" / "deep").mkdir(parents=True)
    (work / "go.mod").write_text("module corp.test/Team/tagged\n\ngo 1.20\n")
    (work / "lib.go").write_text('package tagged\n\nconst Name = "tagged"\n')
    (work / "sub" / "deep" / "data.txt").write_text("x" * 100_000)
    git = ["git", "-c", "user.name=t", "-c", "user.email=t@t.test", "-c", "commit.gpgsign=false"]
    for command in [["init", "-q"], ["add", "."], ["commit", "-q", "-m", "one"], ["tag", "v1.2.3"]]:
        subprocess.run([*git, *command], cwd=work, check=True, stdout=subprocess.DEVNULL)
    done = subprocess.run(["sh", "-euc", script], cwd=work, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert done.returncode == 0, done.stdout
    assert go(chain + "/group").versions("corp.test/Team/tagged") == ["v1.2.3"]
    project = go(chain + "/group").project(tmp_path / "project", "corp.test/Team/tagged")
    go(chain + "/group").ok("get", "corp.test/Team/tagged", cwd=project)


def test_a_module_cache_is_imported_as_it_lies_on_the_disk(chain, go, tmp_path):
    client = go(chain + "/proxy")
    client.ok("mod", "download", THEIRS + "@v1.0.0")
    other = Server(tmp_path / "data").start()
    other.create("team/hosted", format="go")
    assert other.stop() == 0
    done = command("import", "--data", other.data, "--format", "go", "--repository", "team/hosted",
                   client.last / "modules" / "cache" / "download")
    assert done.returncode == 0, done.stdout + done.stderr
    other.start()
    listed = other.admin.get("/go/team/hosted/%s/@v/list" % escape(THEIRS)).text
    assert other.stop() == 0
    assert listed.split()[0] == "v1.0.0"


def test_a_checksum_database_is_passed_through_where_a_setting_names_it(chain, server, upstream, folder, tmp_path):
    # The name is the host that the go command asks by itself.
    place, name = upstream.tree.folder, "127.0.0.1"
    database = ChecksumDatabase(tmp_path / "database", name)
    for version in ("v1.0.0", "v1.1.0"):
        database.add(THEIRS, version, place / escape(THEIRS) / "@v" / (version + ".zip"))

    def build(kind, number):
        client = Go(folder, "%s/go/%s/%s" % (server.url, chain, kind), GOSUMDB=database.key, GONOSUMDB=OURS)
        project = client.project(tmp_path / ("project%d" % number), THEIRS, OURS)
        return client.run("get", THEIRS, OURS + "@v1.0.0", cwd=project)

    for path, content in database.files(escape).items():
        (place / path).parent.mkdir(parents=True, exist_ok=True)
        (place / path).write_bytes(content)
    # Left to itself, the go command asks the database's own host: nobody answers there.
    assert "connect: connection refused" in build("group", 1).stderr
    assert not [path for path in upstream.asked if "sumdb" in path]
    for kind in ("proxy", "group", "mirror"):
        server.admin.ok("PATCH", "/api/v1/repos/%s/%s" % (chain, kind), json={"settings": {"sumdb": [name]}})
    assert build("group", 2).returncode == 0
    done = build("mirror", 3)
    assert done.returncode == 0, done.stderr
    # Of what is hosted here nobody else is asked.
    lookup = "/go/%s/group/sumdb/127.0.0.1/lookup/%s@v1.0.0" % (chain, escape(OURS))
    assert server.admin.get(lookup).status_code == 404
    assert not [path for path in upstream.asked if "lookup/corp" in path]
    assert server.admin.get("/go/%s/group/sumdb/other.test/supported" % chain).status_code == 404
    # A hash that differs is told by the go command, and not by the server.
    other = ChecksumDatabase(tmp_path / "other", name)
    assert name in Go(folder, "%s/go/%s/group" % (server.url, chain), GOSUMDB=other.key, GONOSUMDB="").fails(
        "mod", "download", THEIRS + "@v1.0.0")
    refused = server.admin.request("PATCH", "/api/v1/repos/%s/group" % chain, json={"settings": {"sumdb": ["no/name"]}})
    assert refused.status_code == 400 and "sumdb: must be a list" in refused.text


def test_checksum_databases_are_left_to_the_go_command(chain, server):
    answer = server.admin.get("/go/%s/group/sumdb/sum.test/supported" % chain)
    assert answer.status_code == 404 and answer.headers["Content-Type"].startswith("text/plain")


def test_a_deleted_version_is_gone_with_its_go_mod(chain, go, server):
    place = "/go/%s/ours/%s/@v/v1.0.0" % (chain, escape(OURS))
    assert server.admin.get(place + ".info").json()["Version"] == "v1.0.0"
    server.admin.ok("DELETE", place + ".zip")
    for ending in [".zip", ".mod", ".info"]:
        assert server.admin.get(place + ending).status_code == 404
    assert go(chain + "/ours").versions(OURS) == ["v1.2.0-RC1"]


UNTAGGED, OLD, NEW = "public.test/Untagged", "v0.0.0-20200102030405-abcdefabcdef", "v0.0.0-%s-fedcbafedcba"


@pytest.fixture
def untagged(upstream):
    """A module of the upstream without tags: `main` is the commit of now, `old` one of years ago."""
    now = datetime.datetime.now(datetime.timezone.utc)
    new = NEW % now.strftime("%Y%m%d%H%M%S")
    upstream.tree.add(UNTAGGED, OLD, listed=False)
    upstream.tree.add(UNTAGGED, new, time=now.strftime("%Y-%m-%dT%H:%M:%SZ"), listed=False)
    for name, version in [("old", OLD), ("main", new), ("latest", new)]:
        upstream.tree.name(UNTAGGED, name, version)
    return new


def explained(server, chain, module):
    """The page that says what clients get under a name, and why."""
    return server.admin.ok("GET", "/ui/go/%s/group/%s/?tab=explain" % (chain, module)).text


@pytest.mark.parametrize("kind, program", [("group", None), ("mirror", None), ("group", DEBIAN)])
def test_branches_and_commits_come_through_proxies_and_build_while_the_upstream_is_away(
        chain, go, upstream, untagged, tmp_path, kind, program):
    client = go("%s/%s" % (chain, kind), program)
    project = client.project(tmp_path / "project", UNTAGGED, THEIRS)
    client.ok("get", UNTAGGED + "@old", THEIRS + "@v1.0.0", cwd=project)
    assert OLD in (project / "go.mod").read_text()
    client.ok("get", UNTAGGED + "@latest", cwd=project)
    assert untagged in (project / "go.mod").read_text()
    client.ok("get", UNTAGGED + "@main", cwd=project)
    client.ok("build", "./...", cwd=project)
    assert client.versions(UNTAGGED) == []
    upstream.tree.name(UNTAGGED, "main", OLD)
    if kind == "group":
        client.ok("get", UNTAGGED + "@main", cwd=project)
        assert OLD in (project / "go.mod").read_text(), "a branch moves"
    upstream.stop()
    client.ok("build", "./...", cwd=project)
    client.ok("mod", "download", UNTAGGED + "@old")
    assert "404" in client.fails("mod", "download", OURS + "@main"), "nobody says of a hosted module which version a branch is"


def test_rules_judge_what_no_list_has(chain, go, server, untagged):
    client = go(chain + "/group")
    client.ok("mod", "download", UNTAGGED + "@main")
    policy = server.admin.ok("POST", "/api/v1/policies", json={
        "name": "cooldown-7d", "scope": "project:" + chain, "action": "deny", "match": {"younger_than": "7d"}}).json()
    reason = "Blocked by Save: %s %s" % (UNTAGGED, untagged[:25])
    for version in ["main", "latest", untagged]:
        shown = client.fails("mod", "download", "%s@%s" % (UNTAGGED, version))
        assert reason in shown, version
    assert OLD in client.ok("mod", "download", "-json", UNTAGGED + "@old")
    shown = explained(server, chain, UNTAGGED)
    assert "%s.zip" % escape(untagged) in shown and "policy cooldown-7d" in shown and "by its exact name" in shown
    as_of = "/go/%s/group/+at/2021-01-01/%s/@v/%%s" % (chain, escape(UNTAGGED))
    assert server.admin.get(as_of % (OLD + ".zip")).status_code == 200
    server.admin.ok("DELETE", "/api/v1/policies/%d" % policy["id"])
    assert server.admin.get(as_of % (untagged + ".zip")).status_code == 404
    assert server.admin.get(as_of % "main.info").status_code == 404


def test_a_version_that_is_asked_for_before_there_is_one_is_new_when_it_comes(chain, server, upstream):
    server.admin.ok("POST", "/api/v1/policies", json={
        "name": "cooldown", "scope": "project:" + chain, "action": "deny", "match": {"younger_than": "1s"}})
    place = "/go/%s/proxy/%s/@v/v1.7.0.zip" % (chain, escape(THEIRS))
    for _ in range(2):
        assert server.admin.get(place).status_code == 403
    assert not [path for path in upstream.asked if "v1.7.0" in path]
    with sqlite3.connect(server.data / "save.db") as database:
        assert not database.execute("SELECT * FROM file_sightings WHERE path LIKE '%v1.7.0%'").fetchall()


def test_what_the_upstream_does_not_have_is_asked_for_once(chain, server, upstream):
    for _ in range(3):
        assert server.admin.get("/go/%s/proxy/%s/@v/v1.8.0.zip" % (chain, escape(THEIRS))).status_code == 404
        assert server.admin.get("/go/%s/proxy/%s/@v/none.info" % (chain, escape(THEIRS))).status_code == 404
    assert [len([path for path in upstream.asked if path.endswith(name)]) for name in ("v1.8.0.zip", "none.info")] == [1, 1]


def test_what_is_below_a_hosted_module_is_taken_from_no_upstream(chain, go, server, upstream, tmp_path):
    for module, version in [(OURS + "/v2", "v2.9.9"), (OURS + "/tool", "v1.9.9"), (OURS + "/sub", "v1.9.9")]:
        upstream.tree.add(module, version)
    publish(server, chain + "/ours", tmp_path, OURS, "v1.3.0", **{"sub/sub.go": 'package sub\n\nconst Name = "ours"\n'})
    client = go(chain + "/group")
    for module in (OURS + "/v2", OURS + "/tool"):
        assert "lies below '%s'" % OURS in client.fails("mod", "download", module + "@latest")
    project = client.project(tmp_path / "project", OURS + "/sub")
    client.ok("get", OURS + "/sub", cwd=project)
    client.ok("build", "./...", cwd=project)
    assert "%s v1.3.0" % OURS in (project / "go.mod").read_text() and OURS + "/sub" not in (project / "go.mod").read_text()
    assert not [path for path in upstream.asked if escape(OURS) + "/" in path]
    # A reserved prefix does not keep the go command from finding a folder of a module.
    server.admin.ok("PATCH", "/api/v1/repos/%s/group" % chain, json={"reserved_names": ["corp.test/*"]})
    client.ok("get", OURS + "/sub", cwd=client.project(tmp_path / "other", OURS + "/sub"))
    assert "reserved" in client.fails("mod", "download", "corp.test/Team/nobody@latest")
    publish(server, chain + "/ours", tmp_path, OURS + "/v2", "v2.0.0")
    assert client.versions(OURS + "/v2") == ["v2.0.0"]


def test_go_loaded_in_place_of_the_one_that_is_compiled_in(new_server, folder, upstream, tmp_path):
    server = new_server("loaded", SAVE_PLUGINS=str(shared("Go")))
    assert {item["id"]: item["origin"] for item in server.admin.get("/api/v1/formats").json()["items"]}["go"] == "loaded"
    server.create("team/ours", format="go", anonymous_read=True)
    server.create("team/proxy", format="go", kind="proxy", anonymous_read=True, remote_url=upstream.url)
    server.create("team/group", format="go", kind="group", anonymous_read=True, members=["team/ours", "team/proxy"])
    publish(server, "team/ours", tmp_path, OURS, "v1.0.0", requires=[(THEIRS, "v1.0.0")])
    client = Go(folder, server.url + "/go/team/group")
    project = client.project(tmp_path / "project", OURS, THEIRS)
    client.ok("get", OURS, THEIRS, cwd=project)
    client.ok("build", "./...", cwd=project)
    # Versions and ranges are read by the one reader, which is the server's.
    server.admin.ok("POST", "/api/v1/policies", json={
        "name": "hole", "scope": "project:team", "action": "deny", "match": {"packages": [THEIRS], "versions": ">=v1.1.0"}})
    assert client.versions(THEIRS) == ["v1.0.0"]


def test_a_private_prefix_is_never_asked_upstream(server, repository, upstream, go):
    """No request about a reserved name reaches the upstream, whichever it is and through whichever repository."""
    server.create(repository + "/proxy", format="go", kind="proxy", anonymous_read=True, cache_ttl=0, remote_url=upstream.url,
                  reserved_names=["corp.test/*"], settings={"sumdb": ["sum.test"]})
    server.create(repository + "/group", format="go", kind="group", anonymous_read=True, members=[repository + "/proxy"])
    module = escape(OURS)
    places = ["%s/@v/list", "%s/@latest", "%s/@v/v1.9.9.info", "%s/@v/v1.9.9.mod", "%s/@v/v1.9.9.zip", "%s/@v/main.info",
              "%s/@v/v1.0.1-0.20260102030405-abcdefabcdef.zip", "%s/v2/@v/list", "%s/deep/below/@latest", "sumdb/sum.test/lookup/%s@v1.9.9"]
    for kind in ("proxy", "group"):
        for place in places:
            for at in ("", "+at/2026-11-27/"):
                answer = server.admin.get("/go/%s/%s/%s%s" % (repository, kind, at, place % module))
                assert answer.status_code in (403, 404), (kind, at, place, answer.status_code, answer.text)
        assert "reserved" in go("%s/%s" % (repository, kind)).fails("mod", "download", OURS + "@latest")
        server.admin.ok("GET", "/api/v1/repos/%s/%s/packages/%s/explain?refresh=true" % (repository, kind, OURS.replace("/", "%2F")))
        server.admin.get("/ui/go/%s/%s/%s/?tab=explain&refresh=true" % (repository, kind, OURS))
    assert not [path for path in upstream.asked if "corp.test" in path.lower()], upstream.asked


def test_the_rest_api_knows_modules_by_their_paths(chain, server, tmp_path):
    base = "/api/v1/repos/%s/ours/packages/" % chain
    shown = server.admin.ok("GET", base + OURS.replace("/", "%2F")).json()
    assert shown["display_name"] == OURS and [item["version"] for item in shown["versions"]] == ["v1.2.0-RC1", "v1.0.0"]
    # Lists show names as paths take them, each slash encoded.
    names = [item["name"] for item in server.admin.ok("GET", "/api/v1/repos/%s/ours/packages" % chain).json()["items"]]
    for name in names:
        assert server.admin.get(base + name.replace("/", "%2f")).status_code == 200
    assert server.admin.get(base + OURS).status_code == 404
    server.admin.ok("DELETE", base + OURS.replace("/", "%2F") + "/versions/v1.0.0")
    assert server.admin.get("/go/%s/ours/%s/@v/v1.0.0.zip" % (chain, escape(OURS))).status_code == 404
