"""docs/troubleshooting.md, line by line: each symptom is brought about with the real client and must read as the page says, and
its mend is carried out."""
import inspect
import re
import socket
import subprocess
from urllib.parse import quote

import pytest

import make_fixtures
from harness import clients
from harness.clients.npm import Npm, package
from harness.plugins import build
from harness.server import BINARY, PASSWORD, ROOT, Server, command
from harness.upstream import ScriptedUpstream

PAGE = ROOT / "docs" / "troubleshooting.md"
SCENES = {}


def symptoms():
    """What each row of the page's tables quotes in its first cell: the words of a client or of the server, in backticks."""
    rows = re.findall(r"^\| (?!---|symptom)(.*?) \| .* \| .* \|$", PAGE.read_text(), re.M)
    return [tuple(re.findall(r"`([^`]+)`", row)) for row in rows]


def scene(function):
    """A generator: what is seen, then the mend, whose outcome it checks itself. Its name is the key; its docstring the row's words."""
    SCENES[tuple(line.strip() for line in inspect.getdoc(function).splitlines())] = function
    return function


def flat(text):
    """Clients fold lines at the width of a terminal, draw frames, and colour words."""
    text = re.sub(r"\x1b\[[0-9;]*m", "", text)
    return re.sub(r"[\s│╰─╭╮╯❯]+", "", text)


def parts(fragment):
    """`…` on the page stands for what differs from case to case."""
    return [flat(part) for part in fragment.split("…") if part.strip()]


def test_every_line_of_the_page_is_run_and_nothing_else_is():
    assert sorted(symptoms()) == sorted(SCENES)


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """A server with a repository of each kind, a publisher, and a viewer."""
    folder = tmp_path_factory.mktemp("world")
    plugin = build(ROOT / "Plugins" / "Npm", folder / "npm.so")
    upstream = ScriptedUpstream()
    upstream.add(make_fixtures.wheel("requests", "2.0"))
    server = Server(folder / "data", SAVE_PLUGINS=str(plugin)).start()
    yield World(server, upstream, folder)
    upstream.stop()
    assert server.stop() == 0, server.log_tail()


class World:
    def __init__(self, server, upstream, folder):
        self.server, self.upstream, self.folder = server, upstream, folder
        self.admin = server.client()
        for name, settings in {
            "hosted": dict(repository_type="hosted"),
            "proxy": dict(repository_type="proxy", remote_url=upstream.url),
            "group": dict(repository_type="group", members=["demo/hosted", "demo/proxy"]),
            "files": dict(repository_type="hosted", format="raw"),
            "npm": dict(repository_type="hosted", format="npm"),
        }.items():
            self.admin.ok("POST", "/api/v1/repos", json={"project": "demo", "name": name, "format": "pypi", **settings})
        for name, role in (("alice", "developer"), ("bob", "viewer")):
            self.admin.ok("POST", "/api/v1/users", json={"username": name, "password": PASSWORD})
            self.admin.ok("PUT", "/api/v1/projects/demo/members/" + name, json={"role": role})
        self.count = 0

    def fresh(self):
        """A folder, and a name for a package, that nobody else uses."""
        self.count += 1
        folder = self.folder / str(self.count)
        folder.mkdir()
        return folder

    def tool(self, name):
        return clients.tool(name, self.fresh())

    def index(self, repository="hosted", user="alice", password=PASSWORD):
        userinfo = "%s:%s@" % (user, quote(password)) if user else ""
        return self.server.url.replace("://", "://" + userinfo) + "/pypi/demo/%s/simple/" % repository

    def page(self, repository, name, user="alice", password=PASSWORD):
        """What `curl` says of a package's page."""
        done = subprocess.run(["curl", "-sS", "-u", "%s:%s" % (user, password), self.index(repository, None) + name + "/"],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        return done.stdout

    def wheel(self, payload=b"", name=None):
        """A wheel of a package of its own, as a file."""
        folder = self.fresh()
        made = make_fixtures.wheel(name or "pack%d" % self.count, "1.0", payload=payload)
        made.write(folder)
        return made, folder / made.filename

    def published(self):
        made, file = self.wheel()
        assert self.admin.upload("demo/hosted", made).status_code in (200, 201)
        return made, file

    def twine(self, file, repository="hosted", user="alice", password=PASSWORD):
        return self.tool("twine7").publish("%s/pypi/demo/%s/" % (self.server.url, repository), user, password, file)

    def npm(self, user="alice", password=PASSWORD):
        return Npm(self.fresh(), "%s/npm/demo/npm/" % self.server.url, user, password)



# Installing


@scene
def pip_with_a_wrong_password(world):
    """401 Error, Credentials not correct for"""
    made, _ = world.published()
    yield world.tool("pip-newest").install(world.index(password="wrong"), made.name).text
    world.tool("pip-newest").install(world.index(), made.name).must_succeed()


@scene
def pip_without_credentials(world):
    """No matching distribution found for
    sign in with a user name and password"""
    made, _ = world.published()
    seen = world.tool("pip-newest").install(world.index(user=None), made.name).text
    yield seen + subprocess.run(["curl", "-sS", world.index(user=None) + made.name + "/"], stdout=subprocess.PIPE, text=True).stdout
    world.tool("pip-newest").install(world.index(), made.name).must_succeed()


@scene
def pip_with_a_repository_that_is_not_there(world):
    """No matching distribution found for
    there is no such repository"""
    made, _ = world.published()
    yield world.tool("pip-newest").install(world.index("hostde"), made.name).text + world.page("hostde", made.name)
    world.tool("pip-newest").install(world.index("hosted"), made.name).must_succeed()


@scene
def pip_with_a_package_that_is_not_there(world):
    """No matching distribution found for
    there is no package"""
    made, file = world.wheel()
    yield world.tool("pip-newest").install(world.index(), made.name).text + world.page("hosted", made.name)
    assert world.twine(file).status == 0
    world.tool("pip-newest").install(world.index(), made.name).must_succeed()


@scene
def pip_while_the_upstream_is_away(world):
    """No matching distribution found for
    does not answer"""
    away = ScriptedUpstream()
    made, _ = world.wheel()
    away.add(made)
    name = "away%d" % world.count
    world.admin.ok("POST", "/api/v1/repos", json={"project": "demo", "name": name, "format": "pypi", "repository_type": "proxy",
                                                  "remote_url": away.url})
    away.stop()
    yield world.tool("pip-newest").install(world.index(name), made.name).text + world.page(name, made.name)
    # Back again, at another address.
    world.upstream.add(made)
    world.admin.ok("PATCH", "/api/v1/repos/demo/" + name, json={"remote_url": world.upstream.url})
    world.tool("pip-newest").install(world.index(name), made.name).must_succeed()


@scene
def pip_with_a_digest_of_other_bytes(world):
    """THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE"""
    made, _ = world.published()
    wanted = world.fresh() / "requirements.txt"
    wanted.write_text("%s==1.0 --hash=sha256:%s\n" % (made.name, "0" * 64))
    yield world.tool("pip-newest").install(world.index(), "-r", wanted).text
    wanted.write_text("%s==1.0 --hash=sha256:%s\n" % (made.name, made.sha256))
    world.tool("pip-newest").install(world.index(), "-r", wanted).must_succeed()


def quarantine(world, made, status):
    world.admin.ok("PATCH", "/api/v1/repos/demo/hosted/packages/" + made.name,
                   json={"attributes": {"project-status": {"status": status, "reason": "being looked into"}}})


@scene
def pip_with_a_file_that_is_kept_back(world):
    """HTTP error 403 while getting
    is quarantined"""
    made, _ = world.published()
    url = world.server.client("alice", PASSWORD).file_url("demo/hosted", made.name, made.filename)
    quarantine(world, made, "quarantined")
    direct = url.replace("://", "://alice:%s@" % quote(PASSWORD))
    yield world.tool("pip-newest").install(world.index(), "%s @ %s" % (made.name, direct)).text
    quarantine(world, made, "active")
    world.tool("pip-newest").install(world.index(), "%s @ %s" % (made.name, direct)).must_succeed()


@scene
def uv_without_credentials(world):
    """could not be queried due to a lack of valid authentication credentials (401 Unauthorized)"""
    made, _ = world.published()
    yield world.tool("uv").install(world.index(user=None), made.name).text
    world.tool("uv").install(world.index(), made.name).must_succeed()


@scene
def uv_with_a_package_that_is_not_there(world):
    """was not found in the package registry
    there is no package"""
    made, file = world.wheel()
    yield world.tool("uv").install(world.index(), made.name).text + world.page("hosted", made.name)
    assert world.twine(file).status == 0
    world.tool("uv").install(world.index(), made.name).must_succeed()


@scene
def poetry_with_a_wrong_password(world):
    """Authorization error accessing"""
    made, _ = world.published()
    yield world.tool("poetry2").start(world.index(password="wrong")).add(made.name).text
    world.tool("poetry2").start(world.index()).add(made.name).must_succeed()


# Publishing


@scene
def twine_with_other_bytes_under_a_name_that_exists(world):
    """400 Bad Request
    File already exists"""
    made, _ = world.published()
    _, other = world.wheel(b"other", made.name)
    yield world.twine(other).text
    assert world.twine(world.wheel()[1]).status == 0


@scene
def twine_to_a_group(world):
    """is a group: upload to a hosted repository"""
    _, file = world.wheel()
    yield world.twine(file, "group").text
    assert world.twine(file, "hosted").status == 0


@scene
def twine_to_a_proxy(world):
    """is a proxy: upload to a hosted repository"""
    _, file = world.wheel()
    yield world.twine(file, "proxy").text
    assert world.twine(file, "hosted").status == 0


@scene
def twine_to_a_repository_that_is_not_there(world):
    """404 Not Found
    there is no such repository"""
    _, file = world.wheel()
    yield world.twine(file, "hostde").text
    assert world.twine(file, "hosted").status == 0


@scene
def twine_with_a_wrong_password(world):
    """401 Unauthorized
    the credentials are not valid"""
    _, file = world.wheel()
    yield world.twine(file, password="wrong").text
    assert world.twine(file).status == 0


@scene
def twine_as_a_viewer(world):
    """403 Forbidden
    you may not upload to"""
    _, file = world.wheel()
    yield world.twine(file, user="bob").text
    world.admin.ok("POST", "/api/v1/users", json={"username": "carol", "password": PASSWORD})
    world.admin.ok("PUT", "/api/v1/projects/demo/members/carol", json={"role": "developer"})
    assert world.twine(file, user="carol").status == 0


@scene
def uv_publish_to_a_group(world):
    """POST requests are not supported by the endpoint
    Server says: 405"""
    _, file = world.wheel()
    yield world.tool("uv").publish(world.server.url + "/pypi/demo/group/", "alice", PASSWORD, file).text
    world.tool("uv").publish(world.server.url + "/pypi/demo/hosted/", "alice", PASSWORD, file).must_succeed()


# npm


@scene
def npm_without_credentials(world):
    """ENEEDAUTH"""
    folder = package(world.fresh(), "pack%d" % world.count, "1.0.0")
    yield world.npm(user=None).run("publish", cwd=folder).stderr
    world.npm().ok("publish", cwd=folder)


@scene
def npm_with_a_wrong_password(world):
    """E401"""
    folder = package(world.fresh(), "pack%d" % world.count, "1.0.0")
    world.npm().ok("publish", cwd=folder)
    yield world.npm(password="wrong").run("view", "pack" + folder.name).stderr
    world.npm().ok("view", "pack" + folder.name)


@scene
def npm_as_a_viewer(world):
    """E403
    you may not upload to"""
    folder = package(world.fresh(), "pack%d" % world.count, "1.0.0")
    yield world.npm(user="bob").run("publish", cwd=folder).stderr
    world.npm(user="alice").ok("publish", cwd=folder)


@scene
def npm_with_a_version_that_exists(world):
    """E400
    File already exists"""
    folder = package(world.fresh(), "pack%d" % world.count, "1.0.0")
    world.npm().ok("publish", cwd=folder)
    package(folder, "pack" + folder.name, "1.0.0", "module.exports = 2\n")
    yield world.npm().run("publish", cwd=folder).stderr
    package(folder, "pack" + folder.name, "1.0.1", "module.exports = 2\n")
    world.npm().ok("publish", cwd=folder)


# Operating


@scene
def two_servers_on_one_directory(world):
    """is in use by another server or command"""
    yield command("serve", "--data", world.server.data, "--listen", "127.0.0.1:0").stderr
    other = world.fresh() / "data"
    done = command("user", "list", "--data", other)
    assert "in use" not in done.stderr


@scene
def a_key_that_does_not_exist(world):
    """unknown key
    the nearest known one is"""
    yield command("check", SAVE_DISK_RESERV="1g").stderr
    assert command("check", SAVE_DISK_RESERVE="1g").returncode == 0


@scene
def a_port_that_is_taken(world):
    """Address already in use"""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        yield command("serve", "--data", world.fresh() / "data", "--listen", "127.0.0.1:%d" % taken.getsockname()[1]).stderr


@scene
def a_mistyped_directory(world):
    """there is no server's data in"""
    yield command("verify", "--data", world.fresh() / "dta").stderr
    data = world.fresh() / "data"
    assert Server(data).start().stop() == 0
    assert command("verify", "--data", data).returncode == 0


@scene
def a_lost_key(world):
    """holds a server's data, but its key
    is missing"""
    data = world.fresh() / "data"
    assert Server(data).start().stop() == 0
    kept = (data / "server.key").read_bytes()
    (data / "server.key").unlink()
    yield command("serve", "--data", data, "--listen", "127.0.0.1:0").stderr
    (data / "server.key").write_bytes(kept)
    (data / "server.key").chmod(0o600)
    assert Server(data).start().stop() == 0


@scene
def a_key_of_another_server(world):
    """is not the key that the data beside it was made with"""
    data = world.fresh() / "data"
    assert Server(data).start().stop() == 0
    kept = (data / "server.key").read_bytes()
    (data / "server.key").write_bytes(bytes(32))
    yield command("serve", "--data", data, "--listen", "127.0.0.1:0").stderr
    (data / "server.key").write_bytes(kept)
    assert Server(data).start().stop() == 0


@scene
def a_key_of_another_certificate(world):
    """does not belong to the certificate in"""
    folder = world.fresh()
    for name in ("one", "two"):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                        "-keyout", str(folder / (name + ".key")), "-out", str(folder / (name + ".pem"))],
                       check=True, stderr=subprocess.DEVNULL)
    pair = lambda name: dict(SAVE_TLS_CERTIFICATE=str(folder / "one.pem"), SAVE_TLS_KEY=str(folder / (name + ".key")))
    yield command("check", **pair("two")).stderr
    assert command("check", **pair("one")).returncode == 0


@scene
def a_short_first_password(world):
    """SAVE_ADMIN_PASSWORD cannot be the password of"""
    data = world.fresh() / "data"
    yield command("serve", "--data", data, "--listen", "127.0.0.1:0", SAVE_ADMIN_PASSWORD="short").stderr
    assert Server(data).start().stop() == 0


@scene
def an_upstream_on_a_private_network(world):
    """is not at a public address; outbound_allow must list the host"""
    proxy = {"project": "demo", "name": "private%d" % world.count, "format": "pypi", "repository_type": "proxy"}
    yield world.admin.post("/api/v1/repos", json=dict(proxy, remote_url="http://10.0.0.1/simple/")).text
    # This server's `outbound_allow` has 127.0.0.0/8.
    world.admin.ok("POST", "/api/v1/repos", json=dict(proxy, remote_url=world.upstream.url))


@pytest.mark.parametrize("symptom", sorted(SCENES), ids=lambda symptom: SCENES[symptom].__name__)
def test_the_symptom_reads_as_the_page_says_and_its_mend_helps(symptom, world):
    story = SCENES[symptom](world)
    seen = next(story)
    for fragment in symptom:
        place = 0
        for part in parts(fragment):
            found = flat(seen).find(part, place)
            assert found >= 0, "%r is not in\n%s" % (fragment, seen)
            place = found + len(part)
    # The rest of the scene is the mend.
    assert next(story, None) is None
