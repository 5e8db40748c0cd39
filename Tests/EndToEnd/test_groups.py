"""Groups that cannot be confused: whose a name is, on every page, file and sidecar, however it is spelled."""
import hashlib

import pytest

import make_fixtures

SPELLINGS = ["acme-lib", "Acme_Lib", "acme.lib", "ACME--lib", "acme%2Dlib", "%61cme-lib", "acme_-.lib"]
MINE = make_fixtures.wheel("acme-lib", "1.0")
FOREIGN = [make_fixtures.wheel("acme-lib", "99.0"), make_fixtures.wheel("Acme_Lib", "99.0", spelled="Acme_Lib"),
           make_fixtures.sdist("acme-lib", "99.0")]


@pytest.fixture
def grouped(server, repository, upstream):
    """A group over a hosted repository and a proxy, which stands first, whose upstream has 99.0 of our name."""
    upstream.add(*FOREIGN)
    hosted, proxy = repository + "/hosted", repository + "/proxy"
    server.create(hosted)
    server.create(proxy, kind="proxy", remote_url=upstream.url + "/")

    def make(**settings):
        group = repository + "/all"
        server.create(group, kind="group", members=[proxy, hosted], **settings)
        # Clients of the proxy itself have 99.0 in the cache by now.
        for item in FOREIGN[:1]:
            assert server.admin.get(server.admin.file_path(proxy, "acme-lib", item.filename)).content == item.content
        upstream.forget()
        return group, hosted, proxy

    return make


def foreign_urls(group):
    """Every URL by which somebody might reach 99.0."""
    base = "/pypi/%s/" % group
    for name in SPELLINGS:
        for page in ("simple/%s/", "simple/%s", "+simple/%s/", "pypi/%s/json", "pypi/%s/99.0/json"):
            yield base + page % name
        for item in FOREIGN:
            for ending in ("", ".metadata"):
                yield base + "packages/%s/%s%s" % (name, item.filename, ending)
    yield base + "simple/"


def read(server, url, **options):
    """The answer after the redirects of this server."""
    return server.admin.get(url, allow_redirects=True, **options)


def test_r78_no_client_gets_a_foreign_version_of_a_hosted_name(server, grouped, upstream, installer):
    group, hosted, _ = grouped()
    assert server.admin.upload(hosted, MINE).status_code == 200
    index = server.index_url(group)
    for requirement in ("acme-lib", "Acme_Lib", "acme.lib>=1"):
        assert installer.install(index, requirement).must_succeed().installed == {"acme-lib": "1.0"}
    assert installer.install(index, "acme-lib==99.0").status != 0
    assert upstream.count("acme") + upstream.count("Acme") == 0


@pytest.mark.parametrize("policy", ["first_owner", "union with a reservation"])
def test_r78_no_url_gives_a_foreign_version_of_a_hosted_name(server, grouped, upstream, policy):
    settings = {} if policy == "first_owner" else {"policy": "union", "reserved_names": ["Acme_*"]}
    group, hosted, _ = grouped(**settings)
    assert server.admin.upload(hosted, MINE).status_code == 200
    for url in foreign_urls(group):
        for accept in ("application/vnd.pypi.simple.v1+json", "text/html"):
            answer = read(server, url, headers={"Accept": accept})
            # 406: there is no such type of this page, whatever is on it.
            assert answer.status_code in (200, 404, 406), (url, answer.status_code)
            # The words of a refusal name the file that was asked for.
            assert answer.status_code != 200 or ("99.0" not in answer.text and "Acme_Lib" not in answer.text), url
            assert answer.content not in [item.content for item in FOREIGN]
        assert server.admin.head(url).status_code in (200, 301, 404, 406)
    assert [file["filename"] for file in server.admin.page(group, "acme-lib").json()["files"]] == [MINE.filename]
    assert server.admin.get(server.admin.file_path(group, "acme-lib", MINE.filename)).content == MINE.content
    assert upstream.count("acme") + upstream.count("Acme") == 0


@pytest.mark.parametrize("where", ["group", "proxy"])
def test_r78_a_reserved_name_is_refused_while_nobody_hosts_it(server, grouped, upstream, where):
    group, hosted, proxy = grouped(**({"reserved_names": ["acme-*"]} if where == "group" else {}))
    if where == "proxy":
        server.admin.ok("PATCH", "/api/v1/repos/" + proxy, json={"reserved_names": ["ACME_*"]})
    asked = [group] if where == "group" else [group, proxy]
    for repository in asked:
        for url in foreign_urls(repository):
            answer = read(server, url)
            if url.endswith("simple/"):
                assert answer.status_code == 200 and "acme" not in answer.text
                continue
            assert answer.status_code in (403, 404), (url, answer.status_code)
            if "/simple/" in url:
                assert answer.status_code == 403 and "acme-*" in answer.headers["X-Save-Reason"], url
    assert upstream.count("acme") + upstream.count("Acme") == 0
    # Published, it is there at once; deleted, it is refused again and does not pass to the upstream.
    assert server.admin.upload(hosted, MINE).status_code == 200
    assert server.admin.page(group, "acme-lib").status_code == 200
    server.admin.ok("DELETE", "/api/v1/repos/%s/packages/acme-lib" % hosted)
    assert server.admin.page(group, "acme-lib").status_code in (403, 404)
    assert upstream.count("acme") + upstream.count("Acme") == 0


def test_r79_under_union_a_file_and_its_metadata_come_from_the_member_that_lists_it(server, repository, upstream, new_upstream):
    """Two upstreams have a file of one name with different bytes; only the second has metadata beside it."""
    first, second = new_upstream("html"), upstream
    ours, theirs = make_fixtures.wheel("twin", "1.0"), make_fixtures.wheel("twin", "1.0", payload=b"other bytes")
    extra = make_fixtures.wheel("twin", "2.0")
    first.add(ours)
    second.add(theirs, extra)
    one, two, group = (repository + "/" + name for name in ("one", "two", "all"))
    server.create(one, kind="proxy", remote_url=first.url + "/")
    server.create(two, kind="proxy", remote_url=second.url + "/")
    made = server.create(group, kind="group", members=[one, two], policy="union")
    assert made["warnings"], "union must say what it risks"
    # The later member's file is in the cache already.
    assert server.admin.get(server.admin.file_path(two, "twin", theirs.filename)).content == theirs.content
    page = {file["filename"]: file for file in server.admin.page(group, "twin").json()["files"]}
    assert sorted(page) == [ours.filename, extra.filename]
    for item in (ours, extra):
        path = server.admin.file_path(group, "twin", item.filename)
        fetched = server.admin.get(path)
        assert page[item.filename]["hashes"]["sha256"] == hashlib.sha256(fetched.content).hexdigest() == item.sha256
        sidecar = server.admin.get(path + ".metadata")
        assert sidecar.status_code == 404 or sidecar.content == item.metadata
    # The first member does not answer: nothing of the second takes its place.
    server.admin.ok("POST", "/api/v1/repos/%s/invalidate-cache" % one)
    first.stop()
    assert server.admin.page(group, "twin").status_code == 503


def test_r81_a_member_that_is_offline_keeps_its_names(server, grouped, upstream):
    group, hosted, _ = grouped()
    assert server.admin.upload(hosted, MINE).status_code == 200
    server.admin.ok("PATCH", "/api/v1/repos/" + hosted, json={"online": False})
    answer = server.admin.page(group, "acme-lib")
    assert answer.status_code == 503 and int(answer.headers["Retry-After"]) > 0
    assert upstream.count("acme") + upstream.count("Acme") == 0
