"""Waivers, from the refusal in a terminal to the end of the exception, and the link that a refusal ends with."""
import datetime
import re

import pytest

import make_fixtures
from harness.browser import Browser, plain
from harness.server import PASSWORD
from harness.waiting import until

PINNED = "held-back==2.0"
PATH = "/pypi/%s/packages/held-back/held_back-2.0-py3-none-any.whl"


def at(seconds):
    return (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def shown(outcome):
    """All that was said, in one line: some clients wrap what they print."""
    return " ".join(outcome.text.split())


@pytest.fixture
def proxy(server, repository, upstream):
    upstream.add(make_fixtures.wheel("held-back", "2.0"))
    server.create(repository + "/proxy", kind="proxy", remote_url=upstream.url + "/")
    server.admin.ok("POST", "/api/v1/policies", json={
        "name": "no-held-back", "scope": "project:" + repository, "action": "deny", "match": {"packages": ["held-back"], "versions": ">=2"}})
    return repository + "/proxy"


def test_a_refused_developer_asks_and_installs_until_the_waiver_ends(server, proxy, repository, installer):
    developer, owner = (server.robot(repository, role, name=role) for role in ("developer", "owner"))
    index = server.index_url(proxy, *developer)
    refused = installer.install(index, PINNED)
    link = re.search(r"policy no-held-back; (http://\S+/ui/why/\d+)", shown(refused))
    assert refused.status != 0 and link, refused.text
    assert link.group(1).startswith(server.url + "/ui/why/")
    asking = server.client(*developer)
    known = asking.ok("GET", "/api/v1/refusals/" + link.group(1).rsplit("/", 1)[1]).json()
    assert (known["repository"], known["package"], known["version"], known["now"]["verdict"]) == (proxy, "held-back", "2.0", "deny")
    wanted = {**known["waiver_request"], "reason": "fixes our outage", "until": at(3600)}
    del wanted["policy"]
    waiver = asking.ok("POST", "/api/v1/waivers", json=wanted).json()
    assert waiver["state"] == "requested" and waiver["requested_by"] == developer[0]
    assert asking.request("PATCH", "/api/v1/waivers/%d" % waiver["id"], json={"state": "granted"}).status_code == 403
    assert installer.install(index, PINNED).status != 0
    granting = server.client(*owner)
    granting.ok("PATCH", "/api/v1/waivers/%d" % waiver["id"], json={"state": "granted"})
    installer.install(index, PINNED).must_succeed()
    evaluated = asking.ok("POST", "/api/v1/policies/evaluate", json={"repository": proxy, "packages": ["pkg:pypi/held-back@2.0"]})
    assert evaluated.json()["items"][0]["waiver"] == waiver["id"]
    granting.ok("PATCH", "/api/v1/waivers/%d" % waiver["id"], json={"until": at(2)})
    until(lambda: asking.request("GET", PATH % proxy).status_code == 403, "the waiver has not ended")
    again = installer.install(index, PINNED)
    assert again.status != 0 and link.group(1) in shown(again), again.text


def test_pages_and_refusals_lead_to_the_public_url_whatever_the_host(new_server, upstream):
    upstream.add(make_fixtures.wheel("held-back", "2.0"))
    server = new_server(SAVE_PUBLIC_URL="https://save.example.com/here")
    server.create("team/proxy", kind="proxy", remote_url=upstream.url + "/")
    server.admin.ok("POST", "/api/v1/policies", json={"name": "none", "action": "deny", "match": {}})
    page = server.admin.ok("GET", "/pypi/team/proxy/simple/held-back/", headers={"Accept": "application/vnd.pypi.simple.v1+json"}).json()
    reason = page["files"][0]["yanked"]
    assert re.fullmatch(r"Blocked by Save: held-back is not allowed, policy none; https://save\.example\.com/here/ui/why/\d+", reason)
    assert server.admin.get(PATH % "team/proxy", headers={"Host": "other.example.com"}).headers["X-Save-Reason"] == reason


def test_the_link_of_a_refusal_leads_to_a_page_on_which_a_waiver_is_asked_for(server, proxy, repository):
    server.admin.ok("POST", "/api/v1/users", json={"username": repository, "password": PASSWORD})
    server.admin.ok("PUT", "/api/v1/projects/%s/members/%s" % (repository, repository), json={"role": "viewer"})
    assert server.admin.request("GET", "/pypi/%s/simple/held-back/" % proxy).status_code == 200
    reason = server.admin.request("GET", PATH % proxy).headers["X-Save-Reason"]
    page = "/ui/why/" + reason.rsplit("/", 1)[1]
    person = Browser(server.url)
    assert person.get(page).url.startswith(server.url + "/ui/login?return=")
    server.admin.ok("PATCH", "/api/v1/repos/" + proxy, json={"anonymous_read": True})
    visitor = person.get(page).text
    assert "/ui/login?return=%2Fui%2Fwhy%2F" in visitor and "<textarea" not in visitor
    person.sign_in(repository, PASSWORD)
    shown = plain(person.get(page).text)
    assert "Why was held-back 2.0 refused?" in shown and "no-held-back" in shown and "Blocked by Save" in shown
    asked = person.submit(page, page + "/waiver", reason="fixes our outage", days="7")
    assert asked.status_code == 200 and asked.url == server.url + page
    assert "requested fixes our outage" in plain(asked.text)
    waivers = [one for one in server.admin.ok("GET", "/api/v1/waivers").json()["items"] if one["requested_by"] == repository]
    assert [(one["state"], one["reason"]) for one in waivers] == [("requested", "fixes our outage")]
    server.admin.ok("PATCH", "/api/v1/waivers/%d" % waivers[0]["id"], json={"state": "granted"})
    assert "It is allowed now." in plain(person.get(page).text)
    assert person.get("/ui/why/999999").status_code == 404 and person.get("/ui/why/x").status_code == 404
