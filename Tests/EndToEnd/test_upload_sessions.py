"""A format with a mount of its own and uploads in several requests, loaded from a shared object: Tests/Formats/Chunks."""
import base64
import hashlib
import os
import shutil
import socket
import time

import pytest

from harness.server import PASSWORD, ROOT, command
from harness.waiting import until
from test_plugins import build, refusal


@pytest.fixture(scope="module")
def chunks(tmp_path_factory):
    return build(ROOT / "Tests" / "Formats" / "Chunks", tmp_path_factory.mktemp("plugins") / "chunks.so")


@pytest.fixture
def server(chunks, new_server):
    server = new_server(SAVE_PLUGINS=str(chunks))
    server.create("e/hosted", format="chunks")
    return server


def staged(server):
    """Files of unfinished uploads."""
    return len(os.listdir(server.data / "blobs" / "tmp"))


def begin(client):
    answer = client.post("/c2/e/hosted/uploads/")
    assert answer.status_code == 202, answer.text
    assert answer.headers["Location"] == "/c2/e/hosted/uploads/" + answer.headers["Chunks-Upload"]
    return answer.headers["Location"]


def end(client, url, content, **body):
    return client.put(url + "?digest=" + hashlib.sha256(content).hexdigest(), **body)


def test_a_mount_is_where_the_repositories_are(server, chunks):
    admin = server.admin
    listed = {item["id"]: item for item in admin.ok("GET", "/api/v1/formats").json()["items"]}
    assert listed["chunks"]["mount"] == "c2" and listed["raw"]["mount"] is None
    assert "upload_sessions" in listed["chunks"]["abilities"]
    lines = [line.split("\t") for line in command("formats", SAVE_PLUGINS=str(chunks)).stdout.splitlines()]
    assert {line[0]: line[4:] for line in lines} == {
        "chunks": ["/c2/"], "pypi": [], "raw": [], "npm": [], "go": [], "maven": [], "cargo": [], "oci": ["/v2/oci/"]}
    assert admin.ok("GET", "/api/v1/repos/e/hosted").json()["url"] == server.url + "/c2/e/hosted/"

    greeting = admin.get("/c2/")
    assert (greeting.status_code, greeting.text, greeting.headers["Chunks-Version"]) == (200, "{}", "chunks/7.0")
    asked = server.client(None, None).get("/c2/")
    assert asked.status_code == 401 and asked.headers["WWW-Authenticate"].startswith("Basic ")

    content = b"one request"
    path = "e/hosted/files/" + hashlib.sha256(content).hexdigest()
    assert admin.put("/c2/" + path, data=content).status_code == 201
    server.create("e/proxy", format="chunks", kind="proxy", remote_url=server.url + "/c2/e/hosted/",
                  remote_username="admin", remote_password=PASSWORD)
    server.create("e/all", format="chunks", kind="group", members=["e/proxy", "e/hosted"])
    for first in ("c2", "chunks"):
        for name in ("hosted", "proxy", "all"):
            assert admin.get("/%s/%s" % (first, path.replace("hosted", name))).content == content


def test_a_mount_of_two_segments_is_the_same_place_for_everything_that_counts_and_records(new_server, tmp_path):
    notices = build(ROOT / "Tests" / "Formats" / "Notices", tmp_path / "notices.so")
    server = new_server(SAVE_PLUGINS=str(notices))
    server.create("e/hosted", format="notices")
    admin, nobody = server.admin, server.client(None, None)
    mount = "/.well-known/notices"
    assert admin.ok("GET", "/api/v1/repos/e/hosted").json()["url"] == server.url + mount + "/e/hosted/"
    assert nobody.get(mount).json() == {"notices": mount + "/"}
    assert nobody.get(mount + "/terms.txt").text == "Be kind.\n"
    assert nobody.get(mount + "/e/hosted/a.txt").status_code == nobody.get(mount + "/e/none/a.txt").status_code == 401

    for number, first in enumerate((mount, "/notices")):
        file = "%s/e/hosted/%d.txt" % (first, number)
        assert admin.put(file, data=b"text").status_code == 201
        assert admin.get(file).text == "text" and admin.head(file).headers["Content-Length"] == "4"
        assert admin.post(file).headers["Allow"] == "DELETE, GET, HEAD, OPTIONS, PUT"
    records = admin.ok("GET", "/api/v1/admin/audit?action=file.upload").json()["items"]
    assert sorted(record["resource"] for record in records) == ["e/hosted/0.txt", "e/hosted/1.txt"]
    lines = admin.get("/metrics").text.splitlines()
    counted = [line for line in lines if line.startswith("save_repository_requests_total")]
    assert counted == ['save_repository_requests_total{repository="e/hosted",outcome="ok"} 6',
                       'save_repository_requests_total{repository="e/hosted",outcome="refused"} 2']


def test_a_mount_that_is_taken_is_refused_of_a_loaded_format_too(tmp_path):
    shutil.copytree(ROOT / "Tests" / "Formats" / "Chunks", tmp_path / "Chunks")
    source = tmp_path / "Chunks" / "Sources" / "ChunksFormat.swift"
    source.write_text(source.read_text().replace('"c2"', '"raw"'))
    assert refusal(build(tmp_path / "Chunks", tmp_path / "chunks.so")) == "the mount 'raw' of the format 'chunks' is the id of another format"


def test_a_large_file_in_several_requests_is_never_in_memory(server):
    admin, digest, size = server.admin, hashlib.sha256(), 0
    url = begin(admin)
    before = server.resident_kb(peak=True)
    for number in range(4):
        part = os.urandom(1 << 20) * 16
        digest.update(part)
        size += len(part)
        answer = admin.patch(url, data=part, headers={"Content-Range": "%d-%d" % (size - len(part), size - 1)})
        assert (answer.status_code, answer.headers["Range"]) == (202, "0-%d" % (size - 1))
        assert staged(server) == 1
    # As registries' clients send it: in chunks, which say neither how many bytes come nor where they belong.
    part = os.urandom(100_000)
    digest.update(part)
    size += len(part)
    assert admin.patch(url, data=iter([part[:1000], part[1000:]])).headers["Range"] == "0-%d" % (size - 1)
    assert admin.put(url + "?digest=" + digest.hexdigest()).status_code == 201
    assert staged(server) == 0
    answer = admin.get("/c2/e/hosted/files/" + digest.hexdigest())
    assert len(answer.content) == size and hashlib.sha256(answer.content).hexdigest() == digest.hexdigest()
    assert server.resident_kb(peak=True) - before < 32 << 10
    records = admin.ok("GET", "/api/v1/admin/audit?q=e/hosted/files").json()["items"]
    assert [(record["action"], record["outcome"]) for record in records] == [("file.upload", "ok")]


def test_an_upload_goes_on_where_its_connection_broke(server):
    admin, content = server.admin, os.urandom(500_000)
    url = begin(admin)
    with socket.create_connection(("127.0.0.1", server.port)) as client:
        client.sendall(b"PATCH %s HTTP/1.1\r\nHost: x\r\nAuthorization: %s\r\nContent-Length: 500000\r\n\r\n"
                       % (url.encode(), b"Basic " + base64.b64encode(("admin:" + PASSWORD).encode())) + content[:300_000])
        client.shutdown(socket.SHUT_WR)
        client.settimeout(10)
        while client.recv(65536):
            pass
    until(lambda: admin.get(url).headers["Range"] != "0-0", "what came of the upload is there")
    there = int(admin.get(url).headers["Range"].split("-")[1]) + 1
    assert 0 < there <= 300_000
    gap = admin.patch(url, data=b"x", headers={"Content-Range": "400000-400000"})
    assert (gap.status_code, gap.headers["Range"]) == (416, "0-%d" % (there - 1))
    rest = end(admin, url, content, data=content[there:], headers={"Content-Range": "bytes %d-499999/500000" % there})
    assert rest.status_code == 201, rest.text
    assert admin.get("/c2/e/hosted/files/" + hashlib.sha256(content).hexdigest()).content == content
    assert staged(server) == 0


def test_nothing_is_left_of_an_upload_that_nobody_ended(chunks, new_server):
    server = new_server(SAVE_PLUGINS=str(chunks), SAVE_UPLOAD_SESSION_LIFETIME="1", SAVE_MAX_UPLOAD_SESSIONS_PER_ACCOUNT="2")
    server.create("e/hosted", format="chunks")
    admin = server.admin
    first, second = begin(admin), begin(admin)
    assert admin.patch(first, data=b"x" * 100_000).status_code == 202
    assert admin.post("/c2/e/hosted/uploads/").status_code == 429
    assert admin.delete(second).status_code == 204
    assert staged(server) == 1
    time.sleep(1.1)
    assert admin.get(first).status_code == 404
    assert end(admin, first, b"x" * 100_000).status_code == 404
    third = begin(admin)
    assert staged(server) == 1, "beginning one clears what is over"

    server.kill()
    assert staged(server) == 1
    server.start()
    assert staged(server) == 0
    assert server.admin.get(third).status_code == 404

    begin(server.admin)
    assert server.stop() == 0 and staged(server) == 0
