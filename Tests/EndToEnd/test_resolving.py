"""Where an upstream keeps its index: pages decide, not what looks like a list."""
import json

import pytest

from harness.upstream import Fault

JSON = "application/vnd.pypi.simple.v1+json"


def listing(*names):
    return JSON, json.dumps({"meta": {"api-version": "1.0"}, "projects": [{"name": name} for name in names]}).encode()


def html(text):
    return "text/html", ("<!DOCTYPE html><html><body>%s</body></html>" % text).encode()


@pytest.fixture
def proxied(server, repository, upstream, dists):
    upstream.add(*dists.values())
    upstream.faults["^/simple/"] = Fault(status=404)

    def make(path, **settings):
        name = repository + "/proxy"
        server.create(name, kind="proxy", remote_url=upstream.url + path, **settings)
        return name

    return make


def resolved(server, proxy, upstream):
    url = server.admin.get("/api/v1/repos/" + proxy).json()["resolved_url"]
    return url and url.replace(upstream.url, "")


def packages(server, proxy):
    return server.admin.get("/pypi/%s/simple/" % proxy, headers={"Accept": JSON})


def probe(server, proxy):
    return server.admin.ok("POST", "/api/v1/repos/%s/probe" % proxy).json()


def devpi(upstream):
    """As devpi-server 6.20 answers installers at the URL of an index of its own."""
    for path in ("/root/dev/", "/root/dev/+simple/"):
        upstream.static[path] = listing("plain")
    upstream.static["/root/dev/+simple/plain/"] = (JSON, upstream.json_page("plain"))


@pytest.mark.parametrize("first", ["page", "probe", "list"])
def test_an_index_of_devpi_is_found_below_its_own_url(server, proxied, upstream, first):
    devpi(upstream)
    proxy = proxied("/root/dev")
    if first == "probe":
        assert probe(server, proxy)["succeeded"] is True
    if first == "list":
        assert "plain" in packages(server, proxy).text
    assert server.admin.page(proxy, "plain").status_code == 200
    assert resolved(server, proxy, upstream) == "/root/dev/+simple/"
    assert server.admin.page(proxy, "unknown").status_code == 404


def test_a_list_without_pages_below_it_is_not_believed(server, proxied, upstream):
    upstream.static["/ui/"] = listing("plain", "other")
    proxy = proxied("/ui")
    found = probe(server, proxy)
    assert found["succeeded"] is False and resolved(server, proxy, upstream) is None
    assert {attempt["url"].replace(upstream.url, ""): attempt["outcome"] for attempt in found["attempts"]} == {
        "/ui/simple/": "404", "/ui/+simple/": "404", "/ui/": "200", "/ui/other/": "404", "/ui/plain/": "404"}
    answer = server.admin.page(proxy, "plain")
    assert answer.status_code == 502 and "index_path" in answer.text and "/ui/+simple/" in answer.text, answer.text


def test_pages_decide_where_there_is_no_list(server, proxied, upstream):
    upstream.static["/bare/plain/"] = (JSON, upstream.json_page("plain"))
    proxy = proxied("/bare/")
    # Nothing has shown yet that this is an index: a client must not be sent on to its next one.
    assert server.admin.page(proxy, "unknown").status_code == 502
    assert server.admin.page(proxy, "plain").status_code == 200
    assert resolved(server, proxy, upstream) == "/bare/"
    assert server.admin.page(proxy, "other").status_code == 404
    found = probe(server, proxy)
    assert found["succeeded"] is True and found["resolved_url"] == upstream.url + "/bare/"


def test_a_setting_says_where_the_index_is(server, proxied, upstream):
    upstream.static["/bare/wheels/plain/"] = (JSON, upstream.json_page("plain"))
    proxy = proxied("/bare/", settings={"index_path": "wheels/"})
    assert server.admin.page(proxy, "unknown").status_code == 404
    assert server.admin.page(proxy, "plain").status_code == 200
    assert resolved(server, proxy, upstream) == "/bare/wheels/"
    server.admin.ok("PATCH", "/api/v1/repos/" + proxy, json={"settings": {"index_path": ""}})
    assert server.admin.page(proxy, "plain").status_code == 404
    assert resolved(server, proxy, upstream) == "/bare/"
    answer = server.admin.patch("/api/v1/repos/" + proxy, json={"settings": {"index_path": "../"}})
    assert answer.status_code == 400 and "index_path" in answer.text


def test_a_list_that_another_server_has_does_not_hide_the_pages(server, proxied, upstream):
    upstream.static["/away/plain/"] = (JSON, upstream.json_page("plain"))
    upstream.faults["^/away/$"] = Fault(status=302, headers={"Location": "http://user:s3cret@elsewhere.example/ui?token=s3cret"})
    proxy = proxied("/away/")
    assert "s3cret" not in json.dumps(probe(server, proxy))
    assert server.admin.page(proxy, "plain").status_code == 200
    assert resolved(server, proxy, upstream) == "/away/"
    assert server.admin.page(proxy, "unknown").status_code == 404


def test_the_page_of_a_package_called_simple_is_not_taken_for_the_index(server, proxied, upstream):
    # A server whose root is the index, and which has a package of that name.
    upstream.static["/any/simple/"] = html('<a href="/f/simple-1.0.tar.gz">simple-1.0.tar.gz</a>')
    upstream.static["/any/plain/"] = (JSON, upstream.json_page("plain"))
    proxy = proxied("/any/")
    assert server.admin.page(proxy, "plain").status_code == 200
    assert resolved(server, proxy, upstream) == "/any/"
    assert server.admin.page(proxy, "simple").status_code == 200


@pytest.mark.parametrize("page", [
    '<a href="/docs/">docs</a> <a href="https://example.com/">Home</a>',
    'Welcome. The index is <a href="simple">simple</a>, and <a href="packages">packages</a> lists files.',
    "<h1>It works!</h1>",
])
def test_a_page_of_links_is_no_index(server, proxied, upstream, page):
    upstream.static["/links/"] = html(page)
    proxy = proxied("/links/")
    assert probe(server, proxy)["succeeded"] is False
    for answer in (server.admin.page(proxy, "plain"), packages(server, proxy)):
        assert answer.status_code == 502 and "/links/" in answer.text, answer.text


def test_an_upstream_that_lists_nothing_yet_has_no_packages(server, proxied, upstream):
    upstream.static["/new/+simple/"] = listing()
    upstream.static["/new/"] = listing()
    proxy = proxied("/new/")
    assert probe(server, proxy)["succeeded"] is True
    assert server.admin.page(proxy, "plain").status_code == 404
    # Its first page proves the place.
    upstream.static["/new/+simple/early/"] = (JSON, upstream.json_page("plain").replace(b"plain", b"early"))
    assert server.admin.page(proxy, "early").status_code == 200
    assert resolved(server, proxy, upstream) == "/new/+simple/"


@pytest.mark.parametrize("path", ["/simple/", ""])
def test_the_first_page_of_a_new_proxy_is_all_that_is_asked_for(server, repository, upstream, dists, path):
    upstream.add(*dists.values())
    server.create(repository + "/proxy", kind="proxy", remote_url=upstream.url + path)
    assert server.admin.page(repository + "/proxy", "plain").status_code == 200
    assert server.admin.page(repository + "/proxy", "unknown").status_code == 404
    assert [asked for _, _, asked, _ in upstream.seen] == ["/simple/plain/", "/simple/unknown/"]
    assert resolved(server, repository + "/proxy", upstream) == "/simple/"


def test_a_page_that_a_new_proxy_does_not_find_is_believed_once_another_page_is_there(server, repository, upstream, dists):
    upstream.add(*dists.values())
    server.create(repository + "/proxy", kind="proxy", remote_url=upstream.url + "/simple/")
    assert server.admin.page(repository + "/proxy", "unknown").status_code == 404
    asked = [path for _, _, path, _ in upstream.seen]
    assert asked[:2] == ["/simple/unknown/", "/simple/"] and len(asked) == 3, "a page of the list's proves the place"
    assert resolved(server, repository + "/proxy", upstream) == "/simple/"
