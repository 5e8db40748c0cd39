"""What installs, locks and downloads: each client from an empty cache, through each kind of repository."""
import datetime
import hashlib
import json
import zipfile

import pytest

import make_fixtures
from harness.clients import INSTALLERS, LOCKERS, PIPS
from harness.requests_log import RequestLog
from harness.sources import EVERYTHING, INSTALLED, KINDS, standard_source

pytestmark = pytest.mark.clients


@pytest.fixture(params=KINDS)
def source(request, server, repository, upstream, dists):
    return standard_source(request.param, server, repository, upstream, dists)


@pytest.fixture
def log(server, source):
    return RequestLog(server)


def upstream_files(upstream):
    """How often each file (not its metadata) was fetched from the upstream."""
    return {key.rpartition("/")[2]: count for key, count in upstream.counts.items()
            if key.startswith("files ") and not key.endswith(".metadata")}


# -- installing

@pytest.mark.parametrize("client", INSTALLERS)
def test_installs_everything_from_an_empty_cache(client, source, tool, log, upstream, dists):
    assert tool(client).install(source.index_url, *EVERYTHING).must_succeed().installed == INSTALLED
    # Each file once, except for those that are asked for in ranges.
    fetched = log.answered(200, 206)
    assert source.installed <= set(fetched)
    assert not [request for request in log.requests() if request.status >= 400 and request.status != 401]
    asked = upstream_files(upstream)
    assert all(asked[name] == 1 for name in asked), asked


@pytest.mark.parametrize("client", INSTALLERS)
def test_r37_installs_with_required_digests_and_refuses_others(client, source, tool, tmp_path, dists):
    wanted = ["%s==%s --hash=sha256:%s" % (dists[name].project, dists[name].version, dists[name].sha256) for name in source.installed]
    requirements = tmp_path / "requirements.txt"
    requirements.write_text("\n".join(wanted) + "\n")
    assert tool(client).install(source.index_url, "--require-hashes", "-r", requirements).must_succeed().installed == INSTALLED
    requirements.write_text("plain==1.1 --hash=sha256:%s\n" % hashlib.sha256(b"other").hexdigest())
    assert tool(client).install(source.index_url, "--require-hashes", "-r", requirements).status != 0


@pytest.mark.parametrize("client", PIPS)
def test_r39_pip_reads_the_end_of_wheels_with_its_fast_dependencies(client, source, tool, log, dists):
    outcome = tool(client).install(source.index_url, "--use-feature=fast-deps", *EVERYTHING).must_succeed()
    assert outcome.installed == INSTALLED
    # Since pip 22.2 the metadata files come first, and no range is needed.
    assert log.answered(206, ending=".whl") or log.answered(200, ending=".metadata")
    assert not log.answered(416)


@pytest.mark.parametrize("client", PIPS)
def test_downloads_files_with_their_bytes(client, source, tool, dists):
    outcome = tool(client).download(source.index_url, "needs-others", "source-only", "epochal").must_succeed()
    names = {path.name for path in outcome.target.iterdir()}
    assert names == {"needs_others-1.0-py3-none-any.whl", "plain-1.1-py3-none-any.whl", "source_only-0.3.tar.gz",
                     "under_score_dotted_name-2.0-py3-none-any.whl", "epochal-1!2.0-py3-none-any.whl"}
    for path in outcome.target.iterdir():
        assert hashlib.sha256(path.read_bytes()).hexdigest() == dists[path.name].sha256


def test_pip_shows_which_versions_there_are(source, tool):
    outcome = tool("pip-newest").pip("index", "versions", "epochal", "--json", "--index-url", source.index_url).must_succeed()
    shown = json.loads(outcome.text[outcome.text.index("{"):])
    assert (shown["latest"], sorted(shown["versions"])) == ("1!2.0", ["1!2.0", "2020.1"])
    assert tool("pip-newest").pip("index", "versions", "no-such-thing", "--json", "--index-url", source.index_url).status != 0


def test_hatch_fills_an_environment(source, tool):
    installed = tool("hatch").environment_with(source.index_url, *EVERYTHING).must_succeed().installed
    assert INSTALLED.items() <= installed.items()


# -- by age

def test_r60_pip_and_uv_leave_out_what_was_uploaded_after_a_date(source, tool, upstream):
    """The upstream's files are from March 2024; a hosted file's time is that of its upload, which is now."""
    day = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=1)
    later, earlier = day.strftime("%Y-%m-%dT00:00:00Z"), "2024-02-01T00:00:00Z"
    between, age = "2024-04-01T00:00:00Z", {"pip-newest": "--uploaded-prior-to", "uv": "--exclude-newer"}
    for client, option in age.items():
        assert tool(client).install(source.index_url, option, later, *EVERYTHING).must_succeed().installed == INSTALLED
        assert tool(client).install(source.index_url, option, earlier, "plain").status != 0
        outcome = tool(client).install(source.index_url, option, between, "plain")
        if source.kind == "hosted":
            assert outcome.status != 0
        else:
            assert outcome.must_succeed().installed == {"plain": "1.1"}


# -- locking

@pytest.mark.parametrize("client", LOCKERS)
def test_r31_adds_locks_and_installs_what_was_locked(client, source, tool, log, dists):
    # As a robot, because pipenv writes passwords into a netrc file as they are, and loses one with a space in it.
    project = tool(client).start(source.robot_url)
    project.add("needs-others", "epochal", "local-version", "source-only", "Camel.Case").must_succeed()
    for name in ("needs_others-1.0-py3-none-any.whl", "plain-1.1-py3-none-any.whl", "epochal-1!2.0-py3-none-any.whl",
                 "local_version-1.0+cu118-py3-none-any.whl", "source_only-0.3.tar.gz", "Camel.Case-1.0-py3-none-any.whl"):
        assert dists[name].sha256 in project.lock, name
    project.relock().must_succeed()
    expected = {name: version for name, version in INSTALLED.items() if name not in ("picky", "regretted")}
    assert project.install_locked().must_succeed().installed == expected
    assert not [request for request in log.requests() if request.status >= 400 and request.status != 401]


@pytest.mark.parametrize("client", LOCKERS)
def test_what_was_locked_installs_while_the_upstream_is_down(client, server, repository, upstream, dists, tool):
    project = tool(client).start(standard_source("proxy", server, repository, upstream, dists).robot_url)
    project.add("needs-others").must_succeed()
    upstream.stop()
    expected = {"needs-others": "1.0", "plain": "1.1", "under-score-dotted-name": "2.0"}
    assert project.install_locked().must_succeed().installed == expected


def test_uv_compiles_a_lock_file_and_syncs_it(source, tool, tmp_path, log, dists):
    wanted, lock = tmp_path / "requirements.in", tmp_path / "requirements.txt"
    wanted.write_text("\n".join(EVERYTHING) + "\n")
    tool("uv").compile(source.index_url, wanted, lock).must_succeed()
    assert all(dists[name].sha256 in lock.read_text() for name in source.installed)
    # Resolving needed no wheel, only what is written in them.
    assert not log.answered(200, 206, ending=".whl")
    assert tool("uv").sync(source.index_url, lock).must_succeed().installed == INSTALLED


# -- reading the index as a library and as a mirror do

def test_r33_r35_the_library_pypi_simple_reads_everything(server, source, dists, tmp_path):
    from pypi_simple import PyPISimple
    from harness.server import PASSWORD
    import requests
    with requests.Session() as session:
        session.trust_env, session.auth = False, ("admin", PASSWORD)
        with PyPISimple("%s/pypi/%s/simple/" % (server.url, source.repository), session=session) as client:
            for item in dists.values():
                listed = {package.filename: package for package in client.get_project_page(item.project).packages}[item.filename]
                assert (listed.digests, listed.size, listed.version) == ({"sha256": item.sha256}, len(item.content), item.version)
                target = tmp_path / item.filename
                client.download_package(listed, target)     # compares the digest itself
                assert target.read_bytes() == item.content
                if item.is_wheel:
                    assert client.get_package_metadata_bytes(listed) == item.metadata == metadata_of(target)
            if source.kind == "hosted":
                assert set(map(make_fixtures.normalized, client.get_index_page().projects)) == {item.project for item in dists.values()}


def metadata_of(wheel):
    with zipfile.ZipFile(wheel) as archive:
        return archive.read(next(name for name in archive.namelist() if name.endswith(".dist-info/METADATA")))


def test_r18_a_mirror_lists_every_project_and_fetches_every_file(server, source, dists):
    """What a mirror does: the list of all projects, the page of each, every file and what is said about it."""
    from urllib.parse import urljoin
    root = server.admin.get("/pypi/%s/simple/" % source.repository, headers={"Accept": "application/vnd.pypi.simple.v1+json"})
    assert root.status_code == 200 and root.headers["Content-Type"] == "application/vnd.pypi.simple.v1+json"
    names = [project["name"] for project in root.json()["projects"]]
    assert sorted(make_fixtures.normalized(name) for name in names) == sorted({item.project for item in dists.values()})
    fetched = {}
    for name in names:
        page = server.admin.page(source.repository, make_fixtures.normalized(name))
        assert page.status_code == 200
        for file in page.json()["files"]:
            url = urljoin(page.url, file["url"])
            assert url.startswith(server.url)
            answer = server.admin.get(url[len(server.url):])
            assert hashlib.sha256(answer.content).hexdigest() == file["hashes"]["sha256"]
            if file.get("core-metadata"):
                sidecar = server.admin.get(url[len(server.url):] + ".metadata").content
                assert hashlib.sha256(sidecar).hexdigest() == file["core-metadata"]["sha256"]
            fetched[file["filename"]] = answer.content
    assert fetched == {name: item.content for name, item in dists.items()}
