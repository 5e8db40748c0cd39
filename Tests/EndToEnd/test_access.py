"""What callers may do, however they sign in; and that it is written down."""
import base64
import json

import pytest

from harness.http import basic
from harness.server import PASSWORD

WHEEL = "plain-1.0-py3-none-any.whl"


@pytest.fixture
def hosted(server, repository, dists):
    name = repository + "/hosted"
    server.create(name)
    assert server.admin.upload(name, dists[WHEEL]).status_code == 200
    return name


@pytest.fixture
def robot(server, repository):
    """A robot's name and its API key."""
    server.admin.ok("POST", "/api/v1/robots", json={"name": repository + "-ci", "description": "builds"})
    answer = server.admin.ok("POST", "/api/v1/robots/%s-ci/keys" % repository, json={"description": "first"}).json()
    assert answer["id"]
    return repository + "-ci", answer["key"], answer["id"]


def member(server, project, principal, role):
    server.admin.ok("PUT", "/api/v1/projects/%s/members/%s" % (project, principal), json={"role": role})


def test_r54_r57_a_robot_signs_in_with_a_raw_or_encoded_dollar_and_with_bearer(server, repository, hosted, robot):
    name, key, _ = robot
    member(server, repository, "sa$" + name, "viewer")
    page = "/pypi/%s/simple/plain/" % hosted
    assert server.client("sa$" + name, key).get(page).status_code == 200
    assert server.client("sa%24" + name, key).get(page).status_code == 200
    assert server.client(None).get(page, headers={"Authorization": "Bearer " + key}).status_code == 200
    assert server.client("sa$" + name, key + "x").get(page).status_code == 401
    assert server.client("sa$" + name, "").get(page).status_code == 401


def test_a_deleted_key_and_a_disabled_robot_stop_working_at_once(server, repository, hosted, robot):
    name, key, identifier = robot
    member(server, repository, "sa$" + name, "viewer")
    client, page = server.client("sa$" + name, key), "/pypi/%s/simple/plain/" % hosted
    assert client.get(page).status_code == 200
    server.admin.ok("PATCH", "/api/v1/robots/" + name, json={"disabled": True})
    assert client.get(page).status_code == 401
    server.admin.ok("PATCH", "/api/v1/robots/" + name, json={"disabled": False})
    assert client.get(page).status_code == 200
    server.admin.ok("DELETE", "/api/v1/robots/%s/keys/%s" % (name, identifier))
    assert client.get(page).status_code == 401
    assert key not in server.admin.get("/api/v1/robots/%s/keys" % name).text


def make_user(server, name, password="a long enough password", **settings):
    server.admin.ok("POST", "/api/v1/users", json=dict({"username": name, "password": password}, **settings))
    return server.client(name, password)


def test_project_roles_decide_what_a_user_may_do(server, repository, hosted, dists):
    user = make_user(server, repository + "-eve")
    page, other = "/pypi/%s/simple/plain/" % hosted, dists["plain-1.1-py3-none-any.whl"]
    unknown = user.get("/pypi/%s/nothing-here/simple/plain/" % repository)
    hidden = user.get(page)
    assert (hidden.status_code, hidden.text) == (404, unknown.text) and unknown.status_code == 404
    assert user.upload(hosted, other).status_code == 404
    assert user.get("/api/v1/repos/" + hosted).status_code == 404

    member(server, repository, repository + "-eve", "viewer")
    assert user.get(page).status_code == 200
    refused = user.upload(hosted, other)
    assert refused.status_code == 403 and refused.text.strip() and "\n" not in refused.text.strip()

    member(server, repository, repository + "-eve", "developer")
    assert user.upload(hosted, other).status_code == 200
    assert user.delete("/api/v1/repos/%s/packages/plain" % hosted).status_code == 403
    assert user.post("/api/v1/repos", json={"project": repository, "name": "mine", "format": "raw", "repository_type": "hosted"}).status_code == 403

    member(server, repository, repository + "-eve", "owner")
    assert user.post("/api/v1/repos", json={"project": repository, "name": "mine", "format": "raw", "repository_type": "hosted"}).status_code == 201
    user.ok("DELETE", "/api/v1/repos/%s/packages/plain" % hosted)
    assert user.get("/api/v1/users").status_code in (403, 404)
    assert user.post("/api/v1/users", json={"username": "x1", "password": "a long enough password", "role": "admin"}).status_code in (403, 404)

    server.admin.ok("DELETE", "/api/v1/projects/%s/members/%s-eve" % (repository, repository))
    assert user.get(page).status_code == 404


def test_a_changed_password_and_a_disabled_user_count_at_once(server, repository, hosted):
    user = make_user(server, repository + "-al", role="auditor")
    page = "/pypi/%s/simple/plain/" % hosted
    assert user.get(page).status_code == 200, "an auditor reads everything"
    assert user.put("/api/v1/projects/%s/members/%s-al" % (repository, repository), json={"role": "owner"}).status_code in (403, 404)
    server.admin.ok("PUT", "/api/v1/users/%s-al/password" % repository, json={"password": "another good password"})
    assert user.get(page).status_code == 401
    fresh = server.client(repository + "-al", "another good password")
    assert fresh.get(page).status_code == 200
    server.admin.ok("PATCH", "/api/v1/users/%s-al" % repository, json={"disabled": True})
    assert fresh.get(page).status_code == 401


def test_r51_anonymous_reads_only_where_the_repository_says_so(server, repository, hosted, installer):
    anonymous = server.client(None)
    assert anonymous.get("/pypi/%s/simple/plain/" % hosted).status_code == 401
    server.admin.ok("PATCH", "/api/v1/repos/" + hosted, json={"anonymous_read": True})
    assert anonymous.get("/pypi/%s/simple/plain/" % hosted).status_code == 200
    assert anonymous.post("/pypi/%s/" % hosted, data=b"x").status_code == 401
    assert installer.install(server.index_url(hosted, user=None), "plain").must_succeed().installed == {"plain": "1.0"}
    server.admin.ok("PATCH", "/api/v1/repos/" + hosted, json={"anonymous_read": False})
    assert anonymous.get("/pypi/%s/simple/plain/" % hosted).status_code == 401


def test_who_am_i(server, repository, robot):
    assert server.admin.ok("GET", "/api/v1/user").json()["username"] == "admin"
    name, key, _ = robot
    assert "sa$" + name in json.dumps(server.client("sa$" + name, key).ok("GET", "/api/v1/user").json())


def test_r54_r57_a_users_own_key_works_as_password_and_as_bearer(server, repository, hosted):
    user = make_user(server, repository + "-kay")
    member(server, repository, repository + "-kay", "viewer")
    key = user.ok("POST", "/api/v1/user/keys", json={"description": "laptop"}).json()["key"]
    page = "/pypi/%s/simple/plain/" % hosted
    assert server.client(None).get(page, headers={"Authorization": "Bearer " + key}).status_code == 200
    assert server.client(repository + "-kay", key).get(page).status_code == 200
    assert server.client("__token__", key).get(page).status_code == 200


@pytest.mark.parametrize("header", [
    "Basic", "Basic ", "Basic %", "Basic " + base64.b64encode(b"no-colon").decode(), "Basic " + base64.b64encode(b":").decode(),
    "Basic " + base64.b64encode(b"admin\0:x").decode(), "Basic " + base64.b64encode(b"\xff\xfe:\xff").decode(), "Digest x=y", "Bearer",
    "Bearer " + "x" * 7000, "Basic " + base64.b64encode(b"u" * 5000 + b":" + b"p" * 100).decode(), "Basic " + "A" * 6001])
def test_r55_odd_credentials_are_401(server, hosted, header):
    # Or 429: malformed attempts are counted, and this test makes many.
    answer = server.client(None).get("/pypi/%s/simple/plain/" % hosted, headers={"Authorization": header})
    assert answer.status_code == 401 or (answer.status_code == 429 and int(answer.headers["Retry-After"]) > 0)


def test_r57_guessing_is_slowed_down_and_others_are_not_locked_out(new_server):
    server = new_server("guessed")
    make_user(server, "victim")
    statuses = [server.client("victim", "guess %d" % number).get("/api/v1/user").status_code for number in range(12)]
    assert statuses[0] == 401 and statuses[-1] == 429
    assert server.admin.get("/api/v1/user").status_code == 200
    make_user(server, "neighbour")
    assert server.client("neighbour", "a long enough password").get("/api/v1/user").status_code == 200


# -- the audit trail

def audit(server, **query):
    return server.admin.ok("GET", "/api/v1/admin/audit", params=dict({"limit": 1000}, **query)).json()["items"]


def test_changes_failed_sign_ins_and_refused_writes_are_recorded(server, repository, hosted, dists):
    user = make_user(server, repository + "-mal")
    member(server, repository, repository + "-mal", "viewer")
    user.upload(hosted, dists["plain-1.1-py3-none-any.whl"])
    server.client(repository + "-mal", "wrong").get("/pypi/%s/simple/plain/" % hosted, headers={"User-Agent": "auditor-test/1"})

    denied = [item for item in audit(server, actor=repository + "-mal") if item["outcome"] == "denied"]
    assert denied, "the refused upload is not recorded"
    failed = [item for item in audit(server, action="auth.fail") if repository + "-mal" in json.dumps(item)]
    assert failed and failed[0]["source_ip"] == "127.0.0.1" and failed[0]["user_agent"] == "auditor-test/1"
    uploaded = [item for item in audit(server, action="file.upload") if hosted in item["resource"] and item["outcome"] == "ok"]
    assert [item["actor"] for item in uploaded] == ["admin"]
    everything = json.dumps(audit(server))
    assert "a long enough password" not in everything and PASSWORD not in everything
    for item in audit(server)[:50]:
        assert {"id", "time", "actor", "actor_kind", "action", "resource_type", "resource", "outcome", "source_ip", "user_agent",
                "request_id", "details", "hash", "previous_hash"} <= set(item)
    numbers = [item["id"] for item in audit(server)]
    assert numbers == sorted(numbers, reverse=True)


def test_the_audit_query_is_literal_and_pages(server, repository, hosted):
    assert audit(server, q="%") == [item for item in audit(server, q="%") if "%" in json.dumps(item)]
    assert audit(server, q=repository + "_hosted") == []
    first = server.admin.ok("GET", "/api/v1/admin/audit?limit=1").json()
    second = server.admin.ok("GET", "/api/v1/admin/audit?limit=1&after=" + first["next"]).json()
    assert first["items"][0]["id"] > second["items"][0]["id"]


def test_the_audit_exports_and_verifies(server, hosted):
    csv = server.admin.ok("GET", "/api/v1/admin/audit?limit=5", headers={"Accept": "text/csv"})
    assert csv.headers["Content-Type"].startswith("text/csv") and "repository.create" in server.admin.ok(
        "GET", "/api/v1/admin/audit?limit=1000", headers={"Accept": "text/csv"}).text
    lines = server.admin.ok("GET", "/api/v1/admin/audit?limit=5", headers={"Accept": "application/x-ndjson"})
    assert all(json.loads(line)["action"] for line in lines.text.splitlines()) and len(lines.text.splitlines()) >= 5
    server.admin.ok("GET", "/api/v1/admin/audit/verify")


def test_only_administrators_and_auditors_read_the_audit(server, repository):
    user = make_user(server, repository + "-u")
    assert user.get("/api/v1/admin/audit").status_code in (403, 404)
    assert make_user(server, repository + "-a", role="auditor").get("/api/v1/admin/audit").status_code == 200


def test_a_remote_password_is_never_read_back_or_recorded(server, repository, upstream):
    secret = "tell-nobody-4711"
    server.create(repository + "/proxy", kind="proxy", remote_url=upstream.url + "/", remote_username="u", remote_password=secret)
    server.admin.get("/pypi/%s/proxy/simple/plain/" % repository)
    sent = [headers for _, _, _, headers in upstream.seen if headers.get("Authorization") == basic("u", secret)]
    assert sent, "the upstream never saw the credentials"
    for path in ("/api/v1/repos/%s/proxy" % repository, "/api/v1/repos", "/api/v1/admin/audit?limit=1000"):
        assert secret not in server.admin.get(path).text, path
    assert secret not in server.log.read_text(errors="replace")


def test_passwords_and_keys_stand_in_no_log(server, hosted, robot):
    name, key, _ = robot
    server.client("sa$" + name, key).get("/pypi/%s/simple/plain/" % hosted)
    server.client("nobody", "very-wrong-pass-99").get("/pypi/%s/simple/plain/" % hosted)
    text = server.log.read_text(errors="replace")
    assert PASSWORD not in text and key not in text and "very-wrong-pass-99" not in text
