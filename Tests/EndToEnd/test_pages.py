"""Index pages as clients see them over HTTP: types, validators, redirects, encodings."""
from __future__ import annotations

import gzip
import json

import pytest

JSON = "application/vnd.pypi.simple.v1+json"
HTML = "application/vnd.pypi.simple.v1+html"
TEXT = "text/html"
WHEEL = "plain-1.0-py3-none-any.whl"


@pytest.fixture
def page(server, repository, dists):
    """The path of a hosted package's page."""
    hosted = repository + "/pages"
    server.create(hosted)
    for item in dists.values():
        if item.project == "plain":
            server.admin.upload(hosted, item)
    return "/pypi/%s/simple/plain/" % hosted


def get(server, path, accept=TEXT, **headers):
    return server.admin.get(path, headers=dict(headers, Accept=accept), allow_redirects=False)


def test_r03_redirects_are_permanent_relative_and_keep_the_query(server, page):
    base = page[:-len("plain/")]
    for path, target in (("plain", "plain/"), ("Plain/", "../plain/"), ("PLAIN", "plain/")):
        answer = get(server, base + path + "?format=" + JSON.replace("+", "%2B"))
        assert answer.status_code == 301, path
        assert answer.headers["Location"] == target + "?format=" + JSON.replace("+", "%2B")
    assert get(server, base.rstrip("/")).headers["Location"] == "simple/"


def test_r09_hatch_finds_pages_below_another_name(server, page):
    alias = page.replace("/simple/", "/+simple/")
    assert get(server, alias).content == get(server, page).content
    assert get(server, alias.replace("plain/", "none/")).status_code == 404


def test_r14_a_format_in_the_query_beats_accept(server, page):
    for name in (JSON, JSON.replace("+", "%2B"), "application/vnd.pypi.simple.latest+json"):
        answer = get(server, page + "?format=" + name, accept=TEXT)
        assert answer.status_code == 200 and answer.headers["Content-Type"] == JSON, name
    answer = get(server, page + "?format=application/json", accept=JSON)
    assert answer.status_code == 406
    assert all(kind in answer.text for kind in (JSON, HTML, TEXT))


@pytest.mark.parametrize("accept, expected", [
    (JSON, JSON), (HTML, HTML + "; charset=utf-8"), (TEXT, "text/html; charset=utf-8"), ("*/*", "text/html; charset=utf-8"),
    ("application/vnd.pypi.simple.latest+html", HTML + "; charset=utf-8"),
])
def test_r15_r16_types_are_exact_and_vary_says_why(server, page, accept, expected):
    for path in (page, page[:-len("plain/")]):
        answer = get(server, path, accept)
        assert answer.headers["Content-Type"] == expected
        assert {field.strip() for field in answer.headers["Vary"].split(",")} == {"Accept", "Accept-Encoding", "Authorization"}
        head = server.admin.head(path, headers={"Accept": accept})
        for name in ("Content-Type", "Content-Length", "ETag", "Last-Modified", "Vary", "Cache-Control"):
            assert head.headers[name] == answer.headers[name], name


def test_r19_r29_the_version_follows_from_the_data(server, page, repository, new_upstream, dists):
    page_json = get(server, page, JSON).json()
    assert page_json["meta"]["api-version"] == "1.4"
    assert {file["filename"].split("-")[1].replace(".tar.gz", "") for file in page_json["files"]} <= set(page_json["versions"])
    assert '<meta name="pypi:repository-version" content="1.4">' in get(server, page, HTML).text
    # An upstream in HTML tells no sizes.
    upstream = new_upstream("html").add(*dists.values())
    proxy = repository + "/sizeless"
    server.create(proxy, kind="proxy", remote_url=upstream.url + "/simple/")
    sizeless = server.admin.page(proxy, "plain").json()
    assert sizeless["meta"] == {"api-version": "1.0"} and "versions" not in sizeless
    assert not [file for file in sizeless["files"] if "size" in file]


def test_r45_r46_r47_t5_every_representation_has_its_own_strong_validators(server, page):
    tags = {}
    for accept in (JSON, HTML, TEXT):
        for encoding in ("gzip", "identity"):
            answer = get(server, page, accept, **{"Accept-Encoding": encoding})
            assert answer.headers["Cache-Control"] == "private, no-cache"
            assert answer.headers["ETag"].startswith('"'), "uv ignores weak tags"
            tags[accept, answer.headers.get("Content-Encoding")] = answer.headers["ETag"]
            changed = {"Accept-Encoding": encoding, "If-Modified-Since": answer.headers["Last-Modified"]}
            again = get(server, page, accept, **changed)
            assert again.status_code == 304
            assert (again.headers["ETag"], again.headers["Last-Modified"]) == (answer.headers["ETag"], answer.headers["Last-Modified"])
            # A tag that differs counts more than a date that agrees.
            assert get(server, page, accept, **dict(changed, **{"If-None-Match": '"other"'})).status_code == 200
    # A page that is too short to be compressed has one tag less.
    assert len(tags) >= 3 and len(set(tags.values())) == len(tags)


def test_r47_a_page_that_changed_has_another_tag_at_once(server, page, dists):
    before = get(server, page, JSON)
    path = server.admin.file_path(page.split("/simple/")[0][len("/pypi/"):], "plain", WHEEL)
    assert server.admin.delete(path).status_code == 204
    after = get(server, page, JSON, **{"If-None-Match": before.headers["ETag"]})
    assert after.status_code in (200, 404) and WHEEL not in after.text


def test_r49_what_is_not_there_is_not_cached(server, page):
    answer = get(server, page.replace("plain", "unheard-of"))
    assert answer.status_code == 404 and answer.headers["Cache-Control"] == "no-store"


def test_r50_a_large_page_is_compressed_for_clients_that_take_it(server, repository, new_upstream):
    import make_fixtures
    upstream = new_upstream("json").add(*make_fixtures.many(40, "forty", payload=10))
    proxy = repository + "/forty"
    server.create(proxy, kind="proxy", remote_url=upstream.url + "/simple/")
    path = "/pypi/%s/simple/forty/" % proxy
    plain = server.admin.get(path, headers={"Accept": JSON, "Accept-Encoding": "identity"})
    assert "Content-Encoding" not in plain.headers and len(plain.json()["files"]) == 40
    packed = server.admin.get(path, headers={"Accept": JSON, "Accept-Encoding": "gzip, deflate, zstd"}, stream=True)
    assert packed.headers["Content-Encoding"] == "gzip" and packed.headers["ETag"] != plain.headers["ETag"]
    assert gzip.decompress(packed.raw.read(decode_content=False)) == plain.content
    assert json.loads(plain.content)["name"] == "forty"


def test_t9_a_link_that_is_followed_leads_to_the_file(server, repository, dists):
    hosted = repository + "/links"
    server.create(hosted)
    for name in ("local_version-1.0+cu118-py3-none-any.whl", "epochal-1!2.0-py3-none-any.whl"):
        item = dists[name]
        server.admin.upload(hosted, item)
        page = "/pypi/%s/simple/%s/" % (hosted, item.project)
        link = get(server, page, JSON).json()["files"][0]["url"]
        assert "+" not in link and "?" not in link
        answer = server.admin.get(page + link)
        assert answer.status_code == 200 and answer.content == item.content


# What browsers send when somebody types a URL.
BROWSERS = {
    "chromium": "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8,application/signed-exchange;v=b3;q=0.7",
    "firefox": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "plain": "text/html",
}
# What pip, uv and programs without an opinion send.
PROGRAMS = {
    "pip": "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html; q=0.1, text/html; q=0.01",
    "uv": "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.01",
    "any": "*/*", "none": None, "json": "application/json",
}


@pytest.mark.parametrize("kind", ["hosted", "proxy", "group"])
def test_a_browser_at_a_repositorys_own_url_gets_a_small_page_and_clients_are_led_to_the_index(server, repository, upstream, kind):
    name = repository + "/front"
    settings = {"hosted": {}, "proxy": {"remote_url": upstream.url + "/"}, "group": {"members": [repository + "/member"]}}[kind]
    server.create(repository + "/member")
    server.create(name, kind=kind, description="for <us> & others", **settings)
    base = "/pypi/%s" % name
    for path in (base, base + "/"):
        for _ in range(2):      # what is remembered of a path must not decide for others
            for accept in BROWSERS.values():
                page = get(server, path, accept)
                assert page.status_code == 200 and page.headers["Content-Type"].startswith("text/html"), (path, accept)
                assert len(page.content) < 4096 and "Accept" in page.headers["Vary"]
                assert '<a href="%s%s/simple/">' % (server.url, base) in page.text, page.text
                assert "pip install --index-url %s%s/simple/ PACKAGE" % (server.url, base) in page.text
                assert ("twine upload" in page.text) == (kind == "hosted")
                assert "for &lt;us&gt; &amp; others" in page.text and "<us>" not in page.text
            for client, accept in PROGRAMS.items():
                answer = get(server, path, accept)
                assert (answer.status_code, answer.headers["Location"]) == (302, "simple/" if path.endswith("/") else "front/simple/"), client
                assert "Accept" in answer.headers["Vary"]
    assert server.admin.request("HEAD", base + "/", headers={"Accept": TEXT}, allow_redirects=False).status_code == 200
    assert server.client(None, None).get(base + "/", headers={"Accept": TEXT}, allow_redirects=False).status_code == 401
