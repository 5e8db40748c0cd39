"""What the audit trail has, and what it never has."""
import json
import pathlib
import re
import sqlite3

import pytest

import make_fixtures
from harness.server import PASSWORD, Server
from harness.waiting import until

CANARY = "canary-4711-secret"


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("records") / "data").start()
    server.create("team/hosted")
    server.create("team/proxy", kind="proxy", remote_url="http://127.0.0.1:9/", remote_username="u", remote_password=CANARY)
    server.create("team/open", anonymous_read=True)
    server.create("team/away", online=False)
    server.create("other/secret")
    yield server
    assert server.alive and server.stop() == 0


def records(server, **query):
    return server.admin.ok("GET", "/api/v1/admin/audit", params=dict({"limit": 1000}, **query)).json()["items"]


def settled(server, count=1, **query):
    """The records, once there are so many: what was counted first is written within some seconds."""
    until(lambda: len(records(server, **query)) >= count, lambda: "%d records of %s: %s" % (count, query, records(server, **query)), 0.2)
    return records(server, **query)


@pytest.fixture(scope="module")
def developer(own):
    own.admin.ok("POST", "/api/v1/users", json={"username": "dev", "password": PASSWORD, "role": "user"})
    own.admin.ok("PUT", "/api/v1/projects/team/members/dev", json={"role": "developer"})
    return own.client("dev", PASSWORD)


@pytest.mark.parametrize("repository, status, outcome, error", [
    ("team/proxy", 405, "failed", "method_not_allowed"), ("team/away", 503, "failed", "busy"),
    ("other/secret", 404, "denied", "repository_not_found"),
])
def test_m16_an_upload_that_is_refused_is_one_record(own, developer, repository, status, outcome, error):
    before = len(records(own, actor="dev", action="file.upload"))
    assert developer.upload(repository, make_fixtures.wheel("refused", "1.0")).status_code == status
    found = settled(own, before + 1, actor="dev", action="file.upload")
    assert len(found) == before + 1
    assert (found[0]["outcome"], found[0]["details"]["error"]) == (outcome, error)
    assert found[0]["resource"].startswith(repository)


def test_m16_uploads_of_nobody_are_one_record_however_many(own):
    for number in range(20):
        client = own.client(None, None)
        assert client.upload("team/open", make_fixtures.wheel("nobody", "1.%d" % number)).status_code == 401
        assert client.upload("team/made-up-%d" % number, make_fixtures.wheel("nobody", "1.0")).status_code == 401
    found = settled(own, 2, actor="anonymous", action="file.upload")
    assert {record["resource"] for record in found} == {"team/open", ""}
    assert len(found) <= 4, "a flood is not a record each"
    assert all(record["outcome"] == "denied" for record in found)


def test_sign_ins_are_told_of_once_an_hour(own, developer):
    for _ in range(5):
        developer.ok("GET", "/api/v1/user")
    found = settled(own, action="auth.ok", actor="dev")
    assert len(found) == 1 and found[0]["source_ip"] == "127.0.0.1" and "key" not in found[0]["details"]
    name, key = own.robot("team", "viewer")
    own.client(name, key).page("team/hosted", "nothing")
    found = settled(own, action="auth.ok", actor=name)
    assert found[0]["actor_kind"] == "robot" and found[0]["details"]["key"] in key


def test_m17_hostile_text_is_one_record_and_one_line(own):
    agent = "a\"},{\"actor\":\"root\u00e9" + "x" * 5000
    own.client("m17\x1b[2J\n\r", "wrong").get("/pypi/team/hosted/simple/x/", headers={"User-Agent": agent.encode("latin-1", "replace")})
    own.client("m17-%s" % ("n" * 200), "wrong").get("/pypi/team/hosted/simple/x/", headers={"User-Agent": agent.encode("latin-1", "replace")})
    found = settled(own, action="auth.fail", q="m17-nnn")
    assert len(found) == 1 and len(found[0]["user_agent"]) < 1100 and found[0]["user_agent"].endswith("\u2026")
    lines = own.admin.ok("GET", "/api/v1/admin/audit?action=auth.fail", headers={"Accept": "application/x-ndjson"}).text
    for line in lines.splitlines():
        assert json.loads(line)["action"] == "auth.fail"
        assert "\x1b" not in line
    assert own.client("u" * (1 << 20), "wrong").get("/api/v1/user").status_code in (401, 431, 400)
    hostile = own.admin.request("PATCH", "/api/v1/projects/team", json={"description": "d\r\n\x1b"})
    assert hostile.status_code == 400 and records(own, action="project.update")[0]["outcome"] == "failed"
    assert own.admin.ok("GET", "/api/v1/admin/audit/verify").json()["ok"] is True


def test_o6_no_secret_is_in_the_trail_the_log_or_an_export(own, developer):
    secret = CANARY + "-user"
    own.admin.ok("POST", "/api/v1/users", json={"username": "canary", "password": secret, "role": "user"})
    own.admin.ok("PUT", "/api/v1/users/canary/password", json={"password": secret + "2"})
    own.client("canary", secret + "2").ok("GET", "/api/v1/user")
    own.client("canary", secret + "wrong").get("/api/v1/user")
    own.client(secret + " as a name", "x").get("/api/v1/user")
    name, key = own.robot("team", "viewer", name="canary")
    own.client(name, key).page("team/proxy", "x")
    own.client(key, key).get("/api/v1/user")
    own.client(name, key + "x").get("/api/v1/user")
    own.admin.request("PATCH", "/api/v1/repos/team/proxy", json={"remote_url": "http://u:%s@127.0.0.1:9/" % CANARY})
    own.admin.ok("PATCH", "/api/v1/repos/team/proxy", json={"remote_password": CANARY + "-new"})
    own.admin.request("POST", "/api/v1/repos/team/proxy/probe")
    settled(own, action="auth.ok", actor=name)
    with sqlite3.connect("file:%s?mode=ro" % (own.data / "save.db"), uri=True) as database:
        trail = "\n".join(map(str, database.execute("SELECT * FROM audit")))
    texts = {"database": trail, "log": own.log.read_text()}
    for type in ("text/csv", "application/x-ndjson", "application/json"):
        texts[type] = own.admin.ok("GET", "/api/v1/admin/audit?limit=1000", headers={"Accept": type}).text
    for where, text in texts.items():
        for word in (CANARY, key, key[-12:], PASSWORD):
            assert word not in text, (where, word, text[max(0, text.find(word) - 200):text.find(word) + 50])
