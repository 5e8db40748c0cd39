"""Files as clients and caches need them: the same in a hosted repository, a proxy that has not fetched them yet, and a group."""
import gzip
import hashlib

import pytest

import make_fixtures
from harness.http import raw_get
from harness.sources import KINDS, standard_source
from harness.upstream import Fault

WHEEL, ARCHIVE = "needs_others-1.0-py3-none-any.whl", "source_only-0.3.tar.gz"


@pytest.fixture(params=KINDS)
def source(request, server, repository, upstream, dists):
    return standard_source(request.param, server, repository, upstream, dists)


@pytest.fixture
def wheel(server, source, dists):
    """The wheel's path, and what it is."""
    return server.admin.file_path(source.repository, "needs-others", WHEEL), dists[WHEEL]


def test_r38_t10_head_says_what_get_will_also_of_what_was_never_fetched(server, wheel, upstream):
    path, item = wheel
    head = server.admin.head(path)
    assert upstream.count("/blobs/" + WHEEL, "files") == 0, "a HEAD fetched the file"
    assert (head.status_code, head.content, head.headers["Content-Length"]) == (200, b"", str(len(item.content)))
    answer = server.admin.get(path)
    assert answer.content == item.content
    for name in ("Content-Length", "Content-Type", "Accept-Ranges", "ETag", "Cache-Control"):
        assert head.headers[name] == answer.headers[name], name
    assert answer.headers["Accept-Ranges"] == "bytes"
    assert server.admin.head(path).headers["Last-Modified"] == server.admin.get(path).headers["Last-Modified"]


def test_r39_t10_ranges_as_clients_ask_for_them_first_thing(server, wheel):
    path, item = wheel
    size = len(item.content)

    def part(asked, **more):
        return server.admin.get(path, headers={"Range": asked, "Accept-Encoding": "identity", **more})

    for asked, first, last in (("bytes=-100", size - 100, size - 1), ("bytes=0-9", 0, 9), ("bytes=10-", 10, size - 1),
                               ("bytes=5-%d" % (size * 2), 5, size - 1), ("bytes=-%d" % (size * 2), 0, size - 1)):
        answer = part(asked)
        assert (answer.status_code, answer.content) == (206, item.content[first:last + 1]), asked
        assert answer.headers["Content-Range"] == "bytes %d-%d/%d" % (first, last, size)
    beyond = part("bytes=%d-" % size)
    assert (beyond.status_code, beyond.headers["Content-Range"]) == (416, "bytes */%d" % size)
    etag = server.admin.get(path).headers["ETag"]
    assert part("bytes=0-9", **{"If-Range": etag}).status_code == 206
    whole = part("bytes=0-9", **{"If-Range": '"another"'})
    assert (whole.status_code, whole.content) == (200, item.content)


@pytest.mark.parametrize("package, filename", [("needs-others", WHEEL), ("source-only", ARCHIVE)])
def test_r40_r43_files_are_never_encoded_and_have_their_type(server, source, upstream, dists, package, filename):
    path = server.admin.file_path(source.repository, package, filename)
    for accept in ("gzip, deflate, zstd, br", "identity", "*"):
        answer = raw_get(server, path, "Accept-Encoding: " + accept)
        assert answer.status == 200 and "content-encoding" not in answer.headers
        assert answer.body == dists[filename].content
        assert answer.headers["content-type"] in ("application/octet-stream", "application/zip")
        assert answer.headers["x-content-type-options"] == "nosniff"
    asked = [headers.get("Accept-Encoding", "identity") for _, role, seen, headers in upstream.seen if role == "files" and seen.endswith(filename)]
    assert set(asked) <= {"identity"}


def test_r41_files_come_from_here_and_not_by_redirect(server, wheel, dists):
    path, item = wheel
    for method in ("get", "head"):
        for _ in range(2):
            assert getattr(server.admin, method)(path).status_code == 200
    sidecar = server.admin.get(path + ".metadata")
    assert (sidecar.status_code, sidecar.content) == (200, item.metadata)


def test_r42_every_answer_with_a_file_has_its_length(server, wheel):
    path, item = wheel
    for method in ("GET", "HEAD", "GET"):
        answer = raw_get(server, path, method=method)
        assert answer.headers["content-length"] == str(len(item.content))
        assert "transfer-encoding" not in answer.headers


def test_r42_t10_bytes_that_turn_out_wrong_end_the_connection_and_are_not_kept(server, repository, upstream):
    big = make_fixtures.heavy(2, "turned-wrong")
    upstream.add(big)
    proxy = repository + "/proxy"
    server.create(proxy, kind="proxy", remote_url=upstream.url + "/")
    path = server.admin.file_path(proxy, "turned-wrong", big.filename)
    upstream.faults["/blobs/turned_wrong"] = Fault(body=big.content[:-1] + b"!", times=1)
    answer = raw_get(server, path)
    assert answer.status == 200 and len(answer.body) < len(big.content) == int(answer.headers["content-length"])
    assert server.admin.get(path).content == big.content, "the wrong bytes were kept"


def test_r44_files_have_a_strong_tag_a_date_and_never_change(server, wheel):
    path, item = wheel
    for target in (path, path + ".metadata"):
        assert server.admin.get(target).status_code == 200
        answer = server.admin.get(target)
        etag, modified, caching = answer.headers["ETag"], answer.headers["Last-Modified"], answer.headers["Cache-Control"]
        assert etag.startswith('"') and etag.endswith('"') and hashlib.sha256(answer.content).hexdigest() in etag
        assert "immutable" in caching and "private" in caching and int(caching.partition("max-age=")[2].partition(",")[0]) >= 31536000
        assert server.admin.get(target, headers={"If-None-Match": etag}).status_code == 304
        assert server.admin.get(target, headers={"If-Modified-Since": modified}).status_code == 304


def test_r44_who_has_the_bytes_is_told_so_before_they_are_here(server, repository, upstream, dists):
    upstream.add(*dists.values())
    server.create(repository + "/proxy", kind="proxy", remote_url=upstream.url + "/")
    path = server.admin.file_path(repository + "/proxy", "needs-others", WHEEL)
    tag = '"%s"' % dists[WHEEL].sha256
    for read in (server.admin.head, server.admin.get):
        answer = read(path, headers={"If-None-Match": tag})
        assert (answer.status_code, answer.content, answer.headers["ETag"]) == (304, b"", tag)
    assert server.admin.get(path, headers={"If-None-Match": '"another"'}).content == dists[WHEEL].content


def test_r44_a_file_that_anybody_may_read_may_be_kept_by_any_cache(server, repository, dists):
    hosted = repository + "/public"
    server.create(hosted, anonymous_read=True)
    assert server.admin.upload(hosted, dists[WHEEL]).status_code == 200
    answer = server.client(None).get(server.admin.file_path(hosted, "needs-others", WHEEL))
    assert answer.status_code == 200 and "public" in answer.headers["Cache-Control"] and "immutable" in answer.headers["Cache-Control"]


def test_r40_a_file_that_the_upstream_compresses_although_it_was_asked_not_to_is_refused(server, repository, upstream, dists):
    upstream.add(dists[ARCHIVE])
    proxy = repository + "/proxy"
    server.create(proxy, kind="proxy", remote_url=upstream.url + "/")
    path = server.admin.file_path(proxy, "source-only", ARCHIVE)
    content = dists[ARCHIVE].content
    upstream.faults["/blobs/source_only"] = Fault(body=gzip.compress(content), headers={"Content-Encoding": "gzip"}, times=1)
    assert server.admin.get(path).status_code == 502
    assert server.admin.get(path).content == content, "the compressed bytes were kept"
