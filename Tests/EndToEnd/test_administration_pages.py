"""Administration in a browser: a real one for what people click, and forms as they stand on pages for the rest."""
import csv
import io
import json
import pathlib
import re
import subprocess
import urllib.parse

import pytest

from harness.browser import Browser, plain, snippets
from harness.clients.tool import VENVS
from harness.server import PASSWORD, clean_environment

HARNESS = pathlib.Path(__file__).parent / "harness"
WHEEL = "plain-1.0-py3-none-any.whl"


def chromium(script, tmp_path, *arguments):
    """Runs a program that drives Chromium, and gives what it printed, line by line."""
    done = subprocess.run(
        [str(VENVS / "browser" / "bin" / "python"), str(HARNESS / script), *map(str, arguments)], stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True, timeout=600, env=clean_environment(HOME=str(tmp_path)))
    assert done.returncode == 0, done.stderr[-4000:]
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture
def administrator(server):
    browser = Browser(server.url)
    browser.sign_in("admin", PASSWORD)
    return browser


@pytest.mark.parametrize("scripts", [True, False])
def test_a_proxy_a_robot_and_a_key_are_made_by_clicking_and_what_is_shown_installs(server, repository, upstream, dists, tool, tmp_path, scripts):
    upstream.add(dists[WHEEL])
    walk = chromium("administrator.py", tmp_path, server.url, "admin", PASSWORD, scripts, "client", repository, upstream.url + "/")[0]
    assert "The upstream can be used." in walk["probe"], walk
    assert walk["made"].endswith("/ui/admin/repositories/%s/proxy?done=made" % repository)
    key, configuration = walk["snippets"][0], next(text for text in walk["snippets"] if "index-url" in text)
    assert re.fullmatch(r"sav_[0-9A-Za-z]{50}", key) and key in configuration
    (tmp_path / "pip.conf").write_text(configuration)
    pip = tool("pip-newest")
    pip.install(None, "plain", PIP_CONFIG_FILE=str(tmp_path / "pip.conf")).must_succeed()
    # A policy that is set on a page refuses, and the page about the refusal is reached from it.
    assert not walk["said"], walk["said"]
    walk = chromium("administrator.py", tmp_path, server.url, "admin", PASSWORD, scripts, "policy", repository)[0]
    assert walk["policy"].endswith("/ui/admin/policies?done=made")
    robot = server.client("sa$" + repository, key)
    index = "/pypi/%s/proxy/simple/plain/" % repository
    file = re.search(r'href="([^"#]+)', robot.get(index, headers={"Accept": "text/html"}).text).group(1)
    refused = robot.get(urllib.parse.urljoin(index, file))
    assert refused.status_code == 403
    link = re.search(r"(/ui/why/\d+)", refused.text)
    assert link, refused.text
    browser = Browser(server.url)
    browser.sign_in("admin", PASSWORD)
    why = plain(browser.get(link.group(1)).text)
    assert "Why was plain refused?" in why and "hold-plain" in why
    assert not walk["said"], walk["said"]


def test_every_page_of_administration_is_for_everybody_in_light_in_dark_and_on_a_small_screen(new_server, upstream, dists, tmp_path):
    upstream.add(*(item for item in dists.values() if item.project == "plain"))
    server = new_server()
    server.create("team/hosted", description="Ours <b>only</b>", audit_downloads=True)
    server.create("team/proxy", kind="proxy", remote_url=upstream.url + "/")
    server.create("team/all", kind="group", members=["team/hosted", "team/proxy"])
    admin = server.admin
    admin.ok("POST", "/api/v1/users", json={"username": "someone.with.a.long.name@example.com", "password": PASSWORD})
    admin.ok("PUT", "/api/v1/projects/team/members/someone.with.a.long.name@example.com", json={"role": "owner"})
    admin.ok("POST", "/api/v1/robots", json={"name": "ci", "project": "team"})
    admin.ok("POST", "/api/v1/robots/ci/keys", json={"description": "runner"})
    policy = admin.ok("POST", "/api/v1/policies", json={"name": "cooldown", "action": "deny", "match": {"younger_than": "7d"}}).json()
    admin.ok("POST", "/api/v1/waivers", json={
        "package": "pkg:pypi/plain@1.0", "policy": "cooldown", "project": "team", "reason": "needed", "until": "2035-01-01T00:00:00Z"})
    assert admin.post("/api/v1/admin/verify").status_code == 202
    assert admin.upload("team/hosted", dists[WHEEL]).status_code == 200
    a = "/ui/admin"
    packages = a + "/repositories/team/hosted/packages?package=plain"
    paths = [
        a, a + "/projects", a + "/projects/team", a + "/repositories", a + "/repositories/team/hosted", a + "/repositories/team/proxy",
        a + "/repositories/team/all", a + "/repositories/new", a + "/repositories/new?format=pypi&kind=proxy",
        a + "/repositories/new?format=pypi&kind=group", a + "/users", a + "/users/someone.with.a.long.name@example.com", a + "/robots",
        a + "/robots/ci", a + "/policies", a + "/policies/new", a + "/policies/%d" % policy["id"], a + "/waivers", a + "/waivers?state=all",
        a + "/advisories", a + "/advisories?package=pkg:pypi/plain@1.0", a + "/downloads", a + "/jobs", a + "/storage", a + "/server", "/ui/audit",
        "/ui/audit?outcome=failed", "/ui/audit/verify", "/ui/account/password", a + "/waivers/1", a + "/repositories/team/hosted/packages",
        packages, packages + "&version=1.0", packages + "&version=1.0&file=" + WHEEL, a + "/waivers/import", "/ui/account",
    ]
    seen = chromium("chromium.py", tmp_path, server.url, "admin", PASSWORD, *paths)
    assert len(seen) == 3 * (len(paths) + 1)
    for page in seen:
        assert page["status"] == 200, page
        assert not page["findings"] and not page["elsewhere"] and not page["said"] and not page["overflows"], page


def test_the_audit_trail_is_filtered_and_exported_under_the_session(server, repository, administrator):
    server.create(repository + "/one")
    server.create(repository + "/two")
    found = plain(administrator.get("/ui/audit?action=repository.create&q=%s" % repository).text)
    assert repository + "/one" in found and repository + "/two" in found and "user.create" not in found
    page = administrator.get("/ui/audit?resource=%s/one" % repository).text
    export = re.search(r'href="(/ui/audit/export\.csv\?[^"]*)"', page).group(1).replace("&amp;", "&")
    answer = administrator.get(export)
    assert answer.headers["Content-Disposition"] == 'attachment; filename="audit.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [(row["action"], row["resource"]) for row in rows] == [("repository.create", repository + "/one")]
    lines = administrator.get(export.replace("export.csv", "export.ndjson")).text.splitlines()
    assert [json.loads(line)["resource"] for line in lines] == [repository + "/one"]
    assert Browser(server.url).get(export, follow=False).status_code == 303
    # A filter that is wrong is told of where it can be mended.
    wrong = administrator.get("/ui/audit?since=yesterday&actor=somebody")
    assert wrong.status_code == 400 and "since" in plain(wrong.text) and 'value="somebody"' in wrong.text
    assert administrator.get("/ui/admin/advisories?package=nonsense").status_code == 400


def test_a_job_is_followed_with_scripts_and_without(server, administrator):
    answer = administrator.submit("/ui/admin/jobs", "/ui/admin/jobs/verify")
    assert answer.url.endswith("/ui/admin/jobs?done=started") and "The job has begun." in plain(answer.text)
    assert "Verification" in plain(administrator.get("/ui/admin/jobs").text)


def test_the_configuration_that_holds_is_shown_without_secrets(new_server):
    server = new_server(SAVE_OUTBOUND_PROXY="http://someone:hunter22@127.0.0.1:3128", SAVE_GC_GRACE="3600")
    browser = Browser(server.url)
    browser.sign_in("admin", PASSWORD)
    text = browser.get("/ui/admin/server").text
    assert "hunter22" not in text and "someone" not in text
    assert "gc_grace 3600 the variable SAVE_GC_GRACE" in plain(text) and "All parts work:" in plain(text)


def test_an_owner_manages_a_project_and_sees_nothing_of_the_server(server, repository):
    server.create(repository + "/hosted")
    server.admin.ok("POST", "/api/v1/users", json={"username": repository, "password": PASSWORD})
    server.admin.ok("PUT", "/api/v1/projects/%s/members/%s" % (repository, repository), json={"role": "owner"})
    owner = Browser(server.url)
    owner.sign_in(repository, PASSWORD)
    page = "/ui/admin/projects/" + repository
    assert owner.submit(page, page, description="Changed").url.endswith(page + "?done=saved")
    refused = owner.submit(page, page + "/members", principal="nobody-like-it", role="viewer")
    assert refused.status_code == 404 and "There is no such user" in plain(refused.text) and "nobody-like-it" in refused.text
    wrong = owner.submit("/ui/admin/repositories/%s/hosted" % repository, "/ui/admin/repositories/%s/hosted/delete" % repository, confirm="other")
    assert wrong.status_code == 400 and "type its name: hosted" in plain(wrong.text)
    for path in ("/ui/audit", "/ui/admin/users", "/ui/admin/storage", "/ui/admin/server", "/ui/admin/jobs"):
        assert owner.get(path).status_code == 403, path
    assert owner.submit("/ui/admin/repositories/%s/hosted" % repository, "/ui/admin/repositories/%s/hosted/delete" % repository,
                        confirm="hosted").url.endswith("/ui/admin/repositories?done=deleted")


def test_a_new_group_has_nobody_in_it_before_its_project_is_known(server, repository, administrator):
    for project in (repository, repository + "-other"):
        server.create(project + "/hosted")
    page = "/ui/admin/repositories/new?format=pypi&kind=group"
    assert repository + "/hosted" not in administrator.get(page).text.split('name="members"')[1].split("</textarea>")[0]
    members = administrator.get(page + "&project=" + repository).text.split('name="members"')[1].split("</textarea>")[0]
    assert repository + "/hosted" in members and repository + "-other/hosted" not in members


def test_a_group_in_a_group_is_deleted_by_the_form(server, repository, administrator):
    server.create(repository + "/hosted")
    server.create(repository + "/inner", kind="group", members=[repository + "/hosted"])
    page = "/ui/admin/repositories/%s/inner" % repository
    assert 'name="names"' in administrator.get(page).text.split(page + "/delete")[1]


def test_a_robots_key_publishes_to_no_group(server, repository, administrator):
    server.create(repository + "/hosted")
    server.create(repository + "/all", kind="group", members=[repository + "/hosted"])
    server.admin.ok("POST", "/api/v1/robots", json={"name": repository, "project": repository})
    server.admin.ok("PUT", "/api/v1/projects/%s/members/sa$%s" % (repository, repository), json={"role": "developer"})
    page = "/ui/admin/robots/" + repository
    wrong = administrator.submit(page, page + "/keys", description="x", resource=repository + "/all", may="write", days="30")
    assert wrong.status_code == 400 and "Nothing is published to a group" in plain(wrong.text)
    assert administrator.submit(page, page + "/keys", description="x", resource=repository + "/hosted", may="write", days="30").status_code == 201


def test_a_session_is_revoked_from_another_real_browser(server, repository, tmp_path):
    server.admin.ok("POST", "/api/v1/users", json={"username": repository, "password": PASSWORD})
    here = Browser(server.url)
    here.sign_in(repository, PASSWORD)
    walk = chromium("revoker.py", tmp_path, server.url, repository, PASSWORD)[0]
    assert walk["rows"] == 2 and walk["left"] == 1
    assert here.get("/ui/account", follow=False).status_code == 303
