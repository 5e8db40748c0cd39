"""Formats that do not come back, or answer what nobody can use: their requests are refused, and nobody else notices."""
import concurrent.futures
import os
import re
import time

import pytest
import requests

from harness.plugins import beside_the_template, build, variant
from harness.server import PASSWORD

INCIDENT = re.compile(r"\(request ([0-9a-f-]+)\)")


@pytest.fixture(scope="module")
def looping(tmp_path_factory):
    folder = tmp_path_factory.mktemp("looping")
    return build(beside_the_template(folder, "Looping"), folder / "looping.so")


class Loop:
    """Where the plugin does not come back from."""

    def __init__(self, path):
        self.path = path
        self.leave()

    def enter(self, place):
        # In one step: the plugin reads it all the time.
        fresh = self.path.with_suffix(".new")
        fresh.write_text(place)
        os.replace(fresh, self.path)

    def leave(self):
        self.enter("nowhere")


@pytest.fixture()
def loop(tmp_path):
    made = Loop(tmp_path / "loop")
    yield made
    made.leave()


@pytest.fixture()
def server(looping, loop, new_server):
    server = new_server(SAVE_PLUGINS=str(looping), SAVE_PLUGIN_DEADLINE="1", TEST_OF_SAVE_LOOP=str(loop.path))
    server.create("l/hosted", format="looping")
    server.create("l/raw", format="raw", anonymous_read=True)
    server.admin.put("/raw/l/raw/x", data=b"x").raise_for_status()
    return server


HOSTED, PROXY, REPOS = "/looping/l/hosted/", "/looping/l/proxy/", "/api/v1/repos"
PACKAGE = REPOS + "/l/hosted/packages/p"
# Every way in which the platform calls a format, with a request on which it does.
PLACES = {
    "init": ("POST", REPOS, {"json": {"project": "l", "name": "new", "format": "looping", "repository_type": "hosted"}}),
    "package(named:)": ("PATCH", REPOS + "/l/proxy", {"json": {"reserved_names": ["some-*"]}}),
    "route": ("GET", HOSTED + "route/", {}),
    "render": ("GET", HOSTED + "p/", {}),
    "documents": ("GET", HOSTED + "p/", {}),
    "receive": ("PUT", HOSTED + "p/2.0", {"data": b"x"}),
    "receive, later": ("PUT", HOSTED + "p/2.1", {"data": b"x"}),
    "inspect": ("PUT", HOSTED + "p/2.2", {"data": b"x"}),
    "checkUpload": ("PUT", HOSTED + "p/2.3", {"data": b"x"}),
    "change": ("PUT", HOSTED + "p/2.4", {"data": b"x"}),
    "checkDownload": ("GET", HOSTED + "p/1.0", {}),
    "attributes": ("PATCH", PACKAGE, {"json": {"attributes": {"a": 1}}}),
    "fileAttributes": ("PATCH", PACKAGE + "/versions/1.0", {"json": {"attributes": {"a": 1}}}),
    "searchText": ("GET", HOSTED + "search?q=nothing", {}),
    "match": ("GET", HOSTED + "search?q=p", {}),
    "upstreamRequest": ("GET", PROXY + "p1/", {}),
    "listing": ("GET", PROXY + "p2/", {}),
    "root": ("GET", PROXY, {}),
    "embeddedSidecar": ("GET", PROXY + "p3/", {}),
    "announceSidecar": ("GET", PROXY + "p4/", {}),
    "file(ofSidecar:)": ("GET", PROXY + "p5/1.0.note", {}),
    "readSidecar": ("GET", PROXY + "p6/1.0.note", {}),
}


def test_a_call_that_does_not_come_back_harms_its_request_only(server, loop):
    server.create("l/proxy", format="looping", kind="proxy", remote_url=server.url + HOSTED,
                  remote_username="admin", remote_password=PASSWORD)
    for name in ["p"] + ["p%d" % number for number in range(1, 7)]:
        assert server.admin.put(HOSTED + name + "/1.0", data=b"one").status_code == 201
    incidents = []
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        for place, (method, path, sent) in PLACES.items():
            loop.enter(place)
            begun = time.monotonic()
            answer = pool.submit(server.admin.request, method, path, **sent)
            # Others are served meanwhile: what is read and what is written, and what needs no format.
            others = 0
            while not answer.done():
                for ask in (lambda: server.admin.get("/health/ready"), lambda: server.admin.get("/raw/l/raw/x"),
                            lambda: server.admin.put("/raw/l/raw/y%d" % others, data=b"y")):
                    started = time.monotonic()
                    assert ask().status_code in (200, 201), place
                    assert time.monotonic() - started < 0.7, place
                others += 1
            assert others > 3, place
            answer = answer.result()
            assert answer.status_code == 504, (place, answer.status_code, answer.text)
            assert 0.9 < time.monotonic() - begun < 8, place
            incidents.append(INCIDENT.search(answer.text)[1])
            loop.leave()
            # The next request is served as if nothing had been.
            assert server.admin.put(HOSTED + "q/%d" % len(incidents), data=b"q").status_code == 201, place
    # Nothing of what was refused is there.
    assert server.admin.get(HOSTED + "p/").text.split()[0::3] == ["1.0"]
    assert [item["name"] for item in server.admin.get(REPOS + "?project=l").json()["items"]] == ["hosted", "proxy", "raw"]
    assert server.stop() == 0
    said = server.log_tail(100_000_000)
    assert said.count("a call of a format does not come back") == len(PLACES)
    assert all(re.search('format_timeout[^\n]*"request_id":"%s"|"request_id":"%s"[^\n]*format_timeout' % (name, name), said) for name in incidents)


def test_a_page_whose_pieces_stop_coming_is_cut(server, loop):
    assert server.admin.get(HOSTED).status_code == 200
    loop.enter("pieces")
    with pytest.raises(requests.RequestException):
        server.admin.get(HOSTED)
    loop.leave()
    assert len(server.admin.get(HOSTED).content) > 2_000_000


def test_a_body_that_comes_slowly_is_no_plugin_that_loops(server):
    def slowly():
        for _ in range(5):
            time.sleep(0.5)
            yield b"x" * 100
    assert server.admin.put(HOSTED + "p/1.0", data=slowly()).status_code == 201


def test_a_format_whose_calls_never_come_back_is_out_of_service(server, loop):
    loop.enter("route")
    with concurrent.futures.ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda number: server.admin.get(HOSTED + "x%d/" % number), range(12)))
    statuses = [answer.status_code for answer in answers]
    # When the eighth is given up, up to three that took the place of others are at it still.
    assert set(statuses) == {503, 504} and 8 <= statuses.count(504) <= 11, statuses
    begun = time.monotonic()
    refused = server.admin.get(HOSTED + "y/")
    assert time.monotonic() - begun < 0.5
    assert (refused.status_code, refused.text) == (
        503, "the format 'looping' is out of service: 8 of its calls never came back; restart the server\n")
    assert refused.headers["Retry-After"]
    assert server.admin.get("/raw/l/raw/x").content == b"x"
    assert server.admin.put("/raw/l/raw/z", data=b"z").status_code == 201
    # One that comes back after all opens it again.
    loop.leave()
    deadline = time.monotonic() + 10
    while server.admin.get(HOSTED + "z/").status_code != 404:
        assert time.monotonic() < deadline
    assert server.stop() == 0
    said = server.log_tail(100_000_000)
    assert len(re.findall(r'"the format .looping. is out of service', said)) == 1
    assert said.count("a format is in service again") == 1


def test_a_server_stops_although_calls_do_not_come_back(server, loop):
    loop.enter("route")
    assert server.admin.get(HOSTED + "x/").status_code == 504
    assert server.stop() == 0


def test_answers_that_nobody_can_use_are_refused_and_their_memory_is_given_back(tmp_path, new_server):
    plugin = build(variant(tmp_path, "Huge", **{
        'id: "template"': 'id: "huge"',
        "        let words = request.path.segments\n": """        let words = request.path.segments
        switch words.last {
        case "absolute": return .redirect(to: "https://evil.example/", permanent: false)
        case "scheme": return .redirect(to: "javascript:alert(1)", permanent: false)
        case "authority": return .redirect(to: "//evil.example/", permanent: false)
        case "backslash": return .redirect(to: "/\\\\\\\\evil.example/", permanent: false)
        case "fixed": return .staticDocument(Document(type: .text, bytes: [UInt8](repeating: 65, count: 1 << 30)))
        case "status": return .upload(UploadPlan(path: try AssetPath("a/b"), status: 1000))
        default: break
        }
""",
        "        let packages = listing.packages.map": """        if index.package?.name == "page" { return Document(type: type, bytes: [UInt8](repeating: 65, count: 1 << 30)) }
        if index.package?.name == "pieces" {
            return Document(type: type, content: .pieces(DocumentPieces(retaining: 1) { _ in [UInt8](repeating: 65, count: 1 << 24) }))
        }
        let packages = listing.packages.map""",
        "        let lines = text.split": """        if index.package?.name == "many" {
            let record = AssetRecord(path: try AssetPath("many/1.0"))
            return Listing(assets: [AssetRecord](repeating: record, count: 2_000_000))
        }
        let lines = text.split""",
    }), tmp_path / "huge.so")
    server = new_server(SAVE_PLUGINS=str(plugin), SAVE_PLUGIN_DEADLINE="30")
    server.create("h/hosted", format="huge")
    server.create("h/proxy", format="huge", kind="proxy", remote_url=server.url + "/huge/h/hosted/",
                  remote_username="admin", remote_password=PASSWORD)
    base = "/huge/h/hosted/"
    for name in ("page", "pieces", "many"):
        assert server.admin.put(base + name + "/1.0", data=b"x").status_code == 201
    before = server.resident_kb()
    incidents = []
    for method, path, status in [
            ("GET", base + "absolute", 500), ("GET", base + "scheme", 500), ("GET", base + "authority", 500),
            ("GET", base + "backslash", 500), ("GET", base + "fixed", 500), ("PUT", base + "status", 500),
            ("GET", base + "page/", 500), ("GET", base + "pieces/", 500), ("GET", "/huge/h/proxy/many/", 502)]:
        answer = server.admin.request(method, path, data=b"x" if method == "PUT" else None, allow_redirects=False)
        assert answer.status_code == status, (path, answer.status_code, answer.text[:200])
        assert "Location" not in answer.headers
        if status == 500:
            incidents.append(INCIDENT.search(answer.text)[1])
        assert server.resident_kb() - before < 200_000, path
    assert server.admin.put(base + "fine/1.0", data=b"x").status_code == 201
    assert server.stop() == 0
    said = server.log_tail(100_000_000)
    assert all(name in said for name in incidents)
