"""How fresh a proxied page is, and what an upstream's odd answers turn into."""
import gzip
import json
import time

import pytest

import make_fixtures
from harness.upstream import Fault

OLD, NEW = make_fixtures.wheel("fresh", "1.0"), make_fixtures.wheel("fresh", "2.0")


@pytest.fixture
def proxied(server, repository, upstream):
    upstream.add(OLD)

    def make(**settings):
        name = repository + "/proxy"
        server.create(name, kind="proxy", **dict({"remote_url": upstream.url + "/"}, **settings))
        assert server.admin.page(name, "fresh").status_code == 200
        upstream.forget()
        return name

    return make


def names(server, proxy, **options):
    answer = server.admin.page(proxy, "fresh", **options)
    assert answer.status_code == 200, (answer.status_code, answer.text)
    return [file["filename"] for file in answer.json()["files"]]


def explain(server, repository, package="fresh", query=""):
    return server.admin.ok("GET", "/api/v1/repos/%s/packages/%s/explain%s" % (repository, package, query)).json()


def test_upstream_stopped_everything_cached_installs_and_back_a_new_version_shows_within_cache_ttl(
        server, proxied, upstream, installer):
    proxy = proxied(cache_ttl=2)
    index = server.index_url(proxy)
    installer.install(index, "fresh").must_succeed()
    upstream.stop()
    time.sleep(2.1)
    assert installer.install(index, "fresh").must_succeed().installed == {"fresh": "1.0"}
    assert explain(server, proxy)["members"][0]["rule"] == "stale"
    upstream.add(NEW)
    upstream.start()
    begun, slowest = time.monotonic(), 0.0
    # An upstream that failed is left alone for ten seconds; from then on cache_ttl counts, and what a request takes here and now.
    while True:
        asked = time.monotonic()
        shown = NEW.filename in names(server, proxy)
        slowest = max(slowest, time.monotonic() - asked)
        if shown:
            break
        assert asked - begun < 10 + 2 + 1 + 10 * slowest
        time.sleep(0.2)
    assert installer.install(index, "fresh").must_succeed().installed == {"fresh": "2.0"}


def test_r48_no_cache_shows_a_new_version_at_once_within_a_limit(server, proxied, upstream):
    proxy = proxied(cache_ttl=3600)
    upstream.add(NEW)
    assert names(server, proxy) == [OLD.filename]
    assert NEW.filename in names(server, proxy, headers={"Cache-Control": "no-cache"})
    for _ in range(20):
        names(server, proxy, headers={"Cache-Control": "no-cache"})
        names(server, proxy, headers={"Cache-Control": "max-age=0"})
    assert upstream.count("/simple/fresh/") <= 2
    assert NEW.filename in names(server, proxy)


def test_r58_a_page_that_became_empty_does_not_replace_the_cached_one_at_once(server, proxied, upstream):
    proxy = proxied(cache_ttl=0)
    assert names(server, proxy) == [OLD.filename]
    upstream.projects["fresh"] = []
    assert names(server, proxy) == [OLD.filename]
    assert server.admin.page(proxy, "fresh").headers["X-Save-Cache"] == "stale"
    upstream.projects["unknown"] = []
    assert server.admin.page(proxy, "unknown").status_code == 404


PORTAL = b"<html><body>Please <a href='/login'>sign in</a> to go on.</body></html>"


def test_r59_a_portal_with_status_200_hides_no_files_and_gives_no_name_away(server, repository, proxied, upstream, new_upstream):
    proxy = proxied(cache_ttl=0)
    assert names(server, proxy) == [OLD.filename]
    other = new_upstream().add(make_fixtures.wheel("fresh", "99.0"), make_fixtures.wheel("new-name", "99.0"))
    server.create(repository + "/other", kind="proxy", remote_url=other.url + "/")
    server.create(repository + "/all", kind="group", members=[proxy, repository + "/other"])
    upstream.faults["/simple/"] = Fault(status=200, body=PORTAL)
    page = server.admin.page(proxy, "fresh")
    assert page.headers["X-Save-Cache"] == "stale" and OLD.filename in page.text
    for source in (proxy, repository + "/all"):
        answer = server.admin.page(source, "new-name")
        assert answer.status_code == 502 and "not an index" in answer.text, answer.text
    assert "99.0" not in server.admin.page(repository + "/all", "fresh").text
    assert other.seen == []


def test_r58_forbidden_means_missing_where_the_repository_says_so(server, proxied, upstream):
    proxy = proxied()
    upstream.faults["/simple/nothing"] = Fault(status=403)
    assert server.admin.page(proxy, "nothing").status_code == 502
    server.admin.ok("PATCH", "/api/v1/repos/" + proxy, json={"missing_statuses": [403]})
    assert server.admin.page(proxy, "nothing").status_code == 404


def test_a_redirect_of_an_index_to_another_server_is_not_followed(server, proxied, upstream, new_upstream):
    proxy = proxied()
    other = new_upstream().add(make_fixtures.wheel("elsewhere", "1.0"))
    upstream.faults["/simple/elsewhere/"] = Fault(status=302, headers={"Location": other.url + "/simple/elsewhere/"})
    answer = server.admin.page(proxy, "elsewhere")
    assert answer.status_code == 502 and "redirect" in answer.text
    assert other.seen == []
    state = server.admin.get("/api/v1/repos/" + proxy).json()["upstream_state"]
    assert state["redirected_to"] == "127.0.0.1" and state["available"] is True
    assert server.admin.page(proxy, "fresh").status_code == 200
    server.admin.ok("PATCH", "/api/v1/repos/" + proxy, json={"missing_statuses": [302]})
    assert server.admin.page(proxy, "elsewhere").status_code == 404


def test_r59_retry_after_is_honoured_and_passed_on(server, proxied, upstream):
    proxy = proxied()
    upstream.faults["/simple/busy/"] = Fault(status=429, headers={"Retry-After": "77"})
    first = server.admin.page(proxy, "busy")
    assert first.status_code == 503 and 70 <= int(first.headers["Retry-After"]) <= 78
    for name in ("busy", "another"):
        again = server.admin.page(proxy, name)
        assert again.status_code == 503 and 60 <= int(again.headers["Retry-After"]) <= 78
    assert upstream.count("/simple/busy/") == 1 and upstream.count("/simple/another/") == 0
    assert server.admin.page(proxy, "fresh").status_code == 200


@pytest.mark.parametrize("style", ["json", "html"])
def test_a_compressed_page_is_read_and_one_that_is_cut_off_in_the_middle_is_not(server, repository, new_upstream, style):
    upstream = new_upstream(style).add(OLD, NEW)
    proxy = repository + "/" + style
    server.create(proxy, kind="proxy", remote_url=upstream.url + "/simple/", cache_ttl=0)
    whole = gzip.compress(upstream.json_page("fresh") if style == "json" else upstream.html_page("fresh"))
    coded = {"Content-Encoding": "gzip"}
    upstream.faults["/simple/fresh/"] = Fault(body=whole, headers=coded)
    assert sorted(names(server, proxy)) == [OLD.filename, NEW.filename]
    # The body is as long as it was announced; what is cut is the coding inside.
    upstream.faults["/simple/fresh/"] = Fault(body=whole[:len(whole) - 12], headers=coded)
    stale = server.admin.page(proxy, "fresh")
    assert stale.headers["X-Save-Cache"] == "stale" and len(stale.json()["files"]) == 2
    server.admin.ok("POST", "/api/v1/repos/%s/invalidate-cache" % proxy)
    assert server.admin.page(proxy, "fresh").status_code == 502
    upstream.faults.clear()
    server.admin.ok("POST", "/api/v1/repos/%s/invalidate-cache" % proxy)
    assert len(names(server, proxy)) == 2


def test_changed_bytes_under_one_name_are_not_taken(server, proxied, upstream):
    proxy = proxied(cache_ttl=0)
    path = server.admin.file_path(proxy, "fresh", OLD.filename)
    assert server.admin.get(path).content == OLD.content
    changed = make_fixtures.wheel("fresh", "1.0", payload=b"other bytes")
    upstream.projects["fresh"] = [changed]
    file = server.admin.page(proxy, "fresh").json()["files"][0]
    assert file["hashes"] == {"sha256": OLD.sha256} and file["size"] == len(OLD.content)
    assert server.admin.get(path).content == OLD.content
    explained = explain(server, proxy)["files"][0]
    assert explained["rule"] == "changed_upstream" and changed.sha256 in explained["reason"]
    assert "\nsave_upstream_changed_files 1" in server.admin.get("/metrics").text


def anomalies(server, proxy):
    explained = server.admin.get("/api/v1/repos/%s/packages/late/explain" % proxy).json()
    return [(item["kind"], item["count"], item["files"]) for item in explained["members"][0]["upstream"]["anomalies"]]


def test_files_that_come_late_and_files_that_vanish_are_told_of(server, proxied, upstream):
    proxy = proxied(cache_ttl=0)

    def look(*files, status="active"):
        """Each file is a name and the day of January 2026 on which it came."""
        listed = [{"filename": name, "url": "files/" + name, "hashes": {"sha256": "0" * 64}, "size": 1,
                   "upload-time": "2026-01-%02dT00:00:00Z" % day} for name, day in files]
        page = {"meta": {"api-version": "1.4"}, "name": "late", "versions": ["1.0"], "files": listed,
                "project-status": {"status": status}}
        upstream.static["/simple/late/"] = ("application/vnd.pypi.simple.v1+json", json.dumps(page).encode())
        assert server.admin.page(proxy, "late").status_code == 200
        return anomalies(server, proxy)

    wheel, other, source = "late-1.0-py3-none-any.whl", "late-1.0-cp311-cp311-linux_x86_64.whl", "late-1.0.tar.gz"
    assert look((wheel, 1)) == []
    # Thirteen days are usual, fourteen are not; a file of another version is never late.
    assert look((wheel, 1), (other, 14), ("late-2.0.tar.gz", 30)) == []
    found = look((wheel, 1), (other, 14), ("late-2.0.tar.gz", 30), (source, 15))
    assert [(kind, count) for kind, count, _ in found] == [("late_file", 1)] and found[0][2][0].endswith(source), found
    found = look((wheel, 1), (source, 15))
    assert {kind: count for kind, count, _ in found} == {"late_file": 1, "vanished_file": 2}
    # The files leave the page with a quarantine, and come back with its end.
    for status in ("quarantined", "active"):
        found = look((wheel, 1), (source, 15), status=status)
        assert {kind: count for kind, count, _ in found} == {"late_file": 1, "quarantine": 1, "vanished_file": 2}
    recorded = server.admin.get("/api/v1/admin/audit?action=upstream.anomaly&resource=%s/late" % proxy).json()["items"]
    assert sorted(item["details"]["kind"] for item in recorded) == ["late_file", "quarantine", "vanished_file"]
    assert 'save_upstream_anomalies_total{kind="late_file"} ' in server.admin.get("/metrics").text


def test_r74_a_quarantine_upstream_shows_and_holds_for_cached_files(server, proxied, upstream):
    proxy = proxied(cache_ttl=0)
    path = server.admin.file_path(proxy, "fresh", OLD.filename)
    assert server.admin.get(path).status_code == 200
    page = (b'{"meta":{"api-version":"1.4"},"name":"fresh","versions":[],"files":[],'
            b'"project-status":{"status":"quarantined","reason":"malware"}}')
    upstream.static["/simple/fresh/"] = ("application/vnd.pypi.simple.v1+json", page)
    assert names(server, proxy) == []
    for url in (path, path + ".metadata"):
        refused = server.admin.get(url)
        assert refused.status_code == 403 and "quarantined" in refused.headers["X-Save-Reason"]
    assert {file["rule"] for file in explain(server, proxy)["files"]} == {"quarantined"}
    upstream.static.clear()
    assert names(server, proxy) == [OLD.filename]
    assert server.admin.get(path).content == OLD.content


def test_allowed_file_hosts_hold_on_the_page_and_for_the_file(server, proxied, upstream):
    proxy = proxied()
    path = server.admin.file_path(proxy, "fresh", OLD.filename)
    server.admin.ok("PATCH", "/api/v1/repos/" + proxy, json={"allowed_file_hosts": ["files.example.com"]})
    assert names(server, proxy) == []
    refused = server.admin.get(path)
    assert refused.status_code == 403 and "allowed_file_hosts" in refused.headers["X-Save-Reason"]
    server.admin.ok("PATCH", "/api/v1/repos/" + proxy, json={"allowed_file_hosts": ["127.0.0.1"]})
    assert names(server, proxy) == [OLD.filename] and server.admin.get(path).content == OLD.content


def test_r78_explain_asks_no_upstream_unless_told_to(server, proxied, upstream):
    proxy = proxied(cache_ttl=0)
    explained = explain(server, proxy, "Fresh")
    assert explained["package"] == "fresh" and explained["answered_by"] == [proxy]
    file = explained["files"][0]
    assert (file["filename"], file["state"], file["stored"]) == (OLD.filename, "offered", False)
    assert file["origin"] == upstream.file_link(OLD)
    assert explain(server, proxy, "never-seen")["rule"] == "not_asked"
    assert upstream.count("/simple/") == 0
    said = explain(server, proxy, query="?refresh=true")["members"][0]["upstream"]
    assert said["status"] in (200, 304) and said["url"] == upstream.url + "/simple/fresh/" and said["etag"]
    assert upstream.count("/simple/fresh/") == 1
    assert explain(server, proxy, "never-seen", "?refresh=true")["rule"] == "not_found"
