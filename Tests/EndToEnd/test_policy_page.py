"""docs/policies.md, word by word: every command of the page is run in the order of the page and prints what the page shows, and every
policy on it does what it is said to do."""
import json
import re
import shutil

import pytest

import make_fixtures
from harness.clients import VENVS
from harness.clients.npm import package
from harness.documents import blocks, run
from harness.server import BINARY, PASSWORD, ROOT, Server
from harness.upstream import ScriptedUpstream, days_ago
from test_advisories import archive, from_to, post, record
from test_npm_refusals import offer

PAGE = ROOT / "docs" / "policies.md"
# How a block is marked: commands that succeed (without a mark as well), commands that end with 1, what the commands before it print, policies, and commands that
# another file of tests runs (test_as_of.py, test_waivers.py).
MARKS = {"sh", "sh 1", "text", "json", "shell"}


def test_every_block_of_the_page_says_how_it_is_run():
    marks = {block.line: block.mark for block in blocks(PAGE)}
    assert marks and set(marks.values()) - {""} == MARKS, marks


@pytest.fixture(scope="module")
def index():
    """A public index and registry: packages of which some are young, and a stranger's by our names."""
    upstream = ScriptedUpstream()

    def add(name, age, version, kind=make_fixtures.wheel):
        file = kind(name, version)
        upstream.add(file)
        upstream.published[file.filename] = days_ago(age)

    for name, version, age in [("foo", "1.9", 90), ("foo", "2.0", 2), ("bar", "1.4", 40), ("acme-billing", "99.0", 20), ("acme-ledger", "1.0", 20),
                               ("mended", "1.1", 1), ("acme-lib", "3.0", 1), ("some-name", "2.4.2", 9), ("some-name", "2.4.3", 9),
                               ("harmful", "6.6", 50), ("holed", "1.0", 50), ("shifty", "1.0", 50), ("tardy", "1.0", 60)]:
        add(name, age, version)
    add("tardy", 10, "1.0", make_fixtures.sdist)
    for number in range(35):
        add("lib-%d" % number, 100, "1.0")
    offer(upstream, "acme-billing", {"99.0.0": 20})
    offer(upstream, "acme-ledger", {"1.0.0": 20})
    yield upstream
    upstream.stop()


@pytest.fixture(scope="module")
def main_server(tmp_path_factory, index):
    server = Server(tmp_path_factory.mktemp("page") / "data").start()
    server.create("backend/pypi-hosted", anonymous_read=True)
    server.create("backend/pypi-proxy", kind="proxy", anonymous_read=True, cache_ttl=0, remote_url=index.url + "/")
    server.create("backend/pypi", kind="group", anonymous_read=True, members=["backend/pypi-hosted", "backend/pypi-proxy"])
    yield server
    assert server.stop() == 0, server.log_tail()


@pytest.fixture
def workplace(main_server, tmp_path):
    """A developer's machine: the clients on the path, what is to be published, a lock file, and npm's settings."""
    programs, home = tmp_path / "bin", tmp_path / "home"
    for folder in (programs, home, tmp_path / "data", tmp_path / "dist"):
        folder.mkdir()
    pip = programs / "pip"
    pip.write_text('#!/bin/sh\nexec "%s" -m pip "$@"\n' % (VENVS / "pip-newest" / "bin" / "python"))
    pip.chmod(0o755)
    for name, program in (("uv", VENVS / "uv" / "bin" / "uv"), ("npm", shutil.which("npm")), ("save-server", BINARY)):
        (programs / name).symlink_to(program)
    (tmp_path / "data" / "initial-admin-password").write_text(PASSWORD + "\n")
    make_fixtures.wheel("acme-billing", "1.2").write(tmp_path / "dist")
    package(tmp_path / "acme-billing", "acme-billing", "1.2.0")
    key = main_server.admin.ok("POST", "/api/v1/user/keys", json={"description": "for npm"}).json()["key"]
    (home / ".npmrc").write_text("//127.0.0.1:%d/npm/shop/npm-hosted/:_authToken=%s\naudit=false\nfund=false\nupdate-notifier=false\n" % (
        main_server.port, key))
    names = [("foo", "2.0"), ("bar", "1.4"), *(("lib-%d" % number, "1.0") for number in range(35))]
    (tmp_path / "uv.lock").write_text("version = 1\n" + "".join(
        '[[package]]\nname = "%s"\nversion = "%s"\nsource = { registry = "https://save.example.com/simple" }\n' % name for name in names))
    return tmp_path, {"HOME": str(home), "PIP_CONFIG_FILE": "/dev/null", "PIP_DISABLE_PIP_VERSION_CHECK": "1", "UV_PYTHON_DOWNLOADS": "never",
                      "UV_NO_CONFIG": "1", "SAVE_API_KEY": key, "NO_COLOR": "1", "COLUMNS": "1000"}


def without_policies(server):
    for policy in server.admin.ok("GET", "/api/v1/policies").json()["items"]:
        server.admin.ok("DELETE", "/api/v1/policies/%d" % policy["id"])


def lines(text):
    """What is printed, without what differs from day to day."""
    return [" ".join(re.sub(r"\d{4}-\d\d-\d\d", "<date>", line).split()) for line in text.splitlines() if line.strip()]


def test_every_command_of_the_page_does_what_it_is_for(server, workplace, index):
    folder, environment = workplace
    without_policies(server)
    commands = [block for block in blocks(PAGE) if block.mark not in ("json", "shell")]
    printed = ""
    for block in commands:
        if block.mark == "text":
            missing = [line for line in lines(block.text) if not any(line in other for other in lines(printed))]
            assert not missing, "line %d of %s is not in\n%s" % (block.line, PAGE.name, printed)
            continue
        # The page's first block gives the names that all others use.
        script = commands[0].text + (block.text if block is not commands[0] else "")
        script = script.replace("https://save.example.com", server.url).replace("https://<public-index>", index.url)
        done = run(script, folder, [folder / "bin"], **environment)
        assert done.returncode == int(block.mark.removeprefix("sh") or 0), "line %d of %s:\n%s\n%s" % (block.line, PAGE.name, block.text, done.stdout)
        printed = done.stdout
    without_policies(server)


# -- the recipes

PROXY = "backend/pypi-proxy"


def recipes():
    """Every policy in the JSON blocks of the page: several of a block stand one after another."""
    for block in blocks(PAGE):
        text = block.text if block.mark == "json" else ""
        while text.strip():
            policy, end = json.JSONDecoder().raw_decode(text := text.lstrip())
            yield policy
            text = text[end:]


@pytest.fixture(scope="module")
def advised(main_server):
    severity = [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}]
    post(main_server, archive([
        record("GHSA-aaaa-bbbb-cccc", "mended", from_to("0", "1.1")), record("MAL-2026-9", "harmful", versions=["6.6"]),
        record("GHSA-dddd-eeee-ffff", "holed", from_to("0", "2.0"), severity=severity)]))


class Repository:
    """What the proxy says of files, and through it."""

    def __init__(self, server):
        self.admin = server.admin

    def listed(self, name):
        page = self.admin.page(PROXY, name)
        return {file["filename"]: file for file in page.json()["files"]} if page.status_code == 200 else {}

    def get(self, name, version, ending="-py3-none-any.whl"):
        return self.admin.get("/pypi/%s/packages/%s/%s-%s%s" % (PROXY, name, name.replace("-", "_"), version, ending))

    def refused_by(self, policy, name, version, **options):
        answer = self.get(name, version, **options)
        assert answer.status_code == 403, (name, version, answer.status_code)
        return "policy " + policy in answer.headers["X-Save-Reason"] and answer.headers["X-Save-Reason"]

    def given(self, name, version, **options):
        return self.get(name, version, **options).status_code == 200

    def make(self, policy):
        return self.admin.ok("POST", "/api/v1/policies", json=policy).json()["id"]


def cooldown(shop, policy, _):
    shop.make(policy)
    assert shop.refused_by("cooldown-7d", "foo", "2.0") and shop.given("foo", "1.9")
    # A version that mends something need not wait.
    assert shop.given("mended", "1.1")


def our_own(shop, policy, _):
    shop.make({"name": "cooldown-7d", "action": "deny", "match": {"younger_than": "7d"}})
    assert shop.refused_by("cooldown-7d", "acme-lib", "3.0")
    shop.make(policy)
    assert shop.given("acme-lib", "3.0") and shop.refused_by("cooldown-7d", "foo", "2.0")


def stolen_keys(shop, policy, _):
    assert shop.given("some-name", "2.4.2")
    shop.make(policy)
    assert "; Its keys were stolen, use other-name; http" in shop.refused_by("stolen-keys", "some-name", "2.4.2")
    assert shop.given("some-name", "2.4.3")


def malware(shop, policy, _):
    assert shop.given("harmful", "6.6") and shop.listed("harmful")
    shop.make(policy)
    assert "MAL-2026-9" in shop.refused_by("malware", "harmful", "6.6") and not shop.listed("harmful")
    assert shop.given("holed", "1.0")


def holes(shop, policy, _):
    number = shop.make(policy)
    assert shop.given("holed", "1.0")
    files = shop.admin.ok("GET", "/api/v1/repos/%s/packages/holed/explain" % PROXY).json()["files"]
    assert [file["rule"] for file in files] == ["policy_dry_run"]
    shop.admin.ok("PATCH", "/api/v1/policies/%d" % number, json={"dry_run": False})
    assert "GHSA-dddd-eeee-ffff" in shop.refused_by("holes", "holed", "1.0")


def odd(shop, policy, index):
    assert shop.given("shifty", "1.0") and shop.listed("shifty")
    index.lied["shifty-1.0-py3-none-any.whl"] = "0" * 64
    assert shop.listed("shifty")
    shop.make(policy)
    assert shop.refused_by("odd", "shifty", "1.0") and shop.given("bar", "1.4")


def late(shop, policy, _):
    assert shop.listed("tardy")
    shop.make(policy)
    assert shop.refused_by("late", "tardy", "1.0", ending=".tar.gz") and shop.given("tardy", "1.0")


def ours_are_hosted(shop, policy, _):
    assert shop.listed("acme-billing")
    shop.make(policy)
    assert shop.refused_by("ours-are-hosted", "acme-billing", "99.0") and not shop.listed("acme-billing")
    hosted = "backend/pypi-hosted"
    if not shop.admin.page(hosted, "acme-billing").ok:
        assert shop.admin.upload(hosted, make_fixtures.wheel("acme-billing", "1.2")).status_code == 200
    assert shop.admin.get(shop.admin.file_path("backend/pypi", "acme-billing", "acme_billing-1.2-py3-none-any.whl")).status_code == 200


CHECKS = {"cooldown-7d": cooldown, "our-own": our_own, "stolen-keys": stolen_keys, "malware": malware, "holes": holes, "odd": odd, "late": late,
          "ours-are-hosted": ours_are_hosted}


def test_every_recipe_has_a_check():
    assert [policy["name"] for policy in recipes()] and {policy["name"] for policy in recipes()} == set(CHECKS)


@pytest.mark.parametrize("policy", list(recipes()), ids=lambda policy: policy["name"])
def test_every_recipe_does_what_it_is_for(server, advised, index, policy):
    without_policies(server)
    CHECKS[policy["name"]](Repository(server), policy, index)
