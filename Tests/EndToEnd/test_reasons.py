"""What people are shown of a refusal by the clients they use, as these come: without an option that asks for more."""
import pytest

import make_fixtures
from harness.http import raw
from harness.server import PASSWORD

TWINES = ["twine4", "twine6", "twine7"]


@pytest.fixture(params=TWINES)
def twine(request, tool):
    return tool(request.param)


@pytest.fixture
def wheel(tmp_path):
    return make_fixtures.wheel("told", "1.0", payload=b"new").write(tmp_path)


def shown(outcome):
    """All that was said, in one line: some clients wrap what they print."""
    return " ".join(outcome.text.split())


def reason(server, method, path, **options):
    """The line of a refusal, which is the same wherever a client may look."""
    answer = server.admin.request(method, path, **options)
    line = answer.headers["X-Save-Reason"]
    assert answer.status_code >= 400 and line.isascii() and 20 < len(line) <= 200, line
    assert answer.reason == line and answer.text == line + "\n"
    return line


def test_r64_twine_shows_why_other_bytes_are_refused(server, repository, twine, wheel):
    server.create(repository + "/hosted")
    assert server.admin.upload(repository + "/hosted", make_fixtures.wheel("told", "1.0")).status_code == 200
    outcome = twine.publish("%s/pypi/%s/hosted/" % (server.url, repository), "admin", PASSWORD, wheel)
    assert outcome.status != 0 and "File already exists ('told-1.0-py3-none-any.whl'" in shown(outcome), outcome.text


@pytest.mark.parametrize("place, kind, settings, word", [
    ("proxy", "proxy", {"remote_url": "http://127.0.0.1:9/"}, "proxy"),
    ("group", "group", {"members": []}, "group"),
    ("nothing", None, {}, "repository"),
])
def test_r64_twine_shows_why_a_repository_takes_no_upload(server, repository, twine, wheel, place, kind, settings, word):
    if kind:
        server.create(repository + "/" + place, kind=kind, **settings)
    else:
        server.create(repository + "/other")
    outcome = twine.publish("%s/pypi/%s/%s/" % (server.url, repository, place), "admin", PASSWORD, wheel)
    line = reason(server, "POST", "/pypi/%s/%s/" % (repository, place), data=b"x", headers={"Content-Type": "multipart/form-data; boundary=b"})
    assert word in line
    assert outcome.status != 0 and line in shown(outcome), (line, outcome.text)


def test_r64_twine_shows_that_the_disk_is_full(new_server, twine, wheel):
    server = new_server(SAVE_DISK_RESERVE="8000t")
    server.create("full/hosted")
    outcome = twine.publish("%s/pypi/full/hosted/" % server.url, "admin", PASSWORD, wheel)
    assert outcome.status != 0 and "507" in outcome.text and "disk" in shown(outcome).split("507", 1)[1], outcome.text


def test_r64_installers_show_why_a_file_is_refused(server, repository, upstream, installer):
    upstream.add(make_fixtures.wheel("told", "1.0"))
    proxy = repository + "/proxy"
    server.create(proxy, kind="proxy", remote_url=upstream.url + "/")
    # As a lock file has it that was made before the rule was.
    path = server.admin.file_path(proxy, "told", "told-1.0-py3-none-any.whl")
    server.admin.ok("PATCH", "/api/v1/repos/" + proxy, json={"allowed_file_hosts": ["files.example.com"]})
    outcome = installer.install(server.index_url(proxy), "told @ %s%s" % (server.with_userinfo("admin", PASSWORD), path))
    line = reason(server, "GET", path)
    assert "allowed_file_hosts" in line
    assert outcome.status != 0 and line in shown(outcome), (line, outcome.text)


def test_letters_of_a_name_are_escaped_where_no_letters_can_be(server, repository):
    server.create(repository + "/files", format="raw")
    assert "gr\\u00f6\\u00dfe" in reason(server, "GET", "/raw/%s/files/gr%%C3%%B6%%C3%%9Fe%%E2%%80%%AE.txt" % repository)


def test_a_page_that_comes_as_json_only_is_refused_in_json_where_its_repository_is_offline(server, repository):
    server.create(repository + "/mine", online=False)
    answer = server.admin.get("/pypi/%s/mine/pypi/plain/json" % repository)
    assert answer.status_code == 503 and answer.headers["Content-Type"] == "application/json"
    assert "is offline" in answer.json()["message"] and int(answer.headers["Retry-After"]) > 0
    reason(server, "GET", "/pypi/%s/mine/simple/plain/" % repository)


def test_a_client_that_sends_no_request_is_told_once(server):
    for text in ("GET / HTTP/1.32\r\nHost: a\r\n\r\n", "GET / HTTP/1.1\r\nHost: [::1\r\n\r\n",
                 "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +5\r\n\r\n"):
        answer = raw(server, text)
        assert answer.status == 400 and answer.data.count(b"HTTP/1.1 ") == 1 and b"html" not in answer.data.lower()
