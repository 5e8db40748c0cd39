"""Raw repositories: files under paths, as people use them with curl and build scripts."""
import base64
import concurrent.futures
import hashlib
import os
import subprocess

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


def test_of_many_uploads_that_must_be_new_exactly_one_is_taken(server, raw):
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        put = lambda number: server.admin.put(raw + "lock", data=b"%d" % number * 50_000, headers={"If-None-Match": "*"}).status_code
        statuses = list(pool.map(put, range(8)))
    assert sorted(statuses) == [201] + [412] * 7
    assert server.admin.get(raw + "lock").content == b"%d" % statuses.index(201) * 50_000


def test_a_change_happens_only_to_what_was_read(server, repository):
    server.create(repository + "/loose", format="raw", allow_redeploy=True)
    path = "/raw/%s/loose/a.txt" % repository
    server.admin.put(path, data=b"one")
    tag = server.admin.head(path).headers["ETag"]
    assert server.admin.put(path, data=b"two", headers={"If-Match": tag}).status_code == 201
    assert server.admin.put(path, data=b"three", headers={"If-Match": tag}).status_code == 412
    assert server.admin.delete(path, headers={"If-Match": tag}).status_code == 412
    assert server.admin.get(path).content == b"two"


def test_curl_that_goes_on_with_an_upload_does_not_leave_its_end_as_the_file(server, raw, tmp_path):
    (tmp_path / "f").write_bytes(os.urandom(200))
    command = ["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "-u", "admin:" + PASSWORD, "-C", "100", "-T", str(tmp_path / "f")]
    assert subprocess.run(command + [server.url + raw + "f"], capture_output=True, text=True, timeout=60).stdout == "400"
    assert server.admin.get(raw + "f").status_code == 404


def test_what_arrives_with_another_digest_is_not_kept(server, raw):
    right, wrong = b"the content", b"other content"
    def digest(name, content):
        return base64.b64encode(hashlib.new(name, content).digest()).decode()
    def fields(content):
        return [{"X-Checksum-Sha1": hashlib.sha1(content).hexdigest()}, {"X-Checksum-Sha256": hashlib.sha256(content).hexdigest()},
                {"Content-MD5": digest("md5", content)}, {"Content-Digest": "sha-512=:%s:" % digest("sha512", content)}]
    for number, (good, bad) in enumerate(zip(fields(right), fields(wrong))):
        path = raw + "f%d" % number
        refused = server.admin.put(path, data=right, headers=bad)
        assert refused.status_code == 400 and refused.text.startswith(list(bad)[0] + ": ")
        assert server.admin.get(path).status_code == 404
        assert server.admin.put(path, data=right, headers=good).status_code == 201


def test_a_directory_goes_with_everything_in_it_where_that_is_said(server, repository, raw):
    for name in ("dir/a", "dir/sub/b", "dir/sub/deeper/c", "dir-b/d", "e"):
        server.admin.put(raw + name, data=name.encode())
    refused = server.admin.delete(raw + "dir/")
    assert refused.status_code == 400 and refused.text.startswith("recursive: ") and server.admin.get(raw + "dir/a").status_code == 200
    assert server.admin.delete(raw + "dir/?recursive=yes").status_code == 400
    name, key = server.robot(repository, "developer")
    robot = server.client(name, key)
    assert robot.delete(raw + "dir/?recursive=true").status_code == 403
    assert server.admin.delete(raw + "dir/?recursive=true").status_code == 204
    for name, status in (("dir/", 404), ("dir/sub/deeper/c", 404), ("dir-b/d", 200), ("e", 200)):
        assert server.admin.get(raw + name).status_code == status, name
    assert server.admin.delete(raw + "dir/?recursive=true").status_code == 404
    records = server.admin.ok("GET", "/api/v1/admin/audit?action=file.delete&outcome=ok&resource=%s/files/dir/" % repository).json()["items"]
    assert [record["details"]["count"] for record in records] == [3], records


def test_the_rest_api_lists_files_by_a_prefix_page_by_page(server, repository, raw):
    names = ["a", "dir-b/c", "dir/a", "dir/sub/b", "dirt"]
    for name in names:
        server.admin.put(raw + name, data=name.encode())

    def listed(place, prefix):
        found, after = [], None
        while True:
            page = server.admin.ok("GET", "/api/v1/repos/%s/files/%s?limit=2&prefix=%s%s" % (
                repository, place, prefix, "&after=" + after if after else "")).json()
            found += page["items"]
            after = page["next"]
            if after is None:
                return found

    for prefix, wanted in (("", names), ("dir", ["dir-b/c", "dir/a", "dir/sub/b", "dirt"]), ("dir/", ["dir/a", "dir/sub/b"]),
                           ("dir/sub/b", ["dir/sub/b"]), ("dir/su", ["dir/sub/b"]), ("x", []), ("dir/sub/b/", [])):
        assert [file["path"] for file in listed("files", prefix)] == wanted, prefix
        assert [file["name"] for file in listed("packages", prefix)] == wanted, prefix
    file = listed("files", "dir/a")[0]
    assert file["size"] == 5 and file["digests"]["sha256"] == hashlib.sha256(b"dir/a").hexdigest() and file["uploaded_by"] == "admin"
    assert server.admin.get("/api/v1/repos/%s/files/packages?q=a&prefix=b" % repository).status_code == 400
