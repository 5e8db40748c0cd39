"""Policies, as the real clients meet them: what they resolve to, and what they print of a refusal, as they come."""
import hashlib

import pytest

import make_fixtures
from harness.http import basic, raw
from harness.server import PASSWORD
from harness.upstream import days_ago

PINNED = "too-new==2.0"


def shown(outcome):
    """All that was said, in one line: some clients wrap what they print."""
    return " ".join(outcome.text.split())


@pytest.fixture
def wheels(upstream):
    made = {version: make_fixtures.wheel("too-new", version) for version in ("1.0", "2.0")}
    upstream.add(*made.values())
    for version, age in (("1.0", 30), ("2.0", 2)):
        upstream.published[made[version].filename] = days_ago(age)
    return made


@pytest.fixture
def proxy(server, repository, upstream, wheels):
    server.create(repository + "/proxy", kind="proxy", remote_url=upstream.url + "/")
    server.create(repository + "/all", kind="group", members=[repository + "/proxy"])
    return repository + "/proxy"


def make(server, repository, **policy):
    project = repository.split("/")[0]
    body = {"name": "cooldown-7d", "scope": "project:" + project, "action": "deny", "match": {"younger_than": "7d"}, **policy}
    return server.admin.ok("POST", "/api/v1/policies", json=body).json()


def reason(server, proxy):
    answer = server.admin.request("GET", "/pypi/%s/packages/too-new/too_new-2.0-py3-none-any.whl" % proxy)
    line = answer.headers["X-Save-Reason"]
    assert answer.status_code == 403 and answer.reason == line and answer.text == line + "\n"
    return line


@pytest.mark.parametrize("place", ["proxy", "all"])
def test_a_resolution_falls_to_the_newest_version_that_is_old_enough(server, proxy, repository, installer, place):
    make(server, proxy)
    outcome = installer.install(server.index_url(repository + "/" + place), "too-new").must_succeed()
    assert outcome.installed == {"too-new": "1.0"}


@pytest.mark.parametrize("before", [False, True], ids=["fresh", "cached"])
def test_a_pin_is_refused_with_the_policy_in_plain_output(server, proxy, installer, before):
    if before:
        installer.install(server.index_url(proxy), PINNED).must_succeed()
    make(server, proxy)
    line = reason(server, proxy)
    assert line.startswith("Blocked by Save: too-new 2.0 is 2 days old, policy cooldown-7d; allowed after 20")
    outcome = installer.install(server.index_url(proxy), PINNED)
    assert outcome.status != 0 and line in shown(outcome), (line, outcome.text)


@pytest.mark.parametrize("before", [False, True], ids=["fresh", "cached"])
def test_a_lock_with_digests_is_refused_with_the_policy_in_plain_output(server, proxy, wheels, installer, tmp_path, before):
    lock = tmp_path / "requirements.txt"
    lock.write_text("%s --hash=sha256:%s\n" % (PINNED, hashlib.sha256(wheels["2.0"].content).hexdigest()))
    if before:
        installer.install(server.index_url(proxy), "--require-hashes", "-r", lock).must_succeed()
    make(server, proxy)
    outcome = installer.install(server.index_url(proxy), "--require-hashes", "-r", lock)
    assert outcome.status != 0 and reason(server, proxy) in shown(outcome), outcome.text


def test_a_cooldown_ends_by_itself_and_a_file_may_be_installed(server, proxy, upstream, wheels, installer):
    upstream.published[wheels["2.0"].filename] = days_ago(7)
    policy = make(server, proxy)
    installer.install(server.index_url(proxy), PINNED).must_succeed()
    longer = {"younger_than": "8d", "missing_time": "deny"}
    server.admin.ok("PATCH", "/api/v1/policies/%d" % policy["id"], json={"match": longer})
    assert installer.install(server.index_url(proxy), PINNED).status != 0
    server.admin.ok("PATCH", "/api/v1/policies/%d" % policy["id"], json={"dry_run": True})
    installer.install(server.index_url(proxy), PINNED).must_succeed()


def test_a_block_list_beats_what_is_here_and_leaves_a_trace(server, proxy, installer):
    installer.install(server.index_url(proxy), "too-new").must_succeed()
    policy = make(server, proxy, name="stolen", description="Its keys were stolen: use other-name", match={"packages": ["Too.New"]})
    outcome = installer.install(server.index_url(proxy), PINNED)
    assert outcome.status != 0 and "policy stolen; Its keys were stolen: use other-name" in shown(outcome), outcome.text
    answer = server.admin.ok("POST", "/api/v1/policies/evaluate", json={"repository": proxy, "packages": ["pkg:pypi/too_new@2.0"]})
    item = answer.json()["items"][0]
    assert (item["package"], item["verdict"], item["policy"]) == ("pkg:pypi/too_new@2.0", "deny", "stolen")
    metrics = server.admin.ok("GET", "/metrics").text
    refused = next(line for line in metrics.splitlines() if line.startswith('save_policy_refusals_total{action="deny"}'))
    assert int(refused.split()[1]) > 0
    server.admin.ok("DELETE", "/api/v1/policies/%d" % policy["id"])
    installer.install(server.index_url(proxy), PINNED).must_succeed()


def test_no_form_of_a_request_gives_a_refused_file(server, proxy, wheels):
    """On the wire; `Tests/ServerTests/Policies` has every path."""
    path = "/pypi/%s/packages/too-new/too_new-2.0-py3-none-any.whl" % proxy
    head = "Host: a\r\nAuthorization: %s\r\nConnection: close\r\n" % basic("admin", PASSWORD)
    forms = [("GET %s HTTP/1.1", ""), ("GET %s HTTP/1.0", ""), ("HEAD %s HTTP/1.1", ""), ("GET http://a%s HTTP/1.1", ""),
             ("GET http://elsewhere.test%s HTTP/1.1", ""), ("GET %s HTTP/1.1", "Range: bytes=0-9\r\n"),
             ("GET %s HTTP/1.1", 'If-None-Match: "%s"\r\n' % hashlib.sha256(wheels["2.0"].content).hexdigest()),
             ("GET %s HTTP/1.1", "If-None-Match: *\r\n"), ("GET %s?a=b HTTP/1.1", ""), ("GET %s HTTP/1.1", "Content-Length: 1\r\n\r\nx")]
    before = {form: raw(server, form[0] % path + "\r\n" + head + form[1] + "\r\n").status for form in forms}
    # A read with a body is refused as a request.
    assert set(before.values()) == {200, 206, 304, 400} and list(before.values()).count(400) == 1, before
    make(server, proxy)
    for form in forms:
        answer = raw(server, form[0] % path + "\r\n" + head + form[1] + "\r\n")
        assert before[form] == answer.status == 400 or answer.status == 403 and b"policy cooldown-7d" in answer.data, (form, answer.data)
