"""An upstream that says in a document of its own where its files are: Tests/Formats/Sparse, loaded from a shared object."""
import concurrent.futures
import hashlib
import json

import pytest

from harness.server import ROOT
from harness.upstream import Fault, ScriptedUpstream
from harness.waiting import until
from test_plugins import build


class SparseUpstream(ScriptedUpstream):
    """The document and the index on one port, the files on another, where the document says."""

    def __init__(self):
        self.versions = {}      # (package, version) -> bytes
        super().__init__()
        self.place("/dl/{crate}/{version}")

    def place(self, path, host=None):
        self.template = (host or self.files_url) + path
        self.document = json.dumps({"dl": self.template}).encode()

    def publish(self, package, version, content):
        self.versions[package, version] = content
        return content

    def respond(self, role, path, accept):
        if role == "index":
            if path == "/index/config.json":
                return 200, "application/json", self.document
            lines = [json.dumps({"name": name, "vers": version, "cksum": hashlib.sha256(content).hexdigest()})
                     for (name, version), content in self.versions.items() if path == "/index/" + name]
            return (200, "text/plain", "\n".join(lines).encode()) if lines else (404, "text/plain", b"")
        for (name, version), content in self.versions.items():
            if self.template == self.files_url + path.replace("/%s/%s" % (name, version), "/{crate}/{version}"):
                return 200, "application/octet-stream", content
        return 404, "text/plain", b""

    def asked(self):
        return ["%s %s" % (role, path) for _, role, path, _ in self.seen]


@pytest.fixture(scope="module")
def sparse(tmp_path_factory):
    return build(ROOT / "Tests" / "Formats" / "Sparse", tmp_path_factory.mktemp("plugins") / "sparse.so")


@pytest.fixture
def upstream():
    upstream = SparseUpstream()
    yield upstream
    upstream.stop()


@pytest.fixture
def server(sparse, upstream, new_server):
    server = new_server(SAVE_PLUGINS=str(sparse))
    return server


def create(server, upstream, **settings):
    server.create("e/proxy", format="sparse", kind="proxy", remote_url=upstream.url + "/index",
                  **dict(dict(cache_ttl=1, negative_cache_ttl=0), **settings))
    server.create("e/all", format="sparse", kind="group", members=["e/proxy"])
    return server.admin


def test_the_first_file_costs_three_requests_and_the_next_one(server, upstream):
    content = upstream.publish("foo", "1.0", b"first"), upstream.publish("foo", "2.0", b"second")
    admin = create(server, upstream, cache_ttl=3600, remote_username="reader", remote_password="secret")
    assert admin.get("/sparse/e/all/crates/foo/1.0").content == content[0]
    assert upstream.asked() == ["index /index/config.json", "index /index/foo", "files /dl/foo/1.0"]
    assert admin.get("/sparse/e/proxy/crates/foo/2.0").content == content[1]
    lines = [json.loads(line) for line in admin.get("/sparse/e/proxy/foo").text.splitlines()]
    assert [line["vers"] for line in lines] == ["1.0", "2.0"]
    assert upstream.asked()[3:] == ["files /dl/foo/2.0"]
    # What the document points to is not the server that the credentials are for.
    assert [("Authorization" in headers, role) for _, role, _, headers in upstream.seen] == [
        (True, "index"), (True, "index"), (False, "files"), (False, "files")]

    assert server.stop() == 0
    server.start()
    upstream.publish("bar", "1", b"third")
    assert server.admin.get("/sparse/e/all/crates/bar/1").content == b"third"
    assert upstream.asked()[4:] == ["index /index/bar", "files /dl/bar/1"], "the document survives a restart"


def test_many_clients_at_a_new_proxy_cause_one_request_each(server, upstream):
    content = upstream.publish("foo", "1.0", b"x" * 100_000)
    upstream.faults["config.json"] = Fault(delay=0.2)
    create(server, upstream, cache_ttl=3600)
    with concurrent.futures.ThreadPoolExecutor(12) as pool:
        paths = ["/sparse/e/all/crates/foo/1.0", "/sparse/e/proxy/crates/foo/1.0"] * 6
        assert all(body == content for body in pool.map(lambda path: server.admin.get(path).content, paths))
    assert sorted(upstream.asked()) == ["files /dl/foo/1.0", "index /index/config.json", "index /index/foo"]


def test_a_new_place_is_used_after_the_time_of_the_old_one(server, upstream):
    for version in ("1", "2"):
        upstream.publish("foo", version, b"content " + version.encode())
    admin = create(server, upstream)
    assert admin.get("/sparse/e/all/crates/foo/1").status_code == 200
    upstream.place("/elsewhere/{crate}/{version}")
    until(lambda: admin.get("/sparse/e/all/crates/foo/2").content == b"content 2", "the new place is used")
    assert upstream.count("/elsewhere/foo/2") == 1 and upstream.count("/dl/foo/1") == 1


def test_a_document_that_is_not_there_or_makes_no_sense_is_named(server, upstream):
    upstream.publish("foo", "1", b"content")
    good = upstream.document
    cases = [
        (Fault(status=404), 502, "/index/config.json (404)"), (Fault(body=b"{"), 502, "config.json has no text 'dl'"),
        (Fault(body=b'{"dl": "' + b"x" * 5000 + b'"}'), 502, "configuration is larger than 4096 bytes"),
        (Fault(body=b'{"dl": "gopher://files.example/x"}'), 502, "/index/config.json says that '1' is at 'gopher://files.example/x"),
        (Fault(body=b'{"dl": "http://[::1]:1/x"}'), 502, "outbound_allow"),
    ]
    for number, (fault, status, text) in enumerate(cases):
        upstream.faults["config.json"] = fault
        name = "e/case%d" % number
        server.create(name, format="sparse", kind="proxy", remote_url=upstream.url + "/index")
        answer = server.admin.get("/sparse/%s/crates/foo/1" % name)
        assert (answer.status_code, text in answer.text) == (status, True), (answer.status_code, answer.text)
        assert server.admin.get("/sparse/%s/crates/foo/1" % name).status_code == status
    assert upstream.count("", role="files") == 0
    upstream.faults.clear()
    upstream.document = good
    assert server.admin.get("/sparse/%s/crates/foo/1" % name).status_code == 502, "what was said holds for a while"
    server.admin.ok("POST", "/api/v1/repos/%s/invalidate-cache" % name)
    assert server.admin.get("/sparse/%s/crates/foo/1" % name).content == b"content"


def test_an_unreachable_upstream_leaves_what_it_said(server, upstream):
    upstream.publish("foo", "1", b"content")
    admin = create(server, upstream)
    assert admin.get("/sparse/e/proxy/crates/foo/1").status_code == 200
    upstream.stop()
    until(lambda: admin.get("/sparse/e/all/foo").headers.get("X-Save-Cache") == "stale", "the page is shown stale")
    assert admin.get("/sparse/e/all/crates/foo/1").content == b"content"
    assert server.stop() == 0
    server.start()
    assert server.admin.get("/sparse/e/all/foo").headers.get("X-Save-Cache") == "stale"
    upstream.start()
    until(lambda: "X-Save-Cache" not in server.admin.get("/sparse/e/all/foo").headers, "the page is fresh again")


def test_another_upstream_has_another_document(server, upstream):
    upstream.publish("foo", "1", b"content")
    admin = create(server, upstream, cache_ttl=3600)
    assert admin.get("/sparse/e/proxy/foo").status_code == 200
    other = SparseUpstream()
    try:
        other.place("/there/{crate}/{version}")
        other.publish("foo", "1", b"other content")
        admin.ok("PATCH", "/api/v1/repos/e/proxy", json={"remote_url": other.url + "/index"})
        assert admin.get("/sparse/e/all/crates/foo/1").content == b"other content"
        assert other.asked() == ["index /index/config.json", "index /index/foo", "files /there/foo/1"]
        assert admin.ok("POST", "/api/v1/repos/e/proxy/probe").json()["succeeded"]
        assert upstream.count("", role="files") == 0
    finally:
        other.stop()
