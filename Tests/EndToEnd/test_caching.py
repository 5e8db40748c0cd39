"""What clients and caches between may keep, and how they find out that it changed."""
import email.utils

import pytest

import make_fixtures

FIRST, SECOND = make_fixtures.wheel("kept", "1.0"), make_fixtures.wheel("kept", "2.0")
JSON, HTML, TEXT = "application/vnd.pypi.simple.v1+json", "application/vnd.pypi.simple.v1+html", "text/html"


@pytest.fixture(params=["hosted", "proxy", "group"])
def places(server, repository, upstream, request):
    """A repository of each kind with one file, and how a second one comes into it."""
    hosted, proxy, group = (repository + "/" + name for name in ("hosted", "proxy", "all"))
    server.create(hosted)
    if request.param == "proxy":
        upstream.add(FIRST)
        server.create(proxy, kind="proxy", remote_url=upstream.url + "/", cache_ttl=0)
        return proxy, lambda: upstream.add(SECOND)
    assert server.admin.upload(hosted, FIRST).status_code == 200
    if request.param == "group":
        server.create(group, kind="group", members=[hosted])
    return (hosted if request.param == "hosted" else group), lambda: server.admin.upload(hosted, SECOND)


def page(server, repository, **headers):
    return server.admin.get("/pypi/%s/simple/kept/" % repository, headers=headers)


def test_r44_a_file_has_a_strong_tag_a_date_and_is_kept_for_good(server, places):
    repository, _ = places
    path = server.admin.file_path(repository, "kept", FIRST.filename)
    for url in (path, path + ".metadata"):
        answer = server.admin.get(url)
        assert answer.status_code == 200
        # What was streamed while it arrived has the same tag as what then is here.
        again = server.admin.get(url)
        assert again.headers["ETag"] == answer.headers["ETag"] and again.headers["ETag"].startswith('"')
        assert email.utils.parsedate_to_datetime(again.headers["Last-Modified"])
        assert again.headers["Cache-Control"] == "private, max-age=365000000, immutable"
        assert server.admin.get(url, headers={"If-None-Match": again.headers["ETag"]}).status_code == 304
    assert server.admin.get(path).headers["ETag"] == '"%s"' % FIRST.sha256


def test_r44_only_what_anyone_may_read_is_public(server, repository):
    open_to_all = repository + "/open"
    server.create(open_to_all, anonymous_read=True)
    assert server.admin.upload(open_to_all, FIRST).status_code == 200
    answer = server.client(None).get(server.admin.file_path(open_to_all, "kept", FIRST.filename))
    assert answer.status_code == 200 and answer.headers["Cache-Control"].startswith("public")


def test_r45_a_page_is_revalidated_and_revalidating_is_cheap(server, places):
    repository, _ = places
    answer = page(server, repository)
    assert answer.headers["Cache-Control"] == "private, no-cache"
    unchanged = page(server, repository, **{"If-None-Match": answer.headers["ETag"]})
    assert unchanged.status_code == 304 and unchanged.content == b"" and unchanged.headers["ETag"] == answer.headers["ETag"]


def test_r47_t5_a_pages_tag_is_strong_and_changes_with_type_coding_and_content(server, places):
    repository, add = places

    def tags():
        found = []
        for accept in (JSON, HTML, TEXT):
            for coding in ("identity", "gzip"):
                answer = page(server, repository, **{"Accept": accept, "Accept-Encoding": coding})
                assert answer.headers["ETag"].startswith('"'), "a weak tag is no use to uv"
                found.append((answer.headers["ETag"], answer.headers["Content-Type"], answer.headers.get("Content-Encoding")))
        return found

    before = tags()
    assert len({tag for tag, _, _ in before}) == len({found for found in before})
    assert before == tags(), "the same bytes have the same tag"
    add()
    assert not {tag for tag, _, _ in before} & {tag for tag, _, _ in tags()}


def test_t5_an_upstreams_tag_is_not_the_tag_of_our_page(server, repository, upstream):
    upstream.add(FIRST)
    proxy = repository + "/proxy"
    server.create(proxy, kind="proxy", remote_url=upstream.url + "/", cache_ttl=0)
    ours = page(server, proxy, Accept=JSON)
    said = server.admin.get("/api/v1/repos/%s/packages/kept/explain" % proxy).json()["members"][0]["upstream"]["etag"]
    assert ours.headers["ETag"] != said
    assert page(server, proxy, **{"Accept": JSON, "If-None-Match": said}).status_code == 200
    # The upstream's page stays the same, ours does not: its tag must change.
    server.admin.ok("PATCH", "/api/v1/repos/" + proxy, json={"allowed_file_hosts": ["files.example.com"]})
    filtered = page(server, proxy, **{"Accept": JSON, "If-None-Match": ours.headers["ETag"]})
    assert filtered.status_code == 200 and filtered.json()["files"] == []


def test_r49_a_404_and_a_401_are_not_kept(server, places):
    repository, _ = places
    for url in ("/pypi/%s/simple/nothing/", "/pypi/%s/packages/kept/kept-9.0-py3-none-any.whl"):
        answer = server.admin.get(url % repository)
        assert answer.status_code == 404 and answer.headers["Cache-Control"] == "no-store"
    assert server.client(None).get("/pypi/%s/simple/kept/" % repository).headers["Cache-Control"] == "no-store"


def test_t4_unknown_is_404_blocked_is_403_and_nobody_is_shown_a_part(server, repository, upstream):
    upstream.add(FIRST)
    hidden, proxy, group = (repository + "/" + name for name in ("hidden", "proxy", "all"))
    server.create(hidden)
    server.create(proxy, kind="proxy", remote_url=upstream.url + "/", anonymous_read=True, reserved_names=["acme-*"])
    server.create(group, kind="group", members=[proxy, hidden], anonymous_read=True)
    anyone = server.client(None)
    assert anyone.get("/pypi/%s/simple/kept/" % proxy).status_code == 200
    for name, status in (("nothing", 404), ("acme-lib", 403)):
        answer = anyone.get("/pypi/%s/simple/%s/" % (proxy, name))
        assert answer.status_code == status and answer.text.count("\n") <= 1
        assert answer.headers["X-Save-Reason"] == answer.reason == answer.text.strip()
        # A part of the group is private: nobody gets the other part.
        refused = anyone.get("/pypi/%s/simple/%s/" % (group, name))
        assert refused.status_code == 401 and refused.headers["WWW-Authenticate"].startswith("Basic ")
