"""Memory does not follow the size of what passes through."""
import base64
import gzip
import hashlib
import http.client
import http.server
import json
import subprocess
import threading

import pytest

from harness.http import basic
from harness.server import BINARY, PASSWORD, ROOT

pytestmark = [pytest.mark.slow, pytest.mark.memory, pytest.mark.alone]

GIGABYTES = 2
PIECE = bytes(range(256)) * 4096            # 1 MiB
GROWTH_KB = 32 << 10


def put(server, path, pieces):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)
    connection.putrequest("PUT", path)
    connection.putheader("Authorization", basic("admin", PASSWORD))
    connection.putheader("Content-Length", str(pieces * len(PIECE)))
    connection.endheaders()
    for _ in range(pieces):
        connection.send(PIECE)
    answer = connection.getresponse()
    assert answer.status in (200, 201), (answer.status, answer.read()[:300])
    connection.close()


def read(server, path):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)
    connection.request("GET", path, headers={"Authorization": basic("admin", PASSWORD)})
    answer = connection.getresponse()
    assert answer.status == 200
    total, buffer = 0, bytearray(1 << 20)
    while True:
        count = answer.readinto(buffer)
        if not count:
            return total
        total += count


def peak_growth(server, action):
    """How far resident memory rose above its value before, at its highest, in kB."""
    with open("/proc/%d/clear_refs" % server.pid, "w") as file:
        file.write("5")         # resets the high-water mark: proc(5)
    before = server.resident_kb()
    action()
    return server.resident_kb(peak=True) - before


def test_resident_memory_after_start(new_server):
    server = new_server("fresh")
    server.admin.get("/health")
    assert server.resident_kb() <= 60 << 10


def test_two_gigabytes_up_and_down_grow_memory_by_at_most_32_megabytes(new_server):
    server = new_server("large")
    server.create("p/files", format="raw", max_file_size=4 << 30)
    put(server, "/raw/p/files/warm", 16)
    read(server, "/raw/p/files/warm")
    assert peak_growth(server, lambda: put(server, "/raw/p/files/big", GIGABYTES << 10)) <= GROWTH_KB
    assert peak_growth(server, lambda: read(server, "/raw/p/files/big")) <= GROWTH_KB
    assert server.admin.head("/raw/p/files/big").headers["Content-Length"] == str(GIGABYTES << 30)


def test_half_a_gigabyte_through_a_proxy_grows_memory_by_at_most_32_megabytes(new_server, upstream):
    upstream.static["/site/big.bin"] = ("application/octet-stream", PIECE * 512)
    server = new_server("proxied")
    server.create("p/proxy", format="raw", kind="proxy", remote_url=upstream.url + "/site/")
    server.admin.get("/raw/p/proxy/none")
    assert peak_growth(server, lambda: read(server, "/raw/p/proxy/big.bin")) <= GROWTH_KB


PROJECTS = 500_000


@pytest.fixture(params=["identity", "gzip"])
def large_root(request):
    """An index with a root of so many names and nothing else, sent in a coding: its URL, and the document."""
    names = {"project-%s" % hashlib.md5(b"%d" % number).hexdigest()[:8 + number % 12] for number in range(PROJECTS)}
    body = json.dumps({"meta": {"_last-serial": 1, "api-version": "1.1"},
                       "projects": [{"_last-serial": 10_000_000 + number, "name": name} for number, name in enumerate(sorted(names))]}).encode()
    coded = body if request.param == "identity" else gzip.compress(body, 1)

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            name = self.path.removeprefix("/simple/").removesuffix("/")
            if name and name not in names:
                return self.send_error(404)
            # A page below the list is what proves that the list is an index.
            answer = page(name) if name else coded
            self.send_response(200)
            if not name and coded is not body:
                self.send_header("Content-Encoding", "gzip")
            self.send_header("Content-Type", "application/vnd.pypi.simple.v1+json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            try:
                self.wfile.write(answer)
            except ConnectionError:
                pass        # a client that only wants to see that there is an index reads its beginning

        def log_message(self, *_):
            pass

    def page(name):
        return json.dumps({"meta": {"api-version": "1.1"}, "name": name, "files": [
            {"filename": name + "-1.0.tar.gz", "url": "/files/%s-1.0.tar.gz" % name, "hashes": {}}]}).encode()

    index = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=index.serve_forever, daemon=True).start()
    yield "http://127.0.0.1:%d/simple/" % index.server_address[1], body
    index.shutdown()


def test_r18_a_root_of_megabytes_is_never_in_memory_as_a_whole(new_server, large_root):
    url, body = large_root
    server = new_server("listing")
    server.create("p/proxy", kind="proxy", remote_url=url)
    server.create("p/group", kind="group", members=["p/proxy"])
    path, kind = "/pypi/p/proxy/simple/", "application/vnd.pypi.simple.v1+json"
    seen = {}

    def ask(coding, path=path):
        with server.admin.get(path, headers={"Accept": kind, "Accept-Encoding": coding}, stream=True) as answer:
            assert answer.status_code == 200, answer.text[:500]
            digest, size = hashlib.sha256(), 0
            for piece in answer.iter_content(1 << 20):
                digest.update(piece)
                size += len(piece)
            seen[coding] = (digest.hexdigest(), size, answer.headers)

    grown = peak_growth(server, lambda: [ask(coding) for coding in ("identity", "gzip", "gzip")])
    assert len(body) > 20_000_000 and grown <= len(body) >> 10, "%d kB for a root of %d kB" % (grown, len(body) >> 10)
    assert seen["identity"][:2] == seen["gzip"][:2]
    assert seen["identity"][2]["Content-Length"] == str(seen["identity"][1])
    assert seen["gzip"][2]["Content-Encoding"] == "gzip" and seen["gzip"][2]["ETag"] != seen["identity"][2]["ETag"]
    again = server.admin.get(path, headers={"Accept": kind, "Accept-Encoding": "gzip", "If-None-Match": seen["gzip"][2]["ETag"]})
    assert again.status_code == 304
    ask("identity", "/pypi/p/group/simple/")
    assert seen["identity"][0] == seen["gzip"][0]


@pytest.fixture
def large_packument():
    """A registry with one package of ten megabytes of text: its URL, and the document."""
    def manifest(version):
        dependencies = {"dependency-number-%d" % number: "^%d.%d.0" % (number, len(version)) for number in range(40)}
        tarball = hashlib.sha512(version.encode())
        return {"name": "large", "version": version, "description": "What it does, in a sentence or two. " * 8,
                "scripts": {"build": "node scripts/build.js --production --target %s" % version, "test": "node --test tests/"},
                "dependencies": dependencies, "repository": {"type": "git", "url": "git+https://git.example.com/acme/large.git"},
                "dist": {"tarball": "https://npm.example.com/large/-/large-%s.tgz" % version, "shasum": hashlib.sha1(version.encode()).hexdigest(),
                         "integrity": "sha512-" + base64.b64encode(tarball.digest()).decode()}}

    versions = {"%d.%d.%d" % (number // 400, number // 20 % 20, number % 20): manifest(str(number)) for number in range(5200)}
    for version, one in versions.items():
        one["version"] = version
        one["dist"]["tarball"] = "https://npm.example.com/large/-/large-%s.tgz" % version
    body = json.dumps({"name": "large", "dist-tags": {"latest": "9.19.19"}, "versions": versions}, separators=(",", ":")).encode()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            content = body if self.path.endswith("/large") else b"{}"
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_):
            pass

    registry = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=registry.serve_forever, daemon=True).start()
    yield "http://127.0.0.1:%d/" % registry.server_address[1], body
    registry.shutdown()


# How much memory a packument may take, as a multiple of its text: once as it came, once as it is sent, and the records between.
PACKUMENT_FACTOR = 4


def test_a_packument_of_ten_megabytes_through_a_proxy_takes_a_few_times_its_size(new_server, large_packument, tmp_path):
    url, body = large_packument
    plugin = tmp_path / "npm.so"
    subprocess.run([str(ROOT / "Scripts" / "build-plugin.sh"), "Npm", "--build", str(BINARY.resolve().parent), "--output", str(plugin)],
                   check=True)
    server = new_server("packument", SAVE_PLUGINS=str(plugin))
    server.create("p/proxy", format="npm", kind="proxy", remote_url=url)
    server.admin.get("/npm/p/proxy/none")
    grown = peak_growth(server, lambda: read(server, "/npm/p/proxy/large"))
    print("%.1f MB for a packument of %.1f MB" % (grown / 1024, len(body) / (1 << 20)))
    assert len(body) > 10_000_000 and grown <= PACKUMENT_FACTOR * len(body) >> 10, "%d kB for %d kB" % (grown, len(body) >> 10)
    # Once more costs nothing, and what installers ask for less than the whole.
    assert peak_growth(server, lambda: read(server, "/npm/p/proxy/large")) <= len(body) >> 10
