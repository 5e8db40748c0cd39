"""Pages for browsers: what a person reads, copies and sends, without scripts."""
import json
import os
import pathlib
import re
import subprocess
import sys
import venv

import pytest

import make_fixtures
from harness.browser import Browser, plain, snippets
from harness.clients.tool import VENVS
from harness.server import PASSWORD, ROOT, clean_environment

HARNESS = pathlib.Path(__file__).parent / "harness"
WHEEL = "plain-1.0-py3-none-any.whl"


@pytest.fixture
def project(server, repository, dists, upstream):
    """A hosted repository with a package, a proxy, a group over both, and a person who may publish."""
    upstream.projects["outside"] = []
    server.create(repository + "/hosted")
    server.create(repository + "/proxy", kind="proxy", remote_url=upstream.url + "/")
    server.create(repository + "/all", kind="group", members=[repository + "/hosted", repository + "/proxy"])
    assert server.admin.upload(repository + "/hosted", dists[WHEEL]).status_code == 200
    server.admin.ok("POST", "/api/v1/users", json={"username": repository, "password": PASSWORD})
    server.admin.ok("PUT", "/api/v1/projects/%s/members/%s" % (repository, repository), json={"role": "developer"})
    return repository


@pytest.fixture
def person(server, project):
    browser = Browser(server.url)
    answer = browser.sign_in(project, PASSWORD)
    assert answer.status_code == 200 and answer.url == server.url + "/ui/", answer.text
    return browser


def test_a_browser_at_the_root_is_led_to_the_pages_and_programs_are_not(server, project):
    assert server.client(None).get("/", headers={"Accept": "*/*"}).text.startswith("Save: a repository manager")
    visitor = Browser(server.url)
    first = visitor.get("/", follow=False)
    assert (first.status_code, first.headers["Location"]) == (303, "/ui/")
    hidden = visitor.get("/ui/pypi/%s/hosted/" % project)
    assert hidden.url.startswith(server.url + "/ui/login?return=") and "WWW-Authenticate" not in hidden.headers
    assert visitor.get("/ui/pypi/%s/absent/" % project).url.startswith(server.url + "/ui/login?return=")


def test_the_reading_walk_from_home_over_search_to_an_explanation(server, project, person):
    home = person.get("/ui/").text
    assert 'href="/ui/pypi/%s/all/"' % project in home
    found = person.get("/ui/search?q=plain").text
    page = "/ui/pypi/%s/all/plain/" % project
    assert 'href="%s"' % page in found
    assert any("%s/all/simple/ plain" % project in line for line in snippets(found)), snippets(found)
    package = person.get(page).text
    assert 'href="%s1.0/"' % page in package and "allowed" in plain(package)
    version = person.get(page + "1.0/").text
    files = person.get(page + "1.0/?tab=files").text
    assert WHEEL in files and re.search(r"sha256 [0-9a-f]{64}", plain(files))
    assert snippets(version)[0].endswith(" plain==1.0")
    explanation = plain(person.get(page + "?tab=explain").text)
    assert "%s/hosted has it." % project in explanation and "%s/proxy is not asked." % project in explanation
    assert person.get(page + "9.9/").status_code == 404
    assert person.get("/ui/pypi/%s/all/absent/" % project).status_code in (200, 404)


def test_the_key_and_the_configuration_that_are_shown_install_the_package_as_they_are(server, project, person, tool, tmp_path):
    answer = person.submit("/ui/account?for=%s/all" % project, "/ui/account/keys", description="laptop", days="30",
                           reach="read:%s/all" % project)
    assert answer.status_code == 201, answer.text
    key, configuration = snippets(answer.text)[:2]
    assert re.fullmatch(r"sav_[0-9A-Za-z]{50}", key) and key in configuration
    assert key not in person.get("/ui/account").text
    (tmp_path / "pip.conf").write_text(configuration)
    pip = tool("pip-newest")
    outcome = pip.install(None, "plain", PIP_CONFIG_FILE=str(tmp_path / "pip.conf"))
    outcome.must_succeed()
    # The line of the package's page, with the key where it says so.
    line = snippets(person.get("/ui/pypi/%s/all/plain/" % project).text)[0].replace("KEY", key).split()
    assert line[:3] == ["pip", "install", "--index-url"]
    pip.install(line[3], *line[4:]).must_succeed()
    identifier = re.search(r"/ui/account/keys/(\w+)/revoke", person.get("/ui/account").text).group(1)
    assert person.submit("/ui/account", "/ui/account/keys/%s/revoke" % identifier).status_code == 200
    assert pip.install(line[3], *line[4:]).status != 0


def test_what_is_published_is_there_and_what_a_policy_refuses_is_told_of(server, project, person, dists):
    page = "/ui/pypi/%s/hosted/" % project
    assert person.get(page + "rich/").status_code == 404
    other = next(item for item in dists.values() if item.project not in ("plain", "rich") and item.is_wheel)
    assert server.admin.upload(project + "/hosted", other).status_code == 200
    assert 'href="%s%s/"' % (page, other.project) in person.get(page + "?tab=packages").text
    server.admin.ok("POST", "/api/v1/policies", json={
        "name": "no-" + other.project, "scope": "repository:%s/hosted" % project, "action": "deny", "include_hosted": True,
        "match": {"packages": [other.project]}})
    refused = plain(person.get(page + other.project + "/").text)
    assert "is held back." in refused and "no-" + other.project in refused, refused


def test_an_upstream_that_is_down_does_not_look_like_an_empty_repository(server, project, person):
    server.create(project + "/broken", kind="proxy", remote_url="http://127.0.0.1:9/")
    server.client(project, PASSWORD).get("/pypi/%s/broken/simple/thing/" % project)
    assert "The upstream fails." in plain(person.get("/ui/pypi/%s/broken/" % project).text)
    package = person.get("/ui/pypi/%s/broken/thing/" % project)
    assert package.status_code == 200 and "does not answer" in plain(package.text)


def test_a_session_is_ended_from_another_browser_and_by_signing_out(server, project, person):
    other = Browser(server.url)
    other.sign_in(project, PASSWORD)
    account = other.get("/ui/account").text
    rows = re.findall(r"<tr>.*?</tr>", account, re.S)
    theirs = next(row for row in rows if "/sessions/" in row and "this one" not in row)
    end = re.search(r'action="(/ui/account/sessions/\w+/end)"', theirs).group(1)
    assert other.submit("/ui/account", end).status_code == 200
    assert person.get("/ui/account", follow=False).status_code == 303
    cookies = dict(other.session.cookies)
    assert other.submit("/ui/", "/ui/logout").url == server.url + "/ui/login"
    other.session.cookies.update(cookies)
    assert other.get("/ui/account", follow=False).status_code == 303


def test_a_session_outlives_a_restart_of_the_server(new_server):
    server = new_server()
    browser = Browser(server.url)
    browser.sign_in("admin", PASSWORD)
    server.stop()
    server.start()
    browser.url = server.url
    assert browser.get("/ui/account", follow=False).status_code == 200


def test_a_guesser_waits_on_the_page_as_with_basic(new_server):
    server = new_server()
    visitor = Browser(server.url)
    statuses = [visitor.sign_in("admin", "wrong %d" % attempt).status_code for attempt in range(7)]
    assert statuses[:5] == [403] * 5 and 429 in statuses[5:], statuses
    assert visitor.sign_in("admin", PASSWORD).status_code == 429


def test_a_page_of_another_site_changes_nothing(server, project, person):
    token = re.search(r'name="form_token" value="(\w+)"', person.get("/ui/account").text).group(1)
    for headers in ({"Origin": "https://elsewhere.test"}, {"Sec-Fetch-Site": "cross-site"}):
        assert person.post("/ui/logout", {"form_token": token}, follow=False, **headers).status_code == 403
    assert person.post("/ui/logout", {"form_token": "0" * 64}, follow=False).status_code == 403
    assert person.get("/ui/account", follow=False).status_code == 200
    # The cookie is for pages alone.
    for path in ("/api/v1/user", "/pypi/%s/hosted/simple/" % project, "/metrics"):
        assert person.session.get(server.url + path, headers={"Cookie": "save=" + person.session.cookies["save"]}).status_code == 401


def test_pages_of_a_server_below_a_path_lead_to_each_other(new_server):
    server = new_server(SAVE_PUBLIC_URL="http://127.0.0.1/tools")
    answer = server.client(None).get("/ui/", headers={"Accept": "text/html"})
    assert answer.headers["Location"] == "/tools/ui/login"
    login = server.client(None).get("/ui/login").text
    for link in re.findall(r' (?:href|src|action)="([^"#]+)"', login):
        assert link.startswith("/tools/"), link


def test_somebody_new_clicks_and_copies_to_a_first_installed_and_a_first_published_package(new_server, upstream, tool, tmp_path):
    upstream.add(make_fixtures.wheel("requests", "2.32.0"))
    server = new_server("data", SAVE_ADMIN_PASSWORD="")
    # What `make run` makes on a first start, and the lines that it prints.
    printed = subprocess.run([sys.executable, str(ROOT / "Scripts" / "demo.py"), "create", "--data", str(server.data)],
                             input=upstream.url + "/", stdout=subprocess.PIPE, text=True, env=clean_environment()).stdout
    url, file = re.search(r"Save listens on (\S+)\. The user is admin, its password is in (\S+)\. ", printed).groups()
    password = pathlib.Path(file).read_text().strip()
    home = tmp_path / "home"
    environment = clean_environment(HOME=str(home), PATH=":".join(
        [str(tmp_path / "environment" / "bin"), str(VENVS / "twine7" / "bin"), os.environ["PATH"]]), PIP_NO_CACHE_DIR="1")
    walk = subprocess.run([str(VENVS / "browser" / "bin" / "python"), str(HARNESS / "newcomer.py"), url, password, "requests"],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=300, env=environment)
    assert walk.returncode == 0, walk.stderr[-4000:]
    told = json.loads(walk.stdout)
    assert not told["said"], told["said"]
    for client in (told["pip"], told["twine"]):
        target = pathlib.Path(client["file"].replace("~", str(home)))
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(client["content"])
    venv.create(tmp_path / "environment", with_pip=True)
    (tmp_path / "dist").mkdir()
    make_fixtures.wheel("first_package", "1.0").write(tmp_path / "dist")
    # The line of the package's page for a client that is set up, then the one that publishes, then what was published.
    for line in (told["install"][-1], told["twine"]["line"], "pip install first-package"):
        done = subprocess.run(["bash", "-c", line], cwd=tmp_path, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=120, env=environment)
        assert done.returncode == 0, (line, done.stdout)
    browser = Browser(url)
    browser.sign_in("admin", password)
    assert "first-package" in plain(browser.get("/ui/").text)
