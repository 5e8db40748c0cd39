"""A proxy repository and its upstream: what is asked once, what is kept, and what happens when the upstream fails or lies."""
import concurrent.futures
import hashlib
import socket
import threading
import time

import pytest
import requests

import make_fixtures
from harness.http import basic
from harness.server import PASSWORD
from harness.upstream import Fault


@pytest.fixture
def proxied(server, repository, upstream, dists):
    """A proxy repository over the scripted upstream with the standard set."""
    upstream.add(*dists.values())

    def make(**settings):
        name = repository + "/proxy"
        server.create(name, kind="proxy", **dict({"remote_url": upstream.url + "/"}, **settings))
        upstream.forget()
        return name

    return make


WHEEL = "plain-1.0-py3-none-any.whl"


def test_a_page_is_fetched_once_within_its_time_to_live(server, proxied, upstream):
    proxy = proxied(cache_ttl=3600)
    for kind in ("json", "html", "json"):
        assert server.admin.page(proxy, "plain", kind).status_code == 200
    assert upstream.count("/simple/plain/") == 1


def test_a_page_is_revalidated_with_its_etag_after_its_time_to_live(server, proxied, upstream):
    proxy = proxied(cache_ttl=1)
    assert server.admin.page(proxy, "plain").status_code == 200
    time.sleep(1.3)
    assert server.admin.page(proxy, "plain").status_code == 200
    asked = [headers for method, _, path, headers in upstream.seen if path == "/simple/plain/" and method == "GET"]
    assert len(asked) == 2 and asked[1].get("If-None-Match")


def test_invalidating_the_cache_asks_the_upstream_again(server, proxied, upstream):
    proxy = proxied(cache_ttl=3600)
    server.admin.page(proxy, "plain")
    upstream.add(make_fixtures.wheel("plain", "1.2"))
    server.admin.ok("POST", "/api/v1/repos/%s/invalidate-cache" % proxy)
    names = [file["filename"] for file in server.admin.page(proxy, "plain").json()["files"]]
    assert "plain-1.2-py3-none-any.whl" in names


def test_links_lead_to_this_server_and_a_file_is_fetched_once(server, proxied, upstream, dists):
    proxy = proxied()
    path = server.admin.file_path(proxy, "plain", WHEEL)
    assert path.startswith("/pypi/%s/packages/" % proxy)
    for _ in range(2):
        answer = server.admin.get(path)
        assert answer.status_code == 200 and answer.content == dists[WHEEL].content
    assert upstream.count("/blobs/" + WHEEL, "files") == 1


def test_what_is_cached_is_served_while_the_upstream_is_down(server, proxied, upstream, dists):
    proxy = proxied(cache_ttl=0)
    path = server.admin.file_path(proxy, "plain", WHEEL)
    assert server.admin.get(path).status_code == 200
    fresh = server.admin.page(proxy, "plain")
    upstream.stop()
    time.sleep(0.05)
    stale = server.admin.page(proxy, "plain")
    assert stale.status_code == 200 and stale.json()["files"] == fresh.json()["files"]
    marks = {name.lower(): value for name, value in stale.headers.items()}
    assert "stale" in " ".join(marks.get(name, "") for name in ("x-cache", "x-save-cache", "warning", "cache-status")).lower(), marks
    assert server.admin.get(path).content == dists[WHEEL].content


@pytest.mark.parametrize("kind", ["refused", "500", "hangs"])
def test_r59_a_failing_upstream_with_nothing_cached_is_503_with_retry_after_within_12_seconds(server, proxied, upstream, kind):
    proxy = proxied()
    if kind == "refused":
        upstream.stop()
    elif kind == "500":
        upstream.faults["/simple/plain/"] = Fault(status=500)
    else:
        upstream.faults["/simple/plain/"] = Fault(delay=20)
    begun = time.monotonic()
    answer = server.admin.page(proxy, "plain")
    assert answer.status_code == 503 and int(answer.headers["Retry-After"]) > 0
    assert time.monotonic() - begun < 12


def test_r58_an_unknown_package_is_404_and_asked_for_once(server, proxied, upstream):
    proxy = proxied(negative_cache_ttl=60)
    assert [server.admin.page(proxy, "no-such-thing").status_code for _ in range(3)] == [404] * 3
    assert upstream.count("/simple/no-such-thing/") == 1


def test_r04_an_invalid_package_name_never_reaches_the_upstream(server, proxied, upstream):
    proxy = proxied()
    for name in ("-bad", "bad-", "b%20d", "b%C3%A4d", "_"):
        assert server.admin.get("/pypi/%s/simple/%s/" % (proxy, name)).status_code in (400, 404), name
    assert upstream.count("/simple/") == 0


@pytest.mark.parametrize("style", ["html", "json"])
def test_r28_the_page_keeps_what_the_upstream_says_about_its_files(server, repository, new_upstream, dists, style):
    upstream = new_upstream(style).add(*dists.values())
    upstream.yanked["regretted-2.0-py3-none-any.whl"] = "burns <b>& freezes"
    proxy = repository + "/" + style
    server.create(proxy, kind="proxy", remote_url=upstream.url + "/simple/")
    picky = {file["filename"]: file for file in server.admin.page(proxy, "picky").json()["files"]}
    assert picky["picky-2.0-py3-none-any.whl"]["requires-python"] == ">=99"
    regretted = {file["filename"]: file for file in server.admin.page(proxy, "regretted").json()["files"]}
    assert regretted["regretted-2.0-py3-none-any.whl"]["yanked"] == "burns <b>& freezes"
    assert not regretted["regretted-1.0-py3-none-any.whl"].get("yanked", False)
    html = server.admin.page(proxy, "picky", "html").text
    assert 'data-requires-python="&gt;=99"' in html
    for item in dists.values():
        listed = {file["filename"]: file for file in server.admin.page(proxy, item.project).json()["files"]}[item.filename]
        assert listed["hashes"] == {"sha256": item.sha256}
        # Nothing may be null: one null fails the whole page in uv.
        assert not [key for key in ("size", "upload-time", "yanked", "hashes") if key in listed and listed[key] is None]
        if style == "json":
            assert listed["size"] == len(item.content) and listed["upload-time"].startswith("2024-03-01T12:00:00")


def test_the_remote_url_may_be_written_in_every_usual_form(server, repository, upstream, dists):
    upstream.add(*dists.values())
    for index, suffix in enumerate(["", "/", "/simple", "/simple/"]):
        proxy = "%s/p%d" % (repository, index)
        server.create(proxy, kind="proxy", remote_url=upstream.url + suffix)
        assert server.admin.page(proxy, "plain").status_code == 200, suffix
        assert server.admin.get("/api/v1/repos/" + proxy).json()["resolved_url"].rstrip("/") == upstream.url + "/simple"


def test_a_flat_page_of_links_is_an_index_too(server, repository, upstream, dists):
    upstream.add(*dists.values())
    links = "".join('<a href="%s#sha256=%s">%s</a>\n' % (upstream.file_link(item), item.sha256, item.filename) for item in dists.values())
    upstream.static["/wheels/"] = ("text/html", ("<html><body>%s</body></html>" % links).encode())
    proxy = repository + "/flat"
    server.create(proxy, kind="proxy", remote_url=upstream.url + "/wheels/")
    files = {file["filename"] for file in server.admin.page(proxy, "plain").json()["files"]}
    assert files == {item.filename for item in dists.values() if item.project == "plain"}


# -- one fetch for many

def test_one_hundred_clients_asking_at_once_cause_one_upstream_request(server, repository, upstream):
    big = make_fixtures.heavy(20, "twenty")
    upstream.add(big)
    proxy = repository + "/proxy"
    server.create(proxy, kind="proxy", remote_url=upstream.url + "/")
    path = server.admin.file_path(proxy, "twenty", big.filename)
    # Slow enough that all hundred arrive while the fill runs.
    upstream.faults[r"/blobs/twenty-1\.0-py3-none-any\.whl$"] = Fault(drip=0.01, piece=1 << 18)
    start = threading.Barrier(100)

    def fetch(_):
        start.wait(30)
        digest = hashlib.sha256()
        with server.admin.get(path, stream=True) as answer:
            assert answer.status_code == 200
            for piece in answer.iter_content(1 << 18):
                digest.update(piece)
        return digest.hexdigest()

    with concurrent.futures.ThreadPoolExecutor(100) as pool:
        digests = set(pool.map(fetch, range(100)))
    assert digests == {big.sha256}
    assert upstream.count("/blobs/" + big.filename, "files") == 1


def test_one_hundred_clients_asking_for_one_page_cause_one_upstream_request(server, proxied, upstream):
    proxy = proxied()
    upstream.faults["/simple/plain/"] = Fault(delay=0.5)
    with concurrent.futures.ThreadPoolExecutor(100) as pool:
        statuses = set(pool.map(lambda _: server.admin.page(proxy, "plain").status_code, range(100)))
    assert statuses == {200} and upstream.count("/simple/plain/") == 1


def test_bytes_arrive_while_the_upstream_still_sends(server, repository, upstream):
    big = make_fixtures.heavy(4, "four")
    upstream.add(big)
    proxy = repository + "/proxy"
    server.create(proxy, kind="proxy", remote_url=upstream.url + "/")
    path = server.admin.file_path(proxy, "four", big.filename)
    gate = threading.Event()
    upstream.faults["/blobs/four"] = Fault(hold=gate)
    with server.admin.get(path, stream=True) as answer:
        first = answer.raw.read(1 << 20)
        assert first == big.content[:1 << 20], "the first megabyte did not arrive before the upstream finished"
        gate.set()
        assert first + answer.raw.read() == big.content


def test_the_fill_goes_on_when_the_client_that_started_it_leaves(server, repository, upstream):
    big = make_fixtures.heavy(8, "eight")
    upstream.add(big)
    proxy = repository + "/proxy"
    server.create(proxy, kind="proxy", remote_url=upstream.url + "/")
    path = server.admin.file_path(proxy, "eight", big.filename)
    gate = threading.Event()
    upstream.faults["/blobs/eight"] = Fault(hold=gate)
    leader = socket.create_connection(("127.0.0.1", server.port))
    leader.sendall(("GET %s HTTP/1.1\r\nHost: x\r\nAuthorization: %s\r\n\r\n" % (path, basic("admin", PASSWORD))).encode())
    assert leader.recv(1 << 16)
    leader.close()
    gate.set()
    answer = server.admin.get(path)
    assert answer.content == big.content
    assert upstream.count("/blobs/" + big.filename, "files") == 1


# -- lies

def fetch_lied(server, path):
    """The status, and the body where it arrived in full."""
    try:
        answer = server.admin.get(path)
    except requests.exceptions.RequestException:
        return None, None
    if int(answer.headers.get("Content-Length", len(answer.content))) != len(answer.content):
        return None, None
    return answer.status_code, answer.content


def assert_not_delivered(server, path):
    status, body = fetch_lied(server, path)
    assert status is None or status == 502, (status, len(body))


def test_a_file_that_does_not_match_its_digest_is_cut_off_and_not_kept(server, proxied, upstream, dists):
    upstream.lied[WHEEL] = hashlib.sha256(b"something else").hexdigest()
    proxy = proxied()
    path = server.admin.file_path(proxy, "plain", WHEEL)
    for _ in range(2):
        assert_not_delivered(server, path)
    assert upstream.count("/blobs/" + WHEEL, "files") == 2, "the wrong bytes were kept"


def test_other_bytes_of_the_same_length_are_cut_off_and_not_kept(server, proxied, upstream, dists):
    proxy = proxied()
    path = server.admin.file_path(proxy, "plain", WHEEL)
    right = dists[WHEEL].content
    upstream.faults["/blobs/" + WHEEL + "$"] = Fault(body=right[:-1] + bytes([right[-1] ^ 1]), times=1)
    assert_not_delivered(server, path)
    assert fetch_lied(server, path) == (200, right)


def test_a_truncated_file_is_an_error_for_the_client_and_not_kept(server, repository, upstream):
    big = make_fixtures.heavy(2, "cut-short")
    upstream.add(big)
    proxy = repository + "/proxy"
    server.create(proxy, kind="proxy", remote_url=upstream.url + "/")
    path = server.admin.file_path(proxy, "cut-short", big.filename)
    upstream.faults["/blobs/cut_short"] = Fault(truncate=1 << 20, times=1)
    assert_not_delivered(server, path)
    assert fetch_lied(server, path) == (200, big.content)


def test_a_login_page_with_status_200_is_not_taken_for_an_index(server, proxied, upstream):
    proxy = proxied()
    upstream.faults["/simple/plain/"] = Fault(body=b"{\"login\": \"please\"}", headers={"X-Login": "yes"})
    answer = server.admin.page(proxy, "plain")
    assert answer.status_code in (502, 503), (answer.status_code, answer.text[:300])


def test_a_redirect_to_a_place_that_is_not_allowed_is_refused(new_server, upstream, dists):
    own = new_server("guarded", SAVE_OUTBOUND_ALLOW="127.0.0.1")
    upstream.add(*dists.values())
    own.create("p/proxy", kind="proxy", remote_url=upstream.url + "/")
    upstream.faults["/simple/plain/"] = Fault(status=302, headers={"Location": "http://169.254.169.254/latest/"})
    begun = time.monotonic()
    answer = own.admin.page("p/proxy", "plain")
    assert answer.status_code in (502, 503) and time.monotonic() - begun < 5


@pytest.mark.parametrize("url", ["http://127.0.0.1:%d/", "http://localhost:%d/", "http://[::1]:%d/", "http://2130706433:%d/",
                                 "http://0x7f.1:%d/", "http://0.0.0.0:%d/", "http://[::ffff:127.0.0.1]:%d/"])
def test_private_addresses_are_refused_however_they_are_spelled(new_server, upstream, dists, url):
    own = new_server("closed", SAVE_OUTBOUND_ALLOW="")
    upstream.add(*dists.values())
    answer = own.admin.post("/api/v1/repos", json={"project": "p", "name": "proxy", "format": "pypi", "repository_type": "proxy",
                                                   "remote_url": url % upstream.ports["index"]})
    if answer.status_code == 201:
        answer = own.admin.page("p/proxy", "plain")
        assert answer.status_code in (502, 503), (answer.status_code, answer.text[:300])
    else:
        assert answer.status_code == 400
        assert "outbound_allow" in answer.text.lower(), answer.text
    assert upstream.seen == []


# -- groups

def test_r78_a_group_lists_one_owner_and_asks_no_upstream_for_a_name_it_hosts(server, repository, upstream, dists):
    upstream.add(make_fixtures.wheel("plain", "99.0"))
    hosted, proxy, group = (repository + "/" + name for name in ("hosted", "proxy", "all"))
    server.create(hosted)
    server.create(proxy, kind="proxy", remote_url=upstream.url + "/")
    server.create(group, kind="group", members=[hosted, proxy])
    server.admin.upload(hosted, dists[WHEEL])
    upstream.forget()
    assert [file["filename"] for file in server.admin.page(group, "plain").json()["files"]] == [WHEEL]
    assert upstream.count("plain") == 0
    assert server.admin.get(server.admin.file_path(group, "plain", WHEEL)).content == dists[WHEEL].content


def test_r80_what_is_published_is_in_the_group_at_once(server, repository, upstream, dists):
    hosted, group = repository + "/hosted", repository + "/all"
    server.create(hosted)
    server.create(group, kind="group", members=[hosted])
    assert server.admin.page(group, "plain").status_code == 404
    for filename in (WHEEL, "plain-1.1-py3-none-any.whl"):
        server.admin.upload(hosted, dists[filename])
        assert filename in {file["filename"] for file in server.admin.page(group, "plain").json()["files"]}


def test_r81_a_group_with_a_failing_member_does_not_pretend_that_a_package_is_unknown(server, repository, upstream):
    hosted, proxy, group = (repository + "/" + name for name in ("hosted", "proxy", "all"))
    server.create(hosted)
    server.create(proxy, kind="proxy", remote_url=upstream.url + "/")
    server.create(group, kind="group", members=[hosted, proxy])
    upstream.stop()
    assert server.admin.page(group, "plain").status_code == 503
