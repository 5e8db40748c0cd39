"""Metadata beside files (PEP 658): there for every wheel, whatever the upstream has, and enough for a resolver."""
import concurrent.futures
import hashlib
import re

import pytest

import make_fixtures
from harness.requests_log import RequestLog
from harness.upstream import Fault

METADATA = r"\.whl\.metadata$"


@pytest.fixture(scope="module")
def large():
    """What resolvers have to choose from: wheels of megabytes, where the newest of one needs an old one of the other."""
    payload = lambda name: make_fixtures.random_bytes(name, 3 << 20)
    return [
        make_fixtures.wheel("large-top", "1.0", requires=["large-base"], payload=payload("top1")),
        make_fixtures.wheel("large-top", "2.0", requires=["large-base<3"], payload=payload("top2")),
        *(make_fixtures.wheel("large-base", "%d.0" % number, payload=payload("base%d" % number)) for number in (1, 2, 3)),
    ]


CHOSEN = {"large-top": "2.0", "large-base": "2.0"}


def chosen(outcome):
    """The versions that a resolver came to: from pip's report, or from uv's list."""
    outcome.must_succeed()
    pairs = re.findall(r'"name": "(large-\w+)",\s*(?:"[^"]*": [^,]*,\s*)*?"version": "([^"]*)"', outcome.text)
    return dict(pairs or re.findall(r"^(large-\w+)==(\S+)", outcome.text, re.M))


def listed(server, repository, package):
    return {file["filename"]: file for file in server.admin.page(repository, package).json()["files"]}


def digest(bytes):
    return hashlib.sha256(bytes).hexdigest()


@pytest.mark.parametrize("client", ["pip-newest", "uv"])
@pytest.mark.parametrize("style", ["json", "html"])
@pytest.mark.parametrize("through", ["proxy", "group"])
@pytest.mark.clients
def test_r36_a_resolve_reads_only_metadata_also_of_an_upstream_that_has_none(
        server, repository, tool, new_upstream, large, client, style, through):
    upstream = new_upstream(style).add(*large)
    upstream.ranges = True
    server.create(repository + "/proxy", kind="proxy", remote_url=upstream.url + "/")
    server.create(repository + "/group", kind="group", members=[repository + "/proxy"])
    upstream.forget()
    index = server.index_url("%s/%s" % (repository, through))
    assert chosen(tool(client).resolve(index, "large-top")) == CHOSEN
    wheels = [(path, headers) for method, role, path, headers in upstream.seen
              if (method, role) == ("GET", "files") and path.endswith(".whl")]
    # Of an upstream that has metadata nothing else is asked for; of one that has none, only the ends of the wheels.
    assert (style == "html") == bool(wheels)
    assert all("Range" in headers for _, headers in wheels), wheels
    assert upstream.sent["files"] < 5 * (66 << 10) < len(large[0].content) // 4
    # A second resolve asks the upstream for nothing.
    upstream.forget()
    assert chosen(tool(client).resolve(index, "large-top")) == CHOSEN
    assert upstream.seen == []


@pytest.mark.parametrize("client", ["pip-newest", "uv"])
@pytest.mark.clients
def test_r33_a_resolve_of_hosted_wheels_reads_only_metadata(new_server, tool, large, client):
    server = new_server("hosted")
    server.create("p/hosted")
    for item in large:
        assert server.admin.upload("p/hosted", item).status_code == 200
    log = RequestLog(server)
    assert chosen(tool(client).resolve(server.index_url("p/hosted"), "large-top")) == CHOSEN
    files = [request.path for request in log.requests() if "/packages/" in request.path]
    assert files and all(path.endswith(".whl.metadata") for path in files), files


def test_r36_metadata_are_made_once_for_any_number_of_clients_and_then_shown_with_their_digest(
        server, repository, new_upstream, large):
    upstream = new_upstream("html").add(*large)
    upstream.ranges = True
    upstream.faults[r"/blobs/"] = Fault(delay=0.3)
    proxy = repository + "/proxy"
    server.create(proxy, kind="proxy", remote_url=upstream.url + "/")
    wheel = large[0]
    assert listed(server, proxy, wheel.project)[wheel.filename]["core-metadata"] is True
    path = server.admin.file_path(proxy, wheel.project, wheel.filename) + ".metadata"
    with concurrent.futures.ThreadPoolExecutor(30) as clients:
        answers = list(clients.map(lambda _: server.admin.get(path), range(30)))
    assert {(answer.status_code, answer.content) for answer in answers} == {(200, wheel.metadata)}
    assert upstream.count(wheel.filename, "files") == 1
    assert listed(server, proxy, wheel.project)[wheel.filename]["core-metadata"] == {"sha256": digest(wheel.metadata)}


def test_r36_metadata_of_an_upstream_without_ranges_come_from_the_wheel_which_is_kept(server, repository, new_upstream, large):
    upstream = new_upstream("html").add(*large)
    proxy = repository + "/proxy"
    server.create(proxy, kind="proxy", remote_url=upstream.url + "/")
    wheel = large[0]
    path = server.admin.file_path(proxy, wheel.project, wheel.filename)
    upstream.forget()
    assert server.admin.get(path + ".metadata").content == wheel.metadata
    upstream.stop()
    assert server.admin.get(path).content == wheel.content
    assert server.admin.get(path + ".metadata").content == wheel.metadata


def test_r34_metadata_that_the_upstream_announces_and_lacks_come_from_the_wheel(server, repository, upstream, large):
    upstream.add(*large)
    upstream.faults[METADATA] = Fault(status=404)
    proxy = repository + "/proxy"
    server.create(proxy, kind="proxy", remote_url=upstream.url + "/")
    wheel = large[0]
    announced = listed(server, proxy, wheel.project)[wheel.filename]["core-metadata"]
    answer = server.admin.get(server.admin.file_path(proxy, wheel.project, wheel.filename) + ".metadata")
    assert (answer.status_code, answer.content) == (200, wheel.metadata)
    assert announced == {"sha256": digest(answer.content)}


def test_t3_metadata_with_another_digest_than_announced_never_reach_a_client(server, repository, upstream, large):
    upstream.add(*large)
    upstream.faults[METADATA] = Fault(body=b"Metadata-Version: 2.1\nName: large-top\nVersion: 1.0\nRequires-Dist: evil\n")
    proxy = repository + "/proxy"
    server.create(proxy, kind="proxy", remote_url=upstream.url + "/")
    wheel = large[0]
    answer = server.admin.get(server.admin.file_path(proxy, wheel.project, wheel.filename) + ".metadata")
    assert (answer.status_code, answer.content) == (200, wheel.metadata)


def test_t3_a_wheel_that_is_none_gives_502_and_is_announced_no_more(server, repository, new_upstream, large):
    upstream = new_upstream("html").add(*large)
    upstream.ranges = True
    wheel = large[0]
    upstream.faults[re.escape(wheel.filename)] = Fault(body=make_fixtures.random_bytes("none", len(wheel.content)))
    proxy = repository + "/proxy"
    server.create(proxy, kind="proxy", remote_url=upstream.url + "/")
    path = server.admin.file_path(proxy, wheel.project, wheel.filename) + ".metadata"
    assert server.admin.get(path).status_code == 502
    assert "core-metadata" not in listed(server, proxy, wheel.project)[wheel.filename]
    # The others are not concerned.
    other = large[1]
    assert server.admin.get(server.admin.file_path(proxy, other.project, other.filename) + ".metadata").content == other.metadata


@pytest.mark.parametrize("metadata_version", ["2.1", "2.2"])
@pytest.mark.parametrize("client", ["pip-newest", "uv"])
@pytest.mark.clients
def test_r34_metadata_of_a_source_archive_are_there_where_they_are_final(server, repository, tool, client, metadata_version):
    hosted = repository + "/hosted"
    server.create(hosted)
    item = make_fixtures.sdist("large-source", "1.0", requires=["large-small"], metadata_version=metadata_version)
    for upload in (item, make_fixtures.wheel("large-small", "1.0")):
        assert server.admin.upload(hosted, upload, metadata_version=metadata_version).status_code == 200
    entry = listed(server, hosted, item.project)[item.filename]
    answer = server.admin.get(server.admin.file_path(hosted, item.project, item.filename) + ".metadata")
    if metadata_version == "2.1":
        assert "core-metadata" not in entry and answer.status_code == 404
    else:
        assert (answer.status_code, answer.content) == (200, item.metadata)
        assert entry["core-metadata"] == {"sha256": digest(item.metadata)}
    # PEP 643: either way clients find what it needs and install it.
    outcome = tool(client).install(server.index_url(hosted), "large-source")
    assert outcome.must_succeed().installed == {"large-source": "1.0", "large-small": "1.0"}
