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
from harness.server import PASSWORD


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
        self.index, self.files, self.asked = {}, {}, []
        self.servers = [self.serve(self.index), self.serve(self.files)]
        self.url = "http://127.0.0.1:%d" % self.servers[0].server_port
        self.index["/config.json"] = json.dumps({"dl": "http://127.0.0.1:%d/{prefix}/{crate}-{version}.crate" % self.servers[1].server_port})

    def serve(self, pages):
        registry = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                registry.asked.append(self.path)
                page = pages.get(self.path)
                body = page.encode() if isinstance(page, str) else page or b""
                self.send_response(404 if page is None else 200)
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
