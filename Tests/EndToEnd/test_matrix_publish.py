"""What publishes: each client sends to a hosted repository, and what it sent is there, is installed, and stays what it is."""
import hashlib
import pathlib

import pytest

import make_fixtures
from harness.clients import PUBLISHERS, Flit
from harness.requests_log import RequestLog
from harness.server import PASSWORD

pytestmark = pytest.mark.clients


@pytest.fixture(params=PUBLISHERS)
def publisher(request, tool):
    return tool(request.param)


@pytest.fixture
def hosted(server, repository):
    name = repository + "/hosted"
    server.create(name)
    return name


@pytest.fixture
def url(server, hosted):
    return "%s/pypi/%s/" % (server.url, hosted)


@pytest.fixture
def files(tmp_path):
    """A wheel and a source distribution of one version."""
    folder = tmp_path / "dist"
    folder.mkdir()
    return [item.write(folder) for item in (make_fixtures.wheel("sent", "1.0"), make_fixtures.sdist("sent", "1.0"))]


def sent(publisher, outcome, files):
    """The digests by filename of what was to be published."""
    paths = outcome.target.iterdir() if isinstance(publisher, Flit) else files
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in map(pathlib.Path, paths)}


def listed(server, hosted, package="sent"):
    answer = server.admin.page(hosted, package)
    return {} if answer.status_code == 404 else {file["filename"]: file["hashes"]["sha256"] for file in answer.json()["files"]}


def test_r63_what_is_published_is_listed_and_installs_at_once(server, hosted, url, publisher, files, tool):
    outcome = publisher.publish(url, "admin", PASSWORD, *files).must_succeed()
    digests = sent(publisher, outcome, files)
    assert listed(server, hosted) == digests and len(digests) == 2
    for name, digest in digests.items():
        fetched = server.admin.get(server.admin.file_path(hosted, "sent", name))
        assert hashlib.sha256(fetched.content).hexdigest() == digest
    for wanted in (["sent"], ["--no-binary=sent", "sent"]) if not isinstance(publisher, Flit) else (["sent"],):
        assert tool("uv").install(server.index_url(hosted), *wanted).must_succeed().installed == {"sent": "1.0"}


def test_r68_t6_publishing_the_same_again_is_no_error_and_changes_nothing(server, hosted, url, publisher, files):
    first = publisher.publish(url, "admin", PASSWORD, *files).must_succeed()
    before = server.admin.page(hosted, "sent")
    again = publisher.publish(url, "admin", PASSWORD, *files).must_succeed()
    assert sent(publisher, first, files) == sent(publisher, again, files) == listed(server, hosted)
    after = server.admin.page(hosted, "sent")
    assert (after.headers["ETag"], after.content) == (before.headers["ETag"], before.content)


def test_r69_t6_other_bytes_under_a_name_that_exists_change_nothing(server, hosted, url, publisher, files):
    kept = [make_fixtures.wheel("sent", "1.0", payload=b"what was there first")]
    assert server.admin.upload(hosted, kept[0]).status_code == 200
    outcome = publisher.publish(url, "admin", PASSWORD, files[0])
    # hatch looks for the name beforehand, below +simple/, and leaves out what it finds: that is no error to it.
    assert (outcome.status == 0) == (publisher.name == "hatch")
    assert listed(server, hosted)[kept[0].filename] == kept[0].sha256
    assert server.admin.get(server.admin.file_path(hosted, "sent", kept[0].filename)).content == kept[0].content


def test_r55_a_wrong_password_publishes_nothing_and_a_reader_is_refused(server, repository, hosted, url, publisher, files):
    reader = server.robot(repository, "viewer")
    for credentials, statuses in ((("someone", "wrong"), {401, 429}), (reader, {403})):
        log = RequestLog(server)
        assert publisher.publish(url, *credentials, *files).status != 0
        posts = {request.status for request in log.requests() if request.method == "POST"}
        # hatch reads the index beforehand, and stops there when it may not; many wrong passwords are answered with 429.
        assert posts <= statuses and (posts or publisher.name == "hatch")
        assert listed(server, hosted) == {}


def test_r01_r62_t7_the_last_slash_makes_no_difference_and_nothing_is_redirected(server, hosted, url, publisher, files):
    log = RequestLog(server)
    outcome = publisher.publish(url.rstrip("/"), "admin", PASSWORD, *files).must_succeed()
    assert listed(server, hosted) == sent(publisher, outcome, files)
    posts = [request.status for request in log.requests() if request.method == "POST"]
    assert posts and set(posts) == {200}


def test_r54_a_robot_and_a_token_publish(server, repository, publisher, files):
    server.admin.ok("POST", "/api/v1/projects", json={"name": repository})
    robot, key = server.robot(repository, "developer")
    for index, user in enumerate((robot, robot.replace("$", "%24"), "__token__")):
        hosted = "%s/hosted%d" % (repository, index)
        server.create(hosted)
        outcome = publisher.publish("%s/pypi/%s/" % (server.url, hosted), user, key, *files).must_succeed()
        assert listed(server, hosted) == sent(publisher, outcome, files)


def test_r63_uv_looks_at_the_index_before_it_publishes(server, hosted, url, tool, files, dists):
    uv, check = tool("uv"), ["--check-url", server.index_url(hosted)]
    uv.publish(url, "admin", PASSWORD, *files, arguments=check).must_succeed()
    log = RequestLog(server)
    uv.publish(url, "admin", PASSWORD, *files, arguments=check).must_succeed()
    assert [request for request in log.requests() if request.method == "POST"] == [], "what is there was sent again"
    other = make_fixtures.wheel("sent", "1.0", payload=b"other").write(files[0].parent)
    assert uv.publish(url, "admin", PASSWORD, other, arguments=check).status != 0


def test_t6_clients_that_skip_what_exists_do(server, hosted, url, tool, files):
    kept = make_fixtures.wheel("sent", "1.0", payload=b"what was there first")
    assert server.admin.upload(hosted, kept).status_code == 200
    for name in ("twine4", "twine6", "poetry1", "poetry2", "pdm"):
        tool(name).publish(url, "admin", PASSWORD, *files, arguments=["--skip-existing"]).must_succeed()
        assert listed(server, hosted)[kept.filename] == kept.sha256
        assert files[1].name in listed(server, hosted)


@pytest.mark.parametrize("kind", ["proxy", "group"])
def test_no_client_publishes_to_what_does_not_host(server, repository, hosted, upstream, publisher, files, kind):
    other = "%s/%s" % (repository, kind)
    settings = {"remote_url": upstream.url + "/"} if kind == "proxy" else {"members": [hosted]}
    server.create(other, kind=kind, **settings)
    assert publisher.publish("%s/pypi/%s/" % (server.url, other), "admin", PASSWORD, *files).status != 0
    assert listed(server, hosted) == {}


@pytest.mark.parametrize("client", ["poetry1", "poetry2"])
def test_poetry_publishes_with_what_its_configuration_remembers(server, hosted, url, tool, files, client):
    poetry = tool(client)
    home = poetry.fresh("home-")
    for setting in (["repositories.save", url], ["http-basic.save", "admin", PASSWORD]):
        poetry.run(poetry.bin / "poetry", "config", *setting, home=home).must_succeed()
    project = poetry.fresh("project-")
    (project / "pyproject.toml").write_text('[tool.poetry]\nname = "sent"\nversion = "1.0"\ndescription = ""\nauthors = []\n')
    poetry.run(poetry.bin / "poetry", "publish", "-r", "save", "--dist-dir", files[0].parent, home=home, folder=project).must_succeed()
    assert listed(server, hosted) == sent(poetry, None, files)
