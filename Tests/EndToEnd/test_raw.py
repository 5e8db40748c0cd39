"""Raw repositories: files under paths, as people use them with curl and build scripts."""
import hashlib
import os

import pytest

from harness.http import raw_get
from harness.server import PASSWORD


@pytest.fixture
def raw(server, repository):
    name = repository + "/files"
    server.create(name, format="raw")
    return "/raw/%s/" % name


def test_a_file_is_put_read_and_deleted(server, raw):
    content = os.urandom(100_000)
    path = raw + "deep/er/build 1+2.bin"
    assert server.admin.put(path, data=content).status_code in (200, 201)
    answer = server.admin.get(path)
    assert answer.status_code == 200 and answer.content == content
    head = server.admin.head(path)
    assert head.status_code == 200 and int(head.headers["Content-Length"]) == len(content) and head.headers["Accept-Ranges"] == "bytes"
    assert server.admin.get(path, headers={"If-None-Match": head.headers["ETag"]}).status_code == 304
    assert server.admin.get(path, headers={"Range": "bytes=-5"}).content == content[-5:]
    assert server.admin.delete(path).status_code in (200, 204)
    assert server.admin.get(path).status_code == 404
    assert server.admin.delete(path).status_code == 404


def test_the_same_bytes_again_are_200_and_other_bytes_are_refused(server, raw):
    assert server.admin.put(raw + "a.txt", data=b"one").status_code in (200, 201)
    assert server.admin.put(raw + "a.txt", data=b"one").status_code == 200
    other = server.admin.put(raw + "a.txt", data=b"two")
    assert other.status_code == 400 and other.text.startswith("File already exists")
    assert server.admin.get(raw + "a.txt").content == b"one"


def test_redeploy_may_be_allowed(server, repository):
    server.create(repository + "/loose", format="raw", allow_redeploy=True)
    path = "/raw/%s/loose/a.txt" % repository
    for content in (b"one", b"two"):
        assert server.admin.put(path, data=content).status_code in (200, 201)
    assert server.admin.get(path).content == b"two"


def test_a_directory_is_listed_as_html_and_as_json(server, raw):
    for name in ("dir/a.txt", "dir/b <i>.txt", "dir/sub/c.txt", "top.txt"):
        server.admin.put(raw + name, data=name.encode())
    page = server.admin.get(raw + "dir/", headers={"Accept": "text/html"})
    assert page.status_code == 200 and page.headers["Content-Type"].startswith("text/html")
    assert "a.txt" in page.text and "sub/" in page.text and "<i>" not in page.text and "top.txt" not in page.text
    listed = server.admin.get(raw + "dir/", headers={"Accept": "application/json"})
    assert listed.status_code == 200 and listed.headers["Content-Type"].startswith("application/json")
    assert "a.txt" in listed.text and "sub" in listed.text
    assert server.admin.get(raw + "no-such-dir/").status_code == 404
    assert server.admin.get(raw).status_code == 200


def test_a_file_of_no_bytes_is_a_file(server, raw):
    assert server.admin.put(raw + "empty", data=b"").status_code in (200, 201)
    answer = server.admin.get(raw + "empty")
    assert (answer.status_code, answer.content, answer.headers["Content-Length"]) == (200, b"", "0")
    assert server.admin.get(raw + "empty", headers={"Range": "bytes=0-"}).status_code in (200, 416)


@pytest.mark.parametrize("name", ["page.html", "picture.svg", "page.xhtml", "page.htm"])
def test_active_content_never_runs_as_ours(server, raw, name):
    server.admin.put(raw + name, data=b"<script>alert(1)</script>", headers={"Content-Type": "text/html"})
    answer = server.admin.get(raw + name)
    assert answer.status_code == 200 and answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Content-Disposition"].startswith("attachment")


def test_odd_but_legal_names_come_back_byte_for_byte(server, raw):
    for encoded in ("a%20b", "%C3%A4.txt", "a%2Bb", "100%25", "q%3Fx", "h%23y", ".meta/x", "simple/x", "CON", "a;b", "a&b=c"):
        content = hashlib.sha256(encoded.encode()).digest()
        answer = server.admin.put(raw + "odd/" + encoded, data=content)
        assert answer.status_code in (200, 201), (encoded, answer.status_code, answer.text)
        read = raw_get(server, raw + "odd/" + encoded)
        assert read.status == 200 and read.body == content, encoded
    assert raw_get(server, raw + "odd/a+b").body == hashlib.sha256(b"a%2Bb").digest(), "a plus is a plus, encoded or not"


@pytest.mark.parametrize("path", ["a//b", "a/./b", "a/../b", "%2e%2e/x", "x%00y", "a%2Fb/../..", "x%ff", "tail%0a"])
def test_paths_that_mean_something_else_are_refused(server, raw, path):
    answer = raw_get(server, raw + path, "Content-Length: 0", method="PUT")
    assert answer.status in (400, 404), answer.data[:200]
    assert server.admin.get(raw + "a/b").status_code == 404, "the path was read as another"


def test_very_long_names_are_stored_or_refused_never_an_error_of_the_server(server, raw):
    for path in ("n" * 255, "n" * 256, "/".join(["d"] * 500), "n" * 4000):
        status = server.admin.put(raw + path, data=b"x").status_code
        assert status in (200, 201, 400, 414), (len(path), status)
        assert server.admin.get(raw + path).status_code == (200 if status < 300 else server.admin.get(raw + path).status_code)


def test_a_proxy_serves_a_static_site_and_keeps_it(server, repository, upstream):
    upstream.static["/site/tool.tgz"] = ("application/gzip", b"tool" * 1000)
    proxy = repository + "/proxy"
    server.create(proxy, format="raw", kind="proxy", remote_url=upstream.url + "/site/")
    path = "/raw/%s/tool.tgz" % proxy
    for _ in range(2):
        answer = server.admin.get(path)
        assert answer.status_code == 200 and answer.content == b"tool" * 1000
    assert server.admin.get("/raw/%s/none.tgz" % proxy).status_code == 404
    upstream.stop()
    assert server.admin.get(path).content == b"tool" * 1000
    assert server.admin.put(path, data=b"x").status_code == 405


def test_a_group_reads_its_members_in_order(server, repository):
    first, second, group = (repository + "/" + name for name in ("one", "two", "all"))
    for name in (first, second):
        server.create(name, format="raw")
    server.create(group, format="raw", kind="group", members=[first, second])
    server.admin.put("/raw/%s/both" % first, data=b"first")
    server.admin.put("/raw/%s/both" % second, data=b"second")
    server.admin.put("/raw/%s/only" % second, data=b"only second")
    assert server.admin.get("/raw/%s/both" % group).content == b"first"
    assert server.admin.get("/raw/%s/only" % group).content == b"only second"
    answer = server.admin.put("/raw/%s/new" % group, data=b"x")
    assert answer.status_code == 405 and "PUT" not in answer.headers["Allow"]


def test_curl_uploads_a_file(server, raw, tmp_path):
    import subprocess
    file = tmp_path / "report.txt"
    file.write_text("a report\n")
    done = subprocess.run(["curl", "-sS", "-f", "-u", "admin:" + PASSWORD, "-T", str(file), server.url + raw + "reports/report.txt"])
    assert done.returncode == 0
    assert server.admin.get(raw + "reports/report.txt").content == b"a report\n"
