"""Fixtures, in the test runner's sense, of the end-to-end tests."""
import pathlib
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "Fixtures")]

import make_fixtures  # noqa: E402
from harness import clients  # noqa: E402
from harness.server import BINARY, ROOT, Server  # noqa: E402
from harness.upstream import ScriptedUpstream  # noqa: E402


def pytest_configure(config):
    # Beside the build and not in /tmp, which is memory on some machines: durability and gigabytes are about a disk.
    if config.option.basetemp is None:
        config.option.basetemp = str(ROOT / ".build" / "e2e")


def pytest_sessionstart(session):
    missing = []
    if not BINARY.exists():
        missing.append("%s (make build makes it)" % BINARY)
    missing += ["%s (Scripts/clients.py makes it)" % (clients.VENVS / name) for name in
                clients.ENVIRONMENTS if not (clients.VENVS / name / ".complete").exists()]
    if missing:
        # A missing tool fails the run: a skipped end-to-end test looks like a passed one.
        pytest.exit("the end-to-end tests need " + ", ".join(missing), returncode=3)


@pytest.fixture(scope="session")
def dists():
    """The standard distributions by filename."""
    return {item.filename: item for item in make_fixtures.standard_set()}


@pytest.fixture(scope="session")
def dist_folder(dists, tmp_path_factory):
    folder = tmp_path_factory.mktemp("dist")
    for item in dists.values():
        item.write(folder)
    return folder


@pytest.fixture(scope="module")
def main_server(tmp_path_factory):
    # One for each file of tests: failed sign-ins are counted by address, and all tests come from one.
    server = Server(tmp_path_factory.mktemp("main") / "data").start()
    yield server
    assert server.stop() == 0, server.log_tail()


@pytest.fixture
def server(main_server):
    """The server that the tests of a file share. After each of them it must be the same process, alive and healthy."""
    pid = main_server.pid
    yield main_server
    assert main_server.alive and main_server.pid == pid, main_server.log_tail()
    assert main_server.client(None).get("/health").status_code == 200


@pytest.fixture
def new_server(tmp_path):
    """Makes servers of a test's own; what is still running at its end is stopped and must exit 0."""
    made = []

    def make(name="own", start=True, **environment):
        server = Server(tmp_path / name, name=name, **environment)
        made.append(server)
        return server.start() if start else server

    yield make
    for server in made:
        if server.alive:
            assert server.stop() == 0, server.log_tail()
        elif server.process:
            server.process.wait()


@pytest.fixture
def upstream():
    scripted = ScriptedUpstream()
    yield scripted
    scripted.stop()


@pytest.fixture
def new_upstream():
    made = []

    def make(style="json"):
        made.append(ScriptedUpstream(style))
        return made[-1]

    yield make
    for scripted in made:
        scripted.stop()


@pytest.fixture
def repository(server, request):
    """A name for a project of this test's own on the shared server."""
    import hashlib
    return "t" + hashlib.sha256(request.node.nodeid.encode()).hexdigest()[:10]


@pytest.fixture(params=["pip-oldest", "pip-newest", "uv"])
def installer(request, tool):
    return tool(request.param)


@pytest.fixture(params=["twine4", "twine7", "uv"])
def publisher(request, tool):
    return tool(request.param)


@pytest.fixture
def tool(tmp_path):
    return lambda name: clients.tool(name, tmp_path / name)
