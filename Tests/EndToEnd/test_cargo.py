"""Cargo: the real client publishes and builds through hosted, proxy and group."""
import datetime
import hashlib
import http.server
import io
import json
import shutil
import tarfile
import threading
import tomllib

import pytest

from harness.clients.cargo import Cargo, crate
from harness.plugins import shared
from harness.server import PASSWORD, Server, command


@pytest.fixture
def hosted(server, repository):
    server.create(repository + "/hosted", format="cargo")
    return repository + "/hosted"


@pytest.fixture
def key(server, repository, hosted):
    """The key of a robot that may read and publish."""
    return server.robot(repository, "developer")[1]


@pytest.fixture
def cargo(server, tmp_path):
    def make(repository, token=None, name="home", at=server):
        return Cargo(tmp_path / name, "%s/cargo/%s/" % (at.url, repository), token)
    return make


def locked(folder):
    """Names and versions of a lock file."""
    return {item["name"]: item["version"] for item in tomllib.loads((folder / "Cargo.lock").read_text())["package"]}


def rebuild(client, folder):
    """Builds from the lock file alone, with nothing at hand."""
    client.forget()
    shutil.rmtree(folder / "target", ignore_errors=True)
    return client.run("build", "--locked", cwd=folder)


def test_what_is_published_is_added_built_yanked_and_built_from_its_lock(server, cargo, hosted, key, tmp_path):
    client = cargo(hosted, key)
    client.publish(crate(tmp_path / "one", "My_Crate", "0.1.0"))
    client.publish(crate(tmp_path / "two", "uses-it", "1.0.0+build.5", 'own = { package = "My_Crate", version = "0.1", registry = "save", optional = true }\n'
                         '[features]\nown = ["dep:own"]'))
    app = crate(tmp_path / "app", "app", "0.0.0", code="pub fn f() -> u32 { My_Crate::answer() }\n")
    client.ok("add", "--registry", "save", "My_Crate", cwd=app)
    client.ok("add", "--registry", "save", "uses-it", "--features", "own", cwd=app)
    client.ok("build", cwd=app)
    assert locked(app) == {"app": "0.0.0", "My_Crate": "0.1.0", "uses-it": "1.0.0+build.5"}
    line = json.loads(server.admin.get("/cargo/%s/us/es/uses-it" % hosted).text)
    assert line["features2"] == {"own": ["dep:own"]} and line["v"] == 2 and line["deps"][0]["package"] == "My_Crate"
    assert datetime.datetime.strptime(line["pubtime"], "%Y-%m-%dT%H:%M:%SZ")

    client.ok("yank", "--registry", "save", "My_Crate@0.1.0")
    assert rebuild(client, app).returncode == 0, "a lock file goes on to work"
    new = crate(tmp_path / "new", "new", "0.0.0", 'My_Crate = { version = "0.1", registry = "save" }')
    assert "0.1.0 is yanked" in client.refused("build", cwd=new)
    client.ok("yank", "--undo", "--registry", "save", "My_Crate@0.1.0")
    client.ok("build", cwd=new)


def test_a_refused_publish_says_why_in_the_words_of_the_server(cargo, hosted, key, tmp_path):
    client = cargo(hosted, key)
    client.publish(crate(tmp_path / "one", "my_crate", "1.0.0+a"))
    publish = ["publish", "--registry", "save", "--no-verify", "--allow-dirty"]
    shown = client.refused(*publish, cwd=crate(tmp_path / "two", "my_crate", "1.0.0+b"))
    assert "already exists" in shown.lower(), shown
    shown = client.refused(*publish, cwd=crate(tmp_path / "three", "my-crate", "2.0.0"))
    assert "409" in shown and "my_crate" in shown, shown
    assert client.refused("owner", "--registry", "save", "--add", "bob", "my_crate").count("decided by the members of the project")
    assert client.refused("yank", "--registry", "save", "my_crate@9.0.0").count("there is no version '9.0.0' of this crate")


def test_login_takes_a_key_and_a_private_registry_asks_for_one(server, cargo, hosted, key, repository, tmp_path):
    nobody = cargo(hosted)
    app = crate(tmp_path / "app", "app", "0.0.0", 'thing = { version = "1", registry = "save" }')
    assert "cargo login --registry save" in nobody.refused("build", cwd=app)
    shown = nobody.ok("login", "--registry", "save", input=key + "\n")
    assert "Login token for `save` saved" in shown
    nobody.publish(crate(tmp_path / "thing", "thing", "1.0.0"))
    nobody.ok("build", cwd=app)
    assert "thing" in nobody.ok("search", "--registry", "save", "thing")
    assert nobody.ok("owner", "--registry", "save", "--list", "thing").split()[-1].startswith("sa$")
    nobody.ok("logout", "--registry", "save")

    wrong = cargo(hosted, "sav_wrong", name="wrong")
    shown = wrong.refused("build", cwd=app)
    assert "token rejected for `save`" in shown and "the credentials are not valid" in shown, shown
    _, reading = server.robot(repository, "viewer", name="reader")
    shown = cargo(hosted, reading, name="reader").refused("publish", "--registry", "save", "--no-verify", "--allow-dirty",
                                                          cwd=tmp_path / "thing")
    assert "already exists" in shown, "cargo looks into the index first"
    (tmp_path / "thing" / "Cargo.toml").write_text((tmp_path / "thing" / "Cargo.toml").read_text().replace("1.0.0", "1.1.0"))
    shown = cargo(hosted, reading, name="reader").refused("publish", "--registry", "save", "--no-verify", "--allow-dirty",
                                                          cwd=tmp_path / "thing")
    assert "status 403" in shown, shown


def test_what_everybody_may_read_takes_no_key(server, cargo, repository, key, tmp_path):
    server.create(repository + "/open", format="cargo", anonymous_read=True)
    cargo(repository + "/open", key).publish(crate(tmp_path / "thing", "thing", "1.0.0"))
    app = crate(tmp_path / "app", "app", "0.0.0", 'thing = { version = "1", registry = "save" }')
    cargo(repository + "/open", name="nobody").ok("build", cwd=app)
    # The setting counts at once.
    server.admin.ok("PATCH", "/api/v1/repos/%s/open" % repository, json={"anonymous_read": False})
    assert "cargo login" in cargo(repository + "/open", name="later").refused("build", cwd=app)


def test_a_group_takes_own_names_from_nowhere_else_and_builds_without_its_upstream(server, new_server, cargo, repository, key, tmp_path):
    upstream = new_server("upstream")
    upstream.create("up/all", format="cargo")
    _, other = upstream.robot("up", "developer")
    there = cargo("up/all", other, name="there", at=upstream)
    there.publish(crate(tmp_path / "dep", "some_dep", "1.5.0"))
    there.publish(crate(tmp_path / "evil", "acme-lib", "9.0.0"))
    server.create(repository + "/own", format="cargo")
    server.create(repository + "/proxy", format="cargo", kind="proxy", remote_url=upstream.url + "/cargo/up/all/", remote_username="admin",
                  remote_password=PASSWORD)
    server.create(repository + "/all", format="cargo", kind="group", members=[repository + "/proxy", repository + "/own"])
    cargo(repository + "/own", key, name="own").publish(crate(tmp_path / "acme", "acme_lib", "1.0.0"))

    client = cargo(repository + "/all", key)
    app = crate(tmp_path / "app", "app", "0.0.0", 'acme_lib = "*"\nsome_dep = "1"\n')
    client.ok("build", cwd=app)
    assert locked(app) == {"app": "0.0.0", "acme_lib": "1.0.0", "some_dep": "1.5.0"}
    base = "/cargo/%s/all/" % repository
    for place in ("ac/me/acme-lib", "ac/me/acme_lib"):
        assert [json.loads(line)["vers"] for line in server.admin.get(base + place).text.splitlines()] == ["1.0.0"]
    for name in ("acme-lib", "acme_lib", "Acme_Lib"):
        assert server.admin.get(base + "api/v1/crates/%s/9.0.0/download" % name).status_code == 404
    shown = server.admin.get(base + "api/v1/crates?q=lib").json()
    assert [(item["name"], item["max_version"]) for item in shown["crates"]] == [("acme_lib", "1.0.0")]

    assert upstream.stop() == 0
    done = rebuild(client, app)
    assert done.returncode == 0, done.stdout


class StaticRegistry:
    """A registry of files: the index on one port, crates on another, as large registries have them."""

    def __init__(self):
        self.index, self.files, self.asked, self.tokens = {}, {}, [], []
        # What the index wants in `Authorization`; nil for nothing.
        self.token = None
        self.servers = [self.serve(self.index), self.serve(self.files)]
        self.url = "http://127.0.0.1:%d" % self.servers[0].server_port
        self.index["/config.json"] = json.dumps({"dl": "http://127.0.0.1:%d/{prefix}/{crate}-{version}.crate" % self.servers[1].server_port})

    def serve(self, pages):
        registry = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                registry.asked.append(self.path)
                page = pages.get(self.path)
                sent = self.headers.get("Authorization")
                registry.tokens.append((pages is registry.index, sent))
                refused = pages is registry.index and registry.token not in (None, sent)
                page = "no" if refused else page
                body = page.encode() if isinstance(page, str) else page or b""
                self.send_response(401 if refused else 404 if page is None else 200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *arguments):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return server

    def publish(self, name, version, age, code="pub fn f() {}\n", cksum=None):
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w:gz") as tar:
            for path, text in (("Cargo.toml", '[package]\nname = "%s"\nversion = "%s"\nedition = "2021"\n' % (name, version)), ("src/lib.rs", code)):
                entry = tarfile.TarInfo("%s-%s/%s" % (name, version, path))
                entry.size = len(text)
                tar.addfile(entry, io.BytesIO(text.encode()))
        time = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=age, minutes=5)
        line = {"name": name, "vers": version, "deps": [], "cksum": cksum or hashlib.sha256(packed.getvalue()).hexdigest(), "features": {},
                "yanked": False, "pubtime": time.strftime("%Y-%m-%dT%H:%M:%SZ")}
        place = "%s/%s" % (name[:2], name[2:4])
        self.index["/%s/%s" % (place, name)] = self.index.get("/%s/%s" % (place, name), "") + json.dumps(line) + "\n"
        self.files["/%s/%s-%s.crate" % (place, name, version)] = packed.getvalue()


@pytest.fixture
def static():
    registry = StaticRegistry()
    yield registry
    for one in registry.servers:
        one.shutdown()
        one.server_close()


def test_crates_on_another_host_are_verified_and_a_policys_reason_is_printed(server, cargo, repository, key, static, tmp_path):
    static.publish("old_and_new", "1.0.0", age=30)
    static.publish("old_and_new", "1.1.0", age=2)
    static.publish("damaged", "1.0.0", age=30, cksum="ab" * 32)
    proxy = repository + "/proxy"
    server.create(proxy, format="cargo", kind="proxy", remote_url=static.url + "/")
    client = cargo(proxy, key)
    app = crate(tmp_path / "app", "app", "0.0.0", 'old_and_new = "1"\n')
    client.ok("build", cwd=app)
    assert locked(app)["old_and_new"] == "1.1.0"
    assert "/old/_and/old_and_new-1.1.0.crate" not in static.asked and "/ol/d_/old_and_new-1.1.0.crate" in static.asked
    # A crate that is not the one of its index never comes out as if it were.
    bad = crate(tmp_path / "bad", "bad", "0.0.0", 'damaged = "1"\n')
    assert "failed to download" in client.refused("build", cwd=bad)

    server.admin.ok("POST", "/api/v1/policies", json={
        "name": "cooldown-7d", "scope": "project:" + repository, "action": "deny", "match": {"younger_than": "7d"}})
    shown = " ".join(rebuild(client, app).stdout.split())
    assert "Blocked by Save: old-and-new 1.1.0 is 2 days old, policy cooldown-7d" in shown, shown
    # Without a lock file, cargo takes the newest version that it may have.
    (app / "Cargo.lock").unlink()
    client.ok("build", cwd=app)
    assert locked(app)["old_and_new"] == "1.0.0"
    lines = [json.loads(line) for line in server.admin.get("/cargo/%s/ol/d_/old_and_new" % proxy).text.splitlines()]
    assert [(line["vers"], line["yanked"]) for line in lines] == [("1.0.0", False), ("1.1.0", True)]


def test_an_upstream_that_wants_its_token_bare_gets_it_and_nobody_else(server, cargo, repository, key, static, tmp_path):
    static.token = "tok-en.of/theirs=="
    static.publish("private_dep", "1.0.0", age=30)
    proxy = repository + "/proxy"
    server.create(proxy, format="cargo", kind="proxy", cache_ttl=0, remote_url=static.url + "/", remote_password=static.token)
    app = crate(tmp_path / "app", "app", "0.0.0", 'private_dep = "1"\n')
    client = cargo(proxy, key)
    client.ok("build", cwd=app)
    # Crates are on another host: credentials go to the upstream's own server only.
    assert set(static.tokens) == {(True, static.token), (False, None)}
    # With a user name it is a password, as it is for every format.
    server.admin.ok("PATCH", "/api/v1/repos/" + proxy, json={"remote_username": "me"})
    del static.tokens[:]
    server.admin.get("/cargo/%s/pr/iv/private_dep" % proxy)
    assert static.tokens and all(sent.startswith("Basic ") for _, sent in static.tokens)


def test_a_proxy_signs_in_to_another_server_as_cargo_does(server, new_server, cargo, repository, key, tmp_path):
    upstream = new_server("upstream")
    upstream.create("up/all", format="cargo")
    _, theirs = upstream.robot("up", "developer")
    cargo("up/all", theirs, name="there", at=upstream).publish(crate(tmp_path / "dep", "some_dep", "1.5.0"))
    server.create(repository + "/proxy", format="cargo", kind="proxy", remote_url=upstream.url + "/cargo/up/all/", remote_password=theirs)
    app = crate(tmp_path / "app", "app", "0.0.0", 'some_dep = "1"\n')
    client = cargo(repository + "/proxy", key)
    client.ok("build", cwd=app)
    assert locked(app)["some_dep"] == "1.5.0"
    assert "some_dep" in client.ok("search", "--registry", "save", "some"), "searches go the same way"


def test_a_folder_of_crates_is_imported_and_builds(server, cargo, hosted, key, tmp_path):
    client = cargo(hosted, key)
    client.publish(crate(tmp_path / "one", "My_Crate", "0.1.0"))
    client.publish(crate(tmp_path / "two", "uses-it", "1.0.0+build.5",
                         'own = { package = "My_Crate", version = "0.1", registry = "save", optional = true, default-features = false }\n'
                         '[features]\nown = ["dep:own"]\nplain = []\n[target."cfg(windows)".dev-dependencies]\n'
                         'My_Crate = { version = "0.1", registry = "save" }'))
    folder = tmp_path / "old" / "files"
    folder.mkdir(parents=True)
    for name, version in (("My_Crate", "0.1.0"), ("uses-it", "1.0.0+build.5")):
        file = server.admin.get("/cargo/%s/api/v1/crates/%s/%s/download" % (hosted, name, version))
        (folder / ("%s-%s.crate" % (name, version))).write_bytes(file.content)
    (folder / "notes.txt").write_text("no crate")
    (folder / "bad-1.0.0.crate").write_bytes(b"no crate")
    other = Server(tmp_path / "data").start()
    other.create("team/hosted", format="cargo", anonymous_read=True)
    assert other.stop() == 0
    done = command("import", "--data", other.data, "--format", "cargo", "--repository", "team/hosted", folder.parent)
    assert "2 published, 0 unchanged, 1 skipped, 1 refused" in done.stdout + done.stderr
    again = command("import", "--data", other.data, "--format", "cargo", "--repository", "team/hosted", folder.parent)
    assert "0 published, 2 unchanged" in again.stdout + again.stderr
    other.start()
    line = lambda at, place, name: {**json.loads(at.admin.get("/cargo/%s/%s" % (place, name)).text), "pubtime": None}
    for name in ("my/_c/my_crate", "us/es/uses-it"):
        published, imported = line(server, hosted, name), line(other, "team/hosted", name)
        for dependency in imported["deps"] + published["deps"]:
            # What the crate itself says of its own registry is an address, as it was when it was packed.
            assert dependency.pop("registry", None) in (None, "sparse+%s/cargo/%s/" % (server.url, hosted))
            # Cargo writes ^ in front of it when it publishes.
            dependency["req"] = dependency["req"].lstrip("^")
        key_of = lambda dependency: (dependency["kind"], dependency["name"])
        assert sorted(imported.pop("deps"), key=key_of) == sorted(published.pop("deps"), key=key_of)
        assert imported == published
    app = crate(tmp_path / "app", "app", "0.0.0", 'My_Crate = "0.1"\n')
    cargo("team/hosted", name="other", at=other).ok("build", cwd=app)
    assert other.stop() == 0


def test_cargo_loaded_in_place_of_the_one_that_is_compiled_in(new_server, cargo, tmp_path):
    server = new_server("loaded", SAVE_PLUGINS=str(shared("Cargo")))
    assert {item["id"]: item["origin"] for item in server.admin.get("/api/v1/formats").json()["items"]}["cargo"] == "loaded"
    server.create("team/hosted", format="cargo")
    _, key = server.robot("team", "developer")
    server.create("team/proxy", format="cargo", kind="proxy", remote_url=server.url + "/cargo/team/hosted/", remote_password=key)
    server.create("team/all", format="cargo", kind="group", members=["team/proxy"])
    cargo("team/hosted", key, name="hosted", at=server).publish(crate(tmp_path / "one", "my_crate", "0.1.0"))
    app = crate(tmp_path / "app", "app", "0.0.0", 'my_crate = ">=0.1, <2"\n')
    client = cargo("team/all", key, at=server)
    client.ok("build", cwd=app)
    assert locked(app)["my_crate"] == "0.1.0"
    # Versions and ranges are read by the one reader, which is the server's.
    server.admin.ok("POST", "/api/v1/policies", json={
        "name": "hole", "scope": "project:team", "action": "deny", "match": {"packages": ["my-crate"], "versions": "^0.1.0"}})
    assert "policy hole" in " ".join(rebuild(client, app).stdout.split())


def test_the_key_that_login_wants_is_made_as_its_page_says(server, cargo, hosted):
    page = server.admin.get("/cargo/%s/me" % hosted)
    assert page.status_code == 200 and "cargo login" in page.text and server.url + "/api/v1/user/keys" in page.text
    key = server.admin.ok("POST", "/api/v1/user/keys", json={"description": "cargo"}).json()["key"]
    client = cargo(hosted, name="login")
    client.ok("login", "--registry", "save", input=key + "\n")
    assert "warning" not in client.ok("search", "--registry", "save", "nothing-of-that-name")


def test_owners_are_those_who_published_and_members_of_the_project_are_changed_elsewhere(server, cargo, hosted, key, repository, tmp_path):
    client = cargo(hosted, key)
    client.publish(crate(tmp_path / "one", "owned", "1.0.0"))
    _, second = server.robot(repository, "developer", name="second")
    cargo(hosted, second, name="second").publish(crate(tmp_path / "two", "owned", "1.1.0"))
    shown = client.ok("owner", "--registry", "save", "--list", "owned")
    assert [line.split("-")[-1] for line in shown.splitlines() if "sa$" in line] == ["ci", "second"], shown
    for change in ("--add", "--remove"):
        assert "decided by the members of the project" in client.refused("owner", "--registry", "save", change, "bob", "owned")
    assert "there is no package 'nothing'" in client.refused("owner", "--registry", "save", "--list", "nothing")


def test_everything_that_was_cached_builds_while_the_upstream_is_away(server, cargo, repository, key, static, tmp_path):
    static.publish("kept", "1.0.0", age=30)
    proxy = repository + "/proxy"
    server.create(proxy, format="cargo", kind="proxy", cache_ttl=0, remote_url=static.url + "/")
    server.create(repository + "/all", format="cargo", kind="group", members=[proxy])
    apps = {kind: crate(tmp_path / kind, "app", "0.0.0", 'kept = "1"\n') for kind in ("proxy", "all")}
    clients = {kind: cargo("%s/%s" % (repository, kind), key, name="of-" + kind) for kind in apps}
    clients["proxy"].ok("build", cwd=apps["proxy"])
    for one in static.servers:
        one.shutdown()
        one.server_close()
    # Through the group nothing was ever asked: what the proxy has is enough, with a lock file and without.
    clients["all"].ok("build", cwd=apps["all"])
    assert rebuild(clients["proxy"], apps["proxy"]).returncode == 0
    assert server.admin.get("/cargo/%s/al/so/alsono" % proxy).status_code in (502, 503, 504)


@pytest.mark.parametrize("reserved", [[], ["acme-*"]])
def test_no_url_gives_what_an_upstream_has_of_a_hosted_name(server, cargo, repository, key, static, tmp_path, reserved):
    """The names of an upstream that are hosted here, in every spelling and at every place, through the group."""
    for name in ("acme-lib", "acme_lib"):
        static.publish(name, "9.0.0", age=30)
    server.create(repository + "/own", format="cargo")
    server.create(repository + "/proxy", format="cargo", kind="proxy", remote_url=static.url + "/", reserved_names=reserved)
    server.create(repository + "/all", format="cargo", kind="group", members=[repository + "/proxy", repository + "/own"])
    cargo(repository + "/own", key, name="own").publish(crate(tmp_path / "acme", "acme_lib", "1.0.0"))
    base = "/cargo/%s/all/" % repository
    spellings = ["acme_lib", "acme-lib", "Acme_Lib", "ACME-LIB", "acme%5Flib", "acme%2Dlib"]
    for name in spellings:
        for place in ("api/v1/crates/%s/9.0.0/download", "ac/me/%s", "+at/2026-11-27/ac/me/%s", "api/v1/crates/%s/owners"):
            answer = server.admin.get(base + place % name)
            if "9.0.0" in place:
                assert answer.status_code in (403, 404), (place, name, answer.status_code)
            else:
                assert "9.0.0" not in answer.text, (place, name, answer.text)
    assert "9.0.0" not in server.admin.get(base + "api/v1/crates?q=acme").text
    assert not [path for path in static.asked if "acme" in path.lower()], static.asked
    if reserved:
        refused = server.admin.get("/cargo/%s/proxy/ac/me/acme-lib" % repository)
        assert refused.status_code == 403 and "reserved" in refused.text
        assert not [path for path in static.asked if "acme" in path.lower()]
    app = crate(tmp_path / "app", "app", "0.0.0", 'acme_lib = ">=9"\n')
    assert "9.0.0" not in cargo(repository + "/all", key).refused("build", cwd=app)
