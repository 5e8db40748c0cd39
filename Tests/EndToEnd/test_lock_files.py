"""`save-server evaluate`: what a server's policies say of lock files, as the clients wrote them."""
import json
import subprocess
import tomllib

import pytest

from harness.server import PASSWORD, command
from harness.clients.tool import VENVS, canonical

WHEELS = ["plain-1.0-py3-none-any.whl"]


@pytest.fixture
def hosted(server, repository, dists):
    name = repository + "/hosted"
    server.create(name)
    for wheel in WHEELS:
        assert server.admin.upload(name, dists[wheel]).status_code == 200
    return name


@pytest.fixture
def deny(server, hosted):
    """Makes a policy that denies the one package: after it was locked, as it happens to lock files."""
    def make(action="deny"):
        made = server.admin.post("/api/v1/policies", json={
            "name": "no-plain", "scope": "repository:" + hosted, "priority": 10, "action": action,
            "match": {"packages": ["plain"], "include_hosted": True}})
        assert made.status_code == 201, made.text
    return make


def evaluate(server, repository, file, *arguments, **environment):
    address = server.url.replace("://", "://admin:%s@" % PASSWORD)
    return command("evaluate", file, "--server", address, "--repository", repository, *arguments, **environment)


def packages(done):
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture
def locked(server, hosted, tool):
    """A project of a client, with a lock file in which `plain` is."""
    def make(client):
        project = tool(client).start(server.index_url(hosted))
        project.add("plain").must_succeed()
        return project.project / project.lock_name
    return make


@pytest.mark.parametrize("client", ["uv", "poetry2", "poetry1"])
def test_a_lock_file_of_a_client_is_read_as_pythons_reader_of_toml_reads_it(server, hosted, locked, client):
    file = locked(client)
    listed = tomllib.loads(file.read_text())["package"]
    wanted = {"pkg:pypi/%s@%s" % (canonical(item["name"]), item["version"])
              for item in listed if "virtual" not in item.get("source", {}) and "editable" not in item.get("source", {})}
    done = evaluate(server, hosted, file, "--json")
    assert done.returncode == 0, done.stderr
    assert {item["package"] for item in packages(done)} == wanted == {"pkg:pypi/plain@1.0"}
    assert [item["verdict"] for item in packages(done)] == ["allow"]


@pytest.mark.parametrize("client", ["uv", "poetry2"])
def test_a_denied_package_is_a_line_with_the_policy_and_the_exit_status(server, hosted, deny, locked, client):
    file = locked(client)
    deny()
    done = evaluate(server, hosted, file)
    assert done.returncode == 1 and done.stderr == "", done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].split() == ["verdict", "package", "policy", "reason"]
    assert lines[1].startswith("deny") and "plain 1.0" in lines[1] and "no-plain" in lines[1] and "Blocked by Save" in lines[1]
    assert lines[-1] == "1 packages, 1 denied, 0 with a warning"


def test_requirements_with_hashes_and_pylock_and_npm_are_read(server, hosted, deny, tool, tmp_path):
    uv = tool("uv")
    wanted = tmp_path / "wanted.in"
    wanted.write_text("plain\n")
    for name in ("requirements.txt", "pylock.toml"):
        uv.compile(server.index_url(hosted), wanted, tmp_path / name).must_succeed()
    deny()
    for name in ("requirements.txt", "pylock.toml"):
        done = evaluate(server, hosted, tmp_path / name)
        assert done.returncode == 1 and "plain 1.0" in done.stdout, (name, done.stdout, done.stderr)
    (tmp_path / "package-lock.json").write_text(json.dumps({"lockfileVersion": 3, "packages": {
        "": {}, "node_modules/a": {"version": "1.0.0", "resolved": server.url + "/a.tgz"}}}))
    # A package of another ecosystem than the repository's is told from one that may be installed.
    done = evaluate(server, hosted, tmp_path / "package-lock.json")
    assert done.returncode == 1 and "npm" in done.stdout + done.stderr, (done.stdout, done.stderr)


def test_a_warning_is_a_line_and_no_failure(server, hosted, deny, locked):
    file = locked("uv")
    deny("warn")
    done = evaluate(server, hosted, file)
    assert done.returncode == 0 and done.stdout.splitlines()[1].startswith("warn"), (done.stdout, done.stderr)


def test_credentials_may_be_a_key_in_the_environment(server, hosted, tmp_path):
    (tmp_path / "requirements.txt").write_text("plain==1.0\n")
    key = server.admin.post("/api/v1/user/keys", json={"description": "evaluate"}).json()["key"]
    arguments = ("evaluate", tmp_path / "requirements.txt", "--server", server.url, "--repository", hosted)
    assert command(*arguments, SAVE_API_KEY=key).returncode == 0
    refused = command(*arguments)
    assert refused.returncode == 1 and "401" in refused.stderr and "SAVE_API_KEY" in refused.stderr, refused.stderr


def test_what_cannot_be_evaluated_is_said_in_one_line(server, hosted, tmp_path):
    lock = tmp_path / "uv.lock"
    for content, says in (("[[package]]\nname = 'a'\nsource = { registry = 'r' }", "version"), ("[", "line 1"), ("", "no package")):
        lock.write_text(content)
        done = evaluate(server, hosted, lock)
        assert done.returncode == 1 and says in done.stderr and str(lock) in done.stderr and done.stderr.count("\n") == 1, done.stderr
    lock.write_text('[[package]]\nname = "a"\nversion = "1"\nsource = { registry = "r" }\n')
    (tmp_path / "folder" / "uv.lock").mkdir(parents=True)
    assert "must be a file" in evaluate(server, hosted, tmp_path / "folder" / "uv.lock").stderr
    assert "No such file" in evaluate(server, hosted, tmp_path / "none" / "uv.lock").stderr
    for arguments, says in (
            (("--repository", "no/such", "--server", server.url.replace("://", "://admin:%s@" % PASSWORD)), "no/such"),
            (("--repository", hosted, "--server", "http://127.0.0.1:1"), "127.0.0.1:1"),
            (("--repository", hosted, "--server", server.url.replace("://", "://admin:wrong@")), "401")):
        done = command("evaluate", lock, *arguments)
        assert done.returncode == 1 and done.stderr.count("\n") == 1, done.stderr
        assert "remote_url" not in done.stderr
        assert says in done.stderr and "wrong" not in done.stderr and PASSWORD not in done.stderr
    for arguments in ((), ("--server", server.url), ("--server", "no url", "--repository", hosted)):
        assert command("evaluate", lock, *arguments).returncode == 2
