"""Managing what was published: yanks, statuses, deleted names."""
import pytest

import make_fixtures

WHEEL = "plain-1.0-py3-none-any.whl"


@pytest.fixture
def hosted(server, repository):
    name = repository + "/hosted"
    server.create(name)
    assert server.admin.upload(name, make_fixtures.wheel("plain", "1.0")).status_code == 200
    return name


def packages(hosted, rest=""):
    return "/api/v1/repos/%s/packages/plain%s" % (hosted, rest)


def files(server, hosted):
    return {file["filename"]: file for file in server.admin.page(hosted, "plain").json()["files"]}


def test_r71_a_deleted_files_name_is_free_again_only_when_an_owner_releases_it(server, hosted):
    other = make_fixtures.wheel("plain", "1.0", payload=b"other")
    server.admin.ok("DELETE", packages(hosted, "/versions/1.0"))
    answer = server.admin.upload(hosted, other)
    assert answer.status_code == 400 and "already" not in answer.text.lower(), answer.text
    assert server.admin.page(hosted, "plain").status_code == 404
    names = server.admin.ok("GET", packages(hosted, "/retired-names")).json()["items"]
    assert [name["filename"] for name in names] == [WHEEL]
    server.admin.ok("DELETE", packages(hosted, "/retired-names/" + WHEEL))
    assert server.admin.upload(hosted, other).status_code == 200
    assert files(server, hosted)[WHEEL]["hashes"]["sha256"] == other.sha256


def test_r71_another_spelling_of_a_deleted_files_name_is_not_free_either(server, hosted):
    path = server.admin.file_path(hosted, "plain", WHEEL)
    server.admin.ok("DELETE", path)
    spelled = make_fixtures.wheel("Plain", "1.0", spelled="Plain", payload=b"x")
    assert spelled.filename != WHEEL
    assert server.admin.upload(hosted, spelled).status_code == 400


def test_r68_r71_who_may_delete_puts_the_same_bytes_back(server, hosted):
    server.admin.ok("DELETE", packages(hosted))
    assert server.admin.upload(hosted, make_fixtures.wheel("plain", "1.0")).status_code == 200
    assert WHEEL in files(server, hosted)


def test_r23_one_file_of_a_version_is_yanked_with_its_reason(server, hosted):
    sdist = make_fixtures.sdist("plain", "1.0")
    assert server.admin.upload(hosted, sdist).status_code == 200
    server.admin.ok("PUT", packages(hosted, "/versions/1.0/files/%s/yank" % WHEEL), json={"reason": 'needs "x" <2'})
    listed = files(server, hosted)
    assert listed[WHEEL]["yanked"] == 'needs "x" <2' and listed[sdist.filename]["yanked"] is False
    server.admin.ok("DELETE", packages(hosted, "/versions/1.0/files/%s/yank" % WHEEL))
    assert files(server, hosted)[WHEEL]["yanked"] is False


@pytest.mark.parametrize("status, uploads, downloads", [
    ("active", 200, 200), ("deprecated", 200, 200), ("archived", 403, 200), ("quarantined", 403, 403)])
def test_r74_a_projects_status_decides_what_it_takes_and_gives(server, hosted, status, uploads, downloads):
    path = server.admin.file_path(hosted, "plain", WHEEL)
    change = {"attributes": {"project-status": {"status": status, "reason": "moved to acme-plain"}}}
    shown = server.admin.ok("PATCH", packages(hosted), json=change).json()
    assert shown["attributes"]["project-status"]["status"] == status
    page = server.admin.page(hosted, "plain").json()
    assert page["project-status"] == {"status": status, "reason": "moved to acme-plain"}
    assert page["meta"]["api-version"] == "1.4"
    assert len(page["files"]) == (0 if status == "quarantined" else 1)
    assert 'content="%s"' % status in server.admin.page(hosted, "plain", kind="html").text
    answer = server.admin.upload(hosted, make_fixtures.wheel("plain", "2.0"))
    assert answer.status_code == uploads, answer.text
    if uploads == 403:
        assert "moved to acme-plain" in answer.text and "moved to acme-plain" in answer.headers["X-Save-Reason"]
    for sidecar in ("", ".metadata"):
        assert server.admin.get(path + sidecar).status_code == downloads
    legacy = server.admin.get("/pypi/%s/pypi/plain/json" % hosted)
    assert legacy.status_code == downloads and ("moved to acme-plain" in legacy.headers.get("X-Save-Reason", "")) == (downloads == 403)
    server.admin.ok("PATCH", packages(hosted), json={"attributes": {"project-status": None}})
    assert server.admin.get(path).status_code == 200
    assert "project-status" not in server.admin.page(hosted, "plain").json()


def test_a_projects_own_size_limit_refuses_larger_files(server, hosted):
    server.admin.ok("PATCH", packages(hosted), json={"attributes": {"max-file-size": 4096}})
    large = make_fixtures.wheel("plain", "2.0", payload=make_fixtures.random_bytes("large", 8192))
    answer = server.admin.upload(hosted, large)
    assert answer.status_code == 413 and "4096" in answer.text, answer.text
    server.admin.ok("PATCH", packages(hosted), json={"attributes": {"release-max-file-sizes": {"2.0": 100000, "3.0": 10}}})
    assert server.admin.upload(hosted, large).status_code == 200
    answer = server.admin.upload(hosted, make_fixtures.wheel("plain", "3.0"))
    assert answer.status_code == 413 and "this release" in answer.text, answer.text
    assert server.admin.upload(hosted, make_fixtures.wheel("plain", "4.0")).status_code == 200


@pytest.fixture
def places(server, repository, hosted):
    """One repository of each kind that has the package."""
    server.create(repository + "/proxy", kind="proxy", remote_url=server.with_userinfo(None, None) + "/pypi/%s/" % hosted)
    server.admin.ok("PATCH", "/api/v1/repos/" + hosted, json={"anonymous_read": True})
    server.create(repository + "/group", kind="group", members=[repository + "/proxy"])
    return [hosted, repository + "/proxy", repository + "/group"]


def test_r77_legacy_json_tells_the_same_in_every_kind_of_repository(server, places):
    wheel = make_fixtures.wheel("plain", "2.0", requires=("colorama; sys_platform == 'win32'",), requires_python=">=3.7")
    assert server.admin.upload(places[0], wheel).status_code == 200
    for place in places:
        answer = server.admin.get("/pypi/%s/pypi/plain/json" % place)
        assert answer.status_code == 200 and answer.headers["Content-Type"] == "application/json", (place, answer.text)
        newest = answer.json()
        assert newest["info"]["version"] == "2.0" and newest["info"]["summary"] == "A fixture named plain", place
        assert newest["info"]["requires_dist"] == ["colorama; sys_platform == 'win32'"]
        assert sorted(newest["releases"]) == ["1.0", "2.0"]
        file = newest["urls"][0]
        assert file["digests"]["sha256"] == wheel.sha256 and file["requires_python"] == ">=3.7"
        assert server.admin.get(file["url"].removeprefix(server.url), allow_redirects=True).content == wheel.content
        older = server.admin.ok("GET", "/pypi/%s/pypi/Plain/1.0.0/json" % place, allow_redirects=True).json()
        assert older["info"]["version"] == "1.0" and [file["filename"] for file in older["urls"]] == [WHEEL]
        for missing in ("nothing/json", "plain/9.9/json"):
            refused = server.admin.get("/pypi/%s/pypi/%s" % (place, missing))
            assert refused.status_code == 404 and refused.json()["message"].startswith("404 "), refused.text
    server.admin.ok("PUT", packages(places[0], "/versions/2.0/yank"), json={"reason": "bad"})
    assert server.admin.get("/pypi/%s/pypi/plain/json" % places[0]).json()["info"]["version"] == "1.0"


def test_which_pythons_a_release_is_for_can_be_set(server, repository, dists):
    hosted = repository + "/hosted"
    server.create(hosted)
    for version in ("1.0", "2.0"):
        server.admin.upload(hosted, make_fixtures.wheel("choosy", version, requires_python=">=3.6"))
    server.create(repository + "/group", kind="group", members=[hosted])
    path = "/api/v1/repos/%s/packages/choosy/versions/2.0" % hosted

    def shown():
        for name in (hosted, repository + "/group"):
            page = {file["filename"]: file.get("requires-python") for file in server.admin.page(name, "choosy").json()["files"]}
            html = server.admin.page(name, "choosy", "html").text
            assert page["choosy-1.0-py3-none-any.whl"] == ">=3.6"
            legacy = server.admin.get("/pypi/%s/pypi/choosy/2.0/json" % name).json()
            assert legacy["urls"][0]["requires_python"] == legacy["info"]["requires_python"] == page["choosy-2.0-py3-none-any.whl"]
            yield page["choosy-2.0-py3-none-any.whl"], html.count("data-requires-python=")

    assert set(shown()) == {(">=3.6", 2)}
    changed = server.admin.ok("PATCH", path, json={"attributes": {"requires-python": ">=99"}}).json()
    assert changed["files"][0]["attributes"]["requires-python"] == ">=99"
    assert set(shown()) == {(">=99", 2)}
    server.admin.ok("PATCH", path, json={"attributes": {"requires-python": ""}})
    assert set(shown()) == {(None, 1)}
    server.admin.ok("PATCH", path, json={"attributes": {"requires-python": None}})
    assert set(shown()) == {(">=3.6", 2)}
    refused = server.admin.request("PATCH", path, json={"attributes": {"requires-python": "3.9"}})
    assert refused.status_code == 400 and "requires-python" in refused.json()["error"]["message"]
    assert server.admin.request("PATCH", path.replace("2.0", "3.0"), json={"attributes": {}}).status_code == 404
