"""What is said of upstreams, and to whom; what a proxy passes on of a request; and what becomes of the names of members that go."""
import html.parser
import http.server
import json
import threading
import urllib.parse

import pytest

import make_fixtures
from harness.http import raw_get
from harness.upstream import Fault


def repository_json(server, name, client=None):
    return (client or server.admin).ok("GET", "/api/v1/repos/" + name).json()


# -- addresses and secrets

@pytest.mark.parametrize("host", ["127.0.0.1", "127.1", "2130706433", "0x7f.1", "0177.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "10.1.2.3",
                                  "169.254.169.254"])
def test_an_upstream_at_an_address_that_may_not_be_asked_is_refused_when_it_is_configured(new_server, host):
    own = new_server("closed-%s" % abs(hash(host)), SAVE_OUTBOUND_ALLOW="192.0.2.0/24")
    body = {"project": "p", "name": "proxy", "format": "raw", "repository_type": "proxy", "remote_url": "http://%s:9/" % host}
    refused = own.admin.post("/api/v1/repos", json=body)
    assert refused.status_code == 400 and "outbound_allow" in refused.text and "remote_url" in refused.text, refused.text
    own.admin.ok("POST", "/api/v1/repos", json=dict(body, remote_url="http://192.0.2.7/"))
    refused = own.admin.patch("/api/v1/repos/p/proxy", json={"remote_url": body["remote_url"]})
    assert refused.status_code == 400 and "outbound_allow" in refused.text, refused.text
    assert repository_json(own, "p/proxy")["remote_url"] == "http://192.0.2.7/"


def test_an_upstream_whose_name_leads_to_an_address_that_may_not_be_asked_gives_a_warning(new_server):
    own = new_server("named", SAVE_OUTBOUND_ALLOW="")
    own.create("p/proxy", kind="proxy", remote_url="http://localhost:9/")
    assert any("outbound_allow" in text for text in repository_json(own, "p/proxy")["warnings"])


@pytest.mark.parametrize("url", ["http://192.0.2.7/simple/?token=s3cret", "http://192.0.2.7/?token=s3cret", "http://192.0.2.7?s3cret"])
def test_a_secret_in_the_query_of_the_remote_url_is_refused(server, repository, url):
    answer = server.admin.post("/api/v1/repos", json={"project": repository, "name": "proxy", "format": "pypi", "repository_type": "proxy",
                                                      "remote_url": url})
    assert answer.status_code == 400 and "remote_password" in answer.text and "s3cret" not in answer.text
    assert "s3cret" not in server.admin.get("/api/v1/admin/audit?limit=20").text


def test_a_redirect_with_secrets_shows_host_and_path_alone(server, repository, upstream):
    proxy = repository + "/proxy"
    server.create(proxy, kind="proxy", remote_url=upstream.url + "/")
    location = "http://user:s3cret@elsewhere.example:8080/login?token=s3cret#s3cret"
    upstream.faults["/"] = Fault(status=302, headers={"Location": location})
    found = server.admin.post("/api/v1/repos/%s/probe" % proxy)
    assert "s3cret" not in found.text and "http://elsewhere.example:8080/login" in found.text
    assert "s3cret" not in server.admin.page(proxy, "plain").text
    for path in ("/api/v1/repos/" + proxy, "/api/v1/admin/audit?limit=20"):
        assert "s3cret" not in server.admin.get(path).text
    assert "s3cret" not in server.log_tail(20_000)


UPSTREAM_FIELDS = {"remote_url", "resolved_url", "remote_username", "upstream_state", "allowed_file_hosts", "warnings"}


def test_who_the_upstream_is_is_shown_to_those_who_manage_the_proxy(server, repository, upstream, dists):
    upstream.add(*dists.values())
    proxy = repository + "/proxy"
    server.create(proxy, kind="proxy", remote_url=upstream.url + "/", remote_username="someone", anonymous_read=True)
    server.admin.page(proxy, "plain")
    place = upstream.url.split("//")[1]
    for role, is_shown in (("viewer", False), ("developer", False), ("owner", True)):
        name, key = server.robot(repository, role, name=role)
        client = server.client(name, key)
        shown = repository_json(server, proxy, client)
        assert (set(shown) & UPSTREAM_FIELDS) == (UPSTREAM_FIELDS if is_shown else set()), role
        assert shown["cache_ttl"] == 3600
        for path in ("/api/v1/repos?project=" + repository, "/api/v1/repos/%s/packages/plain/explain" % proxy):
            assert (place in client.ok("GET", path).text) == is_shown, (role, path)
        assert (client.post("/api/v1/repos/%s/probe" % proxy).status_code == 200) == is_shown


def test_the_state_of_an_upstream_is_what_happened(server, repository, upstream, dists):
    upstream.add(*dists.values())
    for format_name, path, page in (("pypi", "/", "/pypi/%s/simple/plain/"), ("raw", "/site/", "/raw/%s/file.txt")):
        proxy = "%s/%s" % (repository, format_name)
        upstream.static["/site/file.txt"] = ("text/plain", b"x")
        server.create(proxy, format=format_name, kind="proxy", remote_url=upstream.url + path, cache_ttl=0)
        state = lambda: repository_json(server, proxy)["upstream_state"]
        assert state()["available"] is None and state()["failure"] is None
        assert server.admin.get(page % proxy).status_code == 200
        assert state()["available"] is True
        upstream.faults["."] = Fault(status=500)
        server.admin.get(page % proxy)
        assert state()["available"] is False and "500" in state()["failure"]
        assert any("500" in text for text in repository_json(server, proxy)["warnings"])
        upstream.faults.clear()


# -- small files

def test_a_small_file_that_is_not_what_the_index_says_is_refused_with_the_reason(server, repository, upstream, dists):
    item = next(item for item in dists.values() if item.is_wheel)
    upstream.add(item)
    upstream.lied[item.filename] = "0" * 64
    proxy = repository + "/proxy"
    server.create(proxy, kind="proxy", remote_url=upstream.url + "/")
    answer = server.admin.get(server.admin.file_path(proxy, item.project, item.filename))
    assert answer.status_code == 502 and "digest" in answer.text


def test_a_small_file_that_ends_early_is_refused_with_the_reason(server, repository, upstream):
    upstream.static["/site/file.bin"] = ("application/octet-stream", b"x" * 50_000)
    upstream.faults["/site/"] = Fault(truncate=10_000, times=1)
    server.create(repository + "/proxy", format="raw", kind="proxy", remote_url=upstream.url + "/site/")
    answer = server.admin.get("/raw/%s/proxy/file.bin" % repository)
    assert answer.status_code in (502, 503) and answer.text.strip()
    assert server.admin.get("/raw/%s/proxy/file.bin" % repository).content == b"x" * 50_000


# -- what of a request is passed on

@pytest.fixture
def echo():
    """A server that answers with the target it was asked for."""
    seen = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            seen.append(self.path)
            body = self.path.encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    listener = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=listener.serve_forever, daemon=True).start()
    yield "http://127.0.0.1:%d/base/" % listener.server_address[1], seen
    listener.shutdown()
    listener.server_close()


def test_a_raw_proxy_asks_for_the_query_and_keeps_one_answer_for_each(server, repository, echo):
    url, seen = echo
    server.create(repository + "/own", format="raw")
    server.create(repository + "/proxy", format="raw", kind="proxy", remote_url=url)
    server.create(repository + "/all", format="raw", kind="group", members=[repository + "/own", repository + "/proxy"])
    for source in ("proxy", "all", "proxy"):
        for query in ("", "?version=1", "?version=2", "?a=%2F&b=/../c?d", "?" + "x" * 400):
            answer = raw_get(server, "/raw/%s/%s/file%s" % (repository, source, query))
            assert answer.body.decode() == "/base/file" + query, (source, query)
    assert len(seen) == 5, "each was fetched once"
    assert raw_get(server, "/raw/%s/proxy/file?%s" % (repository, "x" * 3000)).status == 400
    assert raw_get(server, "/raw/%s/proxy/file%%3Fversion=1" % repository).body == b"/base/file%3Fversion=1"


@pytest.mark.parametrize("path", ["a;b", "a:b", "a@b", "a=b", "a&b", "it's", "(x)", "hi!", "a+b,c$d*", "a%20b", "@scope%2Fname", "%40scope%2fname",
                                  "dir/a%2Fb/c", "caf%C3%A9"])
def test_a_raw_proxy_asks_for_a_path_as_the_client_spelled_it(server, repository, echo, path):
    url, seen = echo
    server.create(repository + "/own", format="raw")
    server.create(repository + "/proxy", format="raw", kind="proxy", remote_url=url)
    server.create(repository + "/all", format="raw", kind="group", members=[repository + "/own", repository + "/proxy"])
    for source in ("proxy", "all"):
        answer = raw_get(server, "/raw/%s/%s/%s" % (repository, source, path))
        assert answer.status == 200 and answer.body.decode() == "/base/" + path
    assert seen == ["/base/" + path]
    assert raw_get(server, "/raw/%s/own/%s" % (repository, path)).status in (400, 404)


# Spellings that a server may tell from each other, and so is this one to do.
SPELLINGS = ["a?b", "a%3Fb", "a%253Fb", "a%25zz", "a;b", "a%3Bb", "a%253Bb", "a+b", "a%2Bb", "a@b", "a%40b", "a:b", "a%3Ab", "a%2Fb", "a/b", "a%257Cb",
             "f?a/b", "f?a%2Fb", "f?a%7Cb", "f?a|b", "f?sha256:" + "0" * 64, "f?%7Bsha256:x%7D", "f?" + "x" * 400, "f?" + "y" * 400, "f?", "f", "f??",
             "d;1/f", "d%3B1/f", "d%2F1/f", "100%25", "100%2525x", "caf%C3%A9?l=%C3%A9", "x%20y/a%20b?c%20d"]


def test_what_an_upstream_may_tell_apart_is_kept_apart(server, repository, echo):
    url, seen = echo
    server.create(repository + "/own", format="raw")
    server.create(repository + "/proxy", format="raw", kind="proxy", remote_url=url)
    server.create(repository + "/all", format="raw", kind="group", members=[repository + "/own", repository + "/proxy"])
    for source in ("proxy", "all", "proxy"):
        for spelled in SPELLINGS:
            answer = raw_get(server, "/raw/%s/%s/%s" % (repository, source, spelled))
            if answer.status == 400 and spelled == "100%2525x":
                continue
            expected = spelled.replace("|", "%7C").removesuffix("?") if spelled != "f??" else "f??"
            assert answer.status == 200 and answer.body.decode() == "/base/" + expected, (spelled, answer.body)
    assert len(seen) == len(set(seen)), "each was fetched once"


class Links(html.parser.HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.found = []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        if tag == "a":
            self.found.append(dict(attributes)["href"])


def linked(server, page):
    """The URLs of all files that the directory's pages lead to, as a browser resolves them."""
    found = []
    for link in Links(raw_get(server, page).body.decode()).found:
        target = urllib.parse.urljoin("http://x" + page, link).removeprefix("http://x")
        if link != "../":
            found += linked(server, target) if target.endswith("/") else [target]
    return found


@pytest.mark.parametrize("source", ["proxy", "all"])
def test_the_listing_of_a_raw_proxy_leads_to_what_it_fetched(server, repository, echo, source):
    url, seen = echo
    server.create(repository + "/own", format="raw")
    server.create(repository + "/proxy", format="raw", kind="proxy", remote_url=url)
    server.create(repository + "/all", format="raw", kind="group", members=[repository + "/own", repository + "/proxy"])
    for name in ("own%3Fx", "own%3Bx", "both"):
        assert server.admin.put("/raw/%s/own/%s" % (repository, name), data=b"own").status_code == 201
    raw_get(server, "/raw/%s/proxy/both" % repository)
    names = [name for name in SPELLINGS if raw_get(server, "/raw/%s/proxy/%s" % (repository, name)).status == 200]
    asked, base = len(seen), "/raw/%s/%s/" % (repository, source)
    targets = linked(server, base)
    assert len(targets) == len(set(targets))
    contents = {target: raw_get(server, target) for target in targets}
    assert all(answer.status == 200 for answer in contents.values())
    assert len(seen) == asked, "what is linked is here"
    mine = {target for target, answer in contents.items() if answer.body == b"own"}
    assert len(mine) == (3 if source == "all" else 0)
    fetched = {answer.body.decode() for target, answer in contents.items() if target not in mine}
    assert fetched == {seen_ for seen_ in seen if source == "proxy" or seen_ != "/base/both"}
    for target, answer in contents.items():
        assert target in mine or "/base/" + target.removeprefix(base) == answer.body.decode()
    assert {"/base/" + name.removesuffix("?").replace("|", "%7C") for name in names if name != "f??"} <= set(seen)
    told = json.loads(raw_get(server, base, "Accept: application/json").body)
    for entry in told["files"]:
        target = urllib.parse.urljoin("http://x" + base, entry["href"]).removeprefix("http://x")
        assert raw_get(server, target).status == 200 and target in targets


@pytest.mark.parametrize("path", ["a/..%2Fb", "..%2fb", "a%2F..%2Fb", "a%2F%2Fb", "%2F", "a%2f", "a%5Cb", "a%00b", "a%252Fb"])
def test_an_encoded_slash_leads_nowhere_else(server, repository, echo, path):
    url, seen = echo
    server.create(repository + "/proxy", format="raw", kind="proxy", remote_url=url)
    assert raw_get(server, "/raw/%s/proxy/%s" % (repository, path)).status in (400, 404)
    assert seen == []


# -- names of members that go

@pytest.fixture
def grouped(server, repository, upstream):
    upstream.add(make_fixtures.wheel("mine", "99.0"))
    server.create(repository + "/own", kind="hosted")
    server.create(repository + "/proxy", kind="proxy", remote_url=upstream.url + "/")
    server.create(repository + "/all", kind="group", members=[repository + "/own", repository + "/proxy"])
    assert server.admin.upload(repository + "/own", make_fixtures.wheel("mine", "1.0")).status_code in (200, 201)
    return repository


LEAVING = [lambda server, project, query: server.admin.delete("/api/v1/repos/%s/own?force=true%s" % (project, query)),
           lambda server, project, query: server.admin.patch("/api/v1/repos/%s/all?%s" % (project, query.lstrip("&")),
                                                             json={"members": [project + "/proxy"]})]


@pytest.mark.parametrize("leave", LEAVING, ids=["delete", "members"])
def test_a_name_does_not_pass_to_an_upstream_when_its_repository_leaves_a_group(server, grouped, leave):
    refused = leave(server, grouped, "")
    assert refused.status_code == 409 and grouped + "/all" in refused.text and "names=reserve" in refused.text, refused.text
    assert "99.0" not in server.admin.page(grouped + "/all", "mine").text
    assert leave(server, grouped, "&names=reserve").status_code in (200, 204)
    assert repository_json(server, grouped + "/all")["reserved_names"] == ["mine"]
    answer = server.admin.page(grouped + "/all", "mine")
    assert answer.status_code == 403 and "99.0" not in answer.text


@pytest.mark.parametrize("leave", LEAVING, ids=["delete", "members"])
def test_the_name_of_a_package_whose_files_are_deleted_does_not_pass_to_an_upstream_either(server, grouped, leave):
    """The names of its files are retired, which keeps the name of the package as long as its repository is a member."""
    page = server.admin.page(grouped + "/own", "mine").json()
    assert server.admin.delete("/pypi/%s/own/packages/mine/%s" % (grouped, page["files"][0]["filename"])).status_code in (200, 204)
    assert "99.0" not in server.admin.page(grouped + "/all", "mine").text
    refused = leave(server, grouped, "")
    assert refused.status_code == 409 and "names=reserve" in refused.text, refused.text
    assert leave(server, grouped, "&names=reserve").status_code in (200, 204)
    assert repository_json(server, grouped + "/all")["reserved_names"] == ["mine"]
    answer = server.admin.page(grouped + "/all", "mine")
    assert answer.status_code == 403 and "99.0" not in answer.text


@pytest.mark.parametrize("leave", LEAVING, ids=["delete", "members"])
def test_a_name_may_be_given_up(server, grouped, leave):
    assert leave(server, grouped, "&names=release").status_code in (200, 204)
    assert "99.0" in server.admin.page(grouped + "/all", "mine").text
    record = server.admin.ok("GET", "/api/v1/admin/audit?limit=1").json()["items"][0]
    assert json.dumps(record)


def test_a_member_is_named_with_its_groups_before_it_is_deleted(server, grouped):
    server.create(grouped + "/outer", kind="group", members=[grouped + "/all"])
    refused = server.admin.delete("/api/v1/repos/%s/all" % grouped)
    assert refused.status_code == 409 and grouped + "/outer" in refused.text
