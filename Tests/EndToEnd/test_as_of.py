"""Repositories as of a time: what real clients install from them, and what they write down."""
import datetime
import json

import pytest

import make_fixtures

THEN = "2024-11-01"


@pytest.fixture
def wheels(upstream):
    made = {version: make_fixtures.wheel("old-friend", version) for version in ("1.0", "1.1", "2.0")}
    upstream.add(*made.values())
    for version, day in (("1.0", "2024-09-01"), ("1.1", "2024-10-31"), ("2.0", "2024-11-01")):
        upstream.published[made[version].filename] = day + "T00:00:01.000000Z"
    return made


@pytest.fixture
def proxy(server, repository, upstream, wheels):
    server.create(repository + "/proxy", kind="proxy", remote_url=upstream.url + "/")
    server.create(repository + "/hosted")
    server.create(repository + "/all", kind="group", members=[repository + "/hosted", repository + "/proxy"])
    return repository + "/proxy"


def at(repository, time=THEN):
    return "%s/+at/%s" % (repository, time)


@pytest.mark.parametrize("place", ["proxy", "all"])
@pytest.mark.parametrize("time", [THEN, "2024-11-01T01:00:00%2B01:00"], ids=["date", "offset"])
def test_installers_get_what_was_newest_then(server, proxy, repository, upstream, wheels, installer, place, time):
    name = repository + "/" + place
    installer.install(server.index_url(name), "old-friend").must_succeed()
    outcome = installer.install(server.index_url(at(name, time)), "old-friend").must_succeed()
    assert outcome.installed == {"old-friend": "1.1"}
    # It is here by now, and it was not there then.
    upstream.stop()
    outcome = installer.install(server.index_url(at(name, time)), "old-friend==2.0")
    assert outcome.status != 0, outcome.text
    installer.install(server.index_url(at(name, "2024-11-02")), "old-friend==2.0").must_succeed()


def test_what_is_hosted_was_there_since_it_was_uploaded(server, proxy, repository, installer):
    name = repository + "/hosted"
    first, second = (make_fixtures.wheel("ours", version) for version in ("1.0", "2.0"))
    assert server.admin.upload(name, first).status_code == 200
    then = server.admin.page(name, "ours").json()["files"][0]["upload-time"]
    assert server.admin.upload(name, second).status_code == 200
    for place in (name, repository + "/all"):
        outcome = installer.install(server.index_url(at(place, then)), "ours").must_succeed()
        assert outcome.installed == {"ours": "1.0"}
        assert installer.install(server.index_url(place), "ours").must_succeed().installed == {"ours": "2.0"}


@pytest.mark.parametrize("client", ["uv", "poetry1", "poetry2", "pdm", "pipenv"])
def test_a_lock_made_in_the_past_is_the_same_whenever_it_is_made(server, proxy, repository, upstream, wheels, tool, client):
    # As a robot: pipenv loses a password with a space in it.
    index_url = server.index_url(at(repository + "/all"), *server.robot(repository, "viewer"))
    locks = []
    for _ in range(2):
        project = tool(client).start(index_url)
        project.add("old-friend").must_succeed()
        project.relock().must_succeed()
        locks.append(project.lock)
        assert project.install_locked().must_succeed().installed["old-friend"] == "1.1"
        newer = make_fixtures.wheel("old-friend", "17.71")
        upstream.add(newer)
        upstream.published[newer.filename] = "2024-11-20T00:00:00Z"
        server.admin.ok("POST", "/api/v1/repos/%s/invalidate-cache" % proxy)
    assert locks[0] == locks[1]
    assert "17.71" not in locks[0]
    if client != "pdm":     # which writes no addresses down
        assert "/+at/%s/" % THEN in locks[0]


def test_every_door_to_a_file_that_came_later_is_closed_and_says_why(server, proxy, wheels):
    name = wheels["2.0"].filename
    base = "/pypi/%s/" % at(proxy)
    for path in ("packages/old-friend/" + name, "packages/old-friend/%s.metadata" % name):
        for method in ("GET", "HEAD"):
            answer = server.admin.request(method, base + path)
            assert answer.status_code == 404
            if method == "GET":
                assert answer.text == ("'%s' was published at 2024-11-01T00:00:01Z and is not there as of 2024-11-01T00:00:00Z: "
                                       "ask for a later time, or leave out /+at/2024-11-01/\n" % name)
    page = server.admin.ok("GET", base + "pypi/old-friend/json").json()
    assert page["info"]["version"] == "1.1" and "2.0" not in page["releases"]
    url = page["urls"][0]["url"]
    assert "/+at/%s/" % THEN in url
    assert server.admin.ok("GET", url[len(server.url):], allow_redirects=True).content == wheels["1.1"].content


def test_plain_files_are_read_as_they_were(server, repository):
    name = repository + "/files"
    server.create(name, format="raw")
    assert server.admin.put("/raw/%s/a/one.txt" % name, data=b"one").status_code == 201
    listing = server.admin.ok("GET", "/raw/%s/a/" % name, headers={"Accept": "application/json"}).json()
    then = json.dumps(listing).split('"published": "')[1].split('"')[0]
    assert server.admin.put("/raw/%s/a/two.txt" % name, data=b"two").status_code == 201
    base = "/raw/%s/a/" % at(name, then)
    assert server.admin.ok("GET", base + "one.txt").content == b"one"
    assert server.admin.ok("GET", base + "one.txt", 206, headers={"Range": "bytes=0-1"}).content == b"on"
    assert server.admin.get(base + "two.txt").status_code == 404
    page = server.admin.ok("GET", base, headers={"Accept": "text/html"}).text
    assert "one.txt" in page and "two.txt" not in page


@pytest.mark.parametrize("time", ["yesterday", "", "2024-11-31", "9999-01-01", "tomorrow"])
def test_a_time_that_cannot_be_meant_is_refused_with_an_example(server, proxy, time):
    if time == "tomorrow":
        time = (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    answer = server.admin.get("/pypi/%s/" % at(proxy, time))
    assert answer.status_code == 400 and "/+at/2026-11-01/" in answer.text, answer.text


def test_nothing_is_changed_in_the_past(server, repository, tool, tmp_path):
    name = repository + "/hosted"
    server.create(name)
    wheel = make_fixtures.wheel("ours", "1.0")
    wheel.write(tmp_path)
    outcome = tool("twine7").publish("%s/pypi/%s/" % (server.url, at(name)), "admin", server.admin.auth[1].decode(),
                                     tmp_path / wheel.filename)
    assert outcome.status != 0 and "can only be read" in " ".join(outcome.text.split()), outcome.text
    assert server.admin.page(name, "ours").status_code == 404
    for method in ("PUT", "DELETE", "POST"):
        answer = server.admin.request(method, "/pypi/%s/packages/ours/%s" % (at(name), wheel.filename), data=b"x")
        assert answer.status_code == 405 and "can only be read" in answer.text, (method, answer.text)
