"""Downloads by whom: recorded where a repository wants it, whichever way the file went out."""

import pytest

import make_fixtures
from harness.server import Server
from harness.waiting import until


def downloads(server, **query):
    """The records of downloads, oldest first, once they are written."""
    query = dict({"action": "file.download", "limit": 1000}, **query)
    return server.admin.ok("GET", "/api/v1/admin/audit", params=query).json()["items"][::-1]


def settled(server, count, **query):
    def found():
        items = downloads(server, **query)
        return sum(item["details"]["count"] + item["details"].get("parts", 0) for item in items) >= count and (items,)

    return until(found, lambda: "%d downloads are recorded: %s" % (count, downloads(server, **query)), pause=0.2)[0]


@pytest.fixture
def local(tmp_path):
    server = Server(tmp_path / "data").start()
    yield server
    assert server.alive and server.stop() == 0


def test_downloads_are_recorded_where_a_repository_wants_it_in_every_way_they_go_out(local, upstream):
    item = make_fixtures.wheel("counted", "1.0")
    other = make_fixtures.wheel("proxied", "1.0")
    upstream.add(other)
    hosted = local.create("team/hosted", audit_downloads=True)
    assert hosted["audit_downloads"] is True
    quiet = local.create("team/quiet")
    assert quiet["audit_downloads"] is False
    local.create("team/proxy", kind="proxy", remote_url=upstream.url, audit_downloads=True)
    local.create("team/all", kind="group", members=["team/hosted", "team/proxy"], anonymous_read=True)
    local.admin.ok("PATCH", "/api/v1/repos/team/hosted", json={"anonymous_read": True})
    local.admin.ok("PATCH", "/api/v1/repos/team/proxy", json={"anonymous_read": True})
    for repository in ("team/hosted", "team/quiet"):
        local.admin.upload(repository, item)
    name, key = local.robot("team", "viewer")

    def link(client, repository, file):
        return client.file_path(repository, file.name, file.filename)

    robot, anonymous = local.client(name, key), local.client(None, None)
    path = link(robot, "team/hosted", item)
    for _ in range(5):
        assert robot.get(path, headers={"User-Agent": "ci/1"}).status_code == 200
    etag = robot.get(path, headers={"User-Agent": "ci/1"}).headers["ETag"]
    assert robot.get(path, headers={"If-None-Match": etag}).status_code == 304
    assert robot.get(path, headers={"Range": "bytes=0-9", "User-Agent": "ci/1"}).status_code == 206
    assert robot.request("HEAD", path).status_code == 200
    assert anonymous.get(link(anonymous, "team/all", item)).status_code == 200
    assert local.admin.get(link(local.admin, "team/quiet", item)).status_code == 200
    assert anonymous.get(link(anonymous, "team/all", other)).status_code == 200
    assert anonymous.get(link(anonymous, "team/all", other)).status_code == 200
    assert robot.get(path + ".metadata").status_code == 200

    found = settled(local, 10)
    assert all(record["resource_type"] == "file" and record["outcome"] == "ok" for record in found)
    mine = [record for record in found if record["actor"] == name]
    assert {record["resource"] for record in mine} == {"team/hosted/" + path.split("/team/hosted/")[1]}
    assert sum(record["details"]["count"] for record in mine) == 6
    assert sum(record["details"].get("parts", 0) for record in mine) == 1
    assert {record["user_agent"] for record in mine} == {"ci/1"} and mine[0]["source_ip"] == "127.0.0.1"
    assert all(record["details"]["key"] and record["details"]["key"] not in (None, key) for record in mine)
    others = [record for record in found if record["actor"] == "anonymous"]
    assert {(record["resource"].split("/packages/")[0], record["details"]["via"]) for record in others} == {
        ("team/hosted", "team/all"), ("team/proxy", "team/all")}
    assert not [record for record in found if record["resource"].startswith("team/quiet")]
    # One filter tells which accounts have a file, whatever they asked.
    assert {record["actor"] for record in downloads(local, resource=mine[0]["resource"])} == {name, "anonymous"}
    assert local.admin.ok("GET", "/api/v1/admin/audit/verify").json()["ok"] is True


def test_downloads_that_wait_are_written_at_the_stop(tmp_path):
    server = Server(tmp_path / "data").start()
    server.create("team/files", "raw", audit_downloads=True)
    server.admin.ok("PUT", "/raw/team/files/a.txt", data=b"a")
    for _ in range(300):
        assert server.admin.get("/raw/team/files/a.txt").content == b"a"
    assert server.stop() == 0
    server.start()
    assert sum(record["details"]["count"] for record in downloads(server)) == 300
    assert server.stop() == 0
