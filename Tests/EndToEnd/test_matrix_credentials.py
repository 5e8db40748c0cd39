"""How installers say who they are: in the URL, in netrc, in a configuration file, with a token. No keyring is there."""
import pytest

from harness.clients import INSTALLERS, PIPS
from harness.http import basic
from harness.requests_log import RequestLog
from harness.server import PASSWORD

pytestmark = pytest.mark.clients

WHEEL = "plain-1.0-py3-none-any.whl"


@pytest.fixture(params=INSTALLERS)
def installer(request, tool):
    return tool(request.param)


@pytest.fixture
def hosted(server, repository, dists):
    name = repository + "/hosted"
    server.create(name)
    assert server.admin.upload(name, dists[WHEEL]).status_code == 200
    return name


@pytest.fixture
def robot(server, repository, hosted):
    """The name that a robot signs in with, and its API key."""
    return server.robot(repository, "viewer")


def home_with(installer, **files):
    home = installer.fresh("home-")
    for name, text in files.items():
        (home / name).write_text(text)
        (home / name).chmod(0o600)
    return home


def assert_installs(installer, index_url, **options):
    assert installer.install(index_url, "plain", **options).must_succeed().installed == {"plain": "1.0"}


def test_r54_in_the_url_as_user_robot_and_token(server, hosted, robot, installer):
    name, key = robot
    assert_installs(installer, server.index_url(hosted))
    for user in (name, "__token__"):
        assert_installs(installer, server.index_url(hosted, user, key))
    # The dollar of a robot's name as it stands, and as %24.
    assert "%24" in server.index_url(hosted, name, key)
    assert_installs(installer, server.index_url(hosted, name, key).replace("%24", "$"))


def test_r52_in_netrc(server, hosted, robot, installer):
    name, key = robot
    for user in (name, "__token__"):
        home = home_with(installer, netrc="machine 127.0.0.1 login %s password %s\n" % (user, key))
        assert_installs(installer, server.index_url(hosted, None), home=home)
    # Without the file nothing is installed: it is the file that let it in.
    assert installer.install(server.index_url(hosted, None), "plain").status != 0


@pytest.mark.parametrize("client", PIPS)
def test_r52_in_pips_configuration_file(server, hosted, robot, tool, client):
    pip = tool(client)
    text = "[global]\nindex-url = %s\ntrusted-host = 127.0.0.1\n" % server.index_url(hosted, *robot)
    # A configuration file interpolates nothing, so %24 may stand there as it is.
    home = home_with(pip, **{"pip.conf": text})
    assert_installs(pip, None, home=home, PIP_CONFIG_FILE=home / "pip.conf")


def test_r52_one_key_serves_two_repositories_of_a_server(server, repository, hosted, robot, installer, dists):
    """pip remembers one pair of credentials for a host, so a key must not be bound to one repository."""
    other = repository + "/other"
    server.create(other)
    assert server.admin.upload(other, dists["needs_others-1.0-py3-none-any.whl"]).status_code == 200
    assert server.admin.upload(other, dists["under_score_dotted_name-2.0-py3-none-any.whl"]).status_code == 200
    outcome = installer.install(server.index_url(hosted, *robot), "--extra-index-url", server.index_url(other, *robot), "needs-others")
    assert outcome.must_succeed().installed == {"needs-others": "1.0", "plain": "1.0", "under-score-dotted-name": "2.0"}


def test_r53_t4_a_group_with_a_private_member_asks_every_caller_to_sign_in(server, repository, dists, installer):
    """An answer to nobody would be taken for the whole truth: uv keeps its credentials back until it is asked for them."""
    public, private, group = (repository + "/" + name for name in ("public", "private", "all"))
    server.create(public, anonymous_read=True)
    server.create(private)
    server.create(group, kind="group", members=[private, public], anonymous_read=True)
    assert server.admin.upload(public, dists[WHEEL]).status_code == 200
    assert server.admin.upload(private, dists["needs_others-1.0-py3-none-any.whl"]).status_code == 200
    assert server.admin.upload(private, dists["under_score_dotted_name-2.0-py3-none-any.whl"]).status_code == 200
    for package in ("plain", "needs-others", "no-such-thing"):
        answer = server.client(None).page(group, package)
        assert (answer.status_code, answer.headers["WWW-Authenticate"][:5]) == (401, "Basic"), package
    outcome = installer.install(server.index_url(group), "needs-others").must_succeed()
    assert outcome.installed == {"needs-others": "1.0", "plain": "1.0", "under-score-dotted-name": "2.0"}


def test_r55_wrong_credentials_are_401_and_never_404(server, repository, hosted, robot, installer):
    log = RequestLog(server)
    assert installer.install(server.index_url(hosted, "sa$nobody", "wrong"), "plain").status != 0
    # An upload that came before may be logged only now, where the machine has much to do; an installer only reads.
    assert {request.status for request in log.requests() if request.method == "GET"} <= {401, 429}
    server.admin.ok("POST", "/api/v1/projects", json={"name": repository + "x"})
    stranger = server.robot(repository + "x", "viewer")
    log = RequestLog(server)
    assert installer.install(server.index_url(hosted, *stranger), "plain").status != 0
    assert 403 not in {request.status for request in log.requests()}


def test_r51_the_challenge_is_basic_with_a_realm_and_utf_8(server, repository, hosted):
    for path in ("simple/", "simple/plain/", "packages/plain/" + WHEEL, "packages/plain/" + WHEEL + ".metadata", "simple/no-such-thing/"):
        for headers in ({}, {"Authorization": basic("admin", "wrong")}):
            answer = server.client(None).get("/pypi/%s/%s" % (hosted, path), headers=headers)
            assert answer.status_code in (401, 429)
            if answer.status_code == 401:
                assert answer.headers["WWW-Authenticate"] == 'Basic realm="Save", charset="UTF-8"'
    assert server.client(None).get("/pypi/%s/simple/" % hosted).status_code == 401


def test_r56_files_are_on_the_origin_of_the_page(server, hosted, robot):
    from urllib.parse import urlsplit
    import html.parser
    client = server.client(*robot)
    assert client.page(hosted, "plain").json()["files"][0]["url"].startswith("../../packages/")
    assert client.file_url(hosted, "plain", WHEEL).startswith(server.url + "/pypi/%s/packages/" % hosted)
    links = []
    reader = html.parser.HTMLParser()
    reader.handle_starttag = lambda tag, attributes: links.append(dict(attributes).get("href")) if tag == "a" else None
    reader.feed(client.page(hosted, "plain", "html").text)
    assert links and all(urlsplit(link).netloc == "" for link in links)


def test_r57_bearer_is_taken_and_a_key_in_the_query_is_not(server, hosted, robot):
    name, key = robot
    page, nobody = "/pypi/%s/simple/plain/" % hosted, server.client(None)
    assert nobody.get(page, headers={"Authorization": "Bearer " + key}).status_code == 200
    assert nobody.get(page, headers={"Authorization": "bearer " + key}).status_code == 200
    assert nobody.get(page, headers={"Authorization": "Bearer " + key[:-1]}).status_code == 401
    for query in ("access_token", "token", "private_token", "api_key", "key"):
        assert nobody.get("%s?%s=%s" % (page, query, key)).status_code in (400, 401)


def test_r10_the_base_leads_to_the_index_and_the_index_takes_no_upload(server, hosted, robot):
    client = server.client(*robot)
    for path in ("/pypi/%s/" % hosted, "/pypi/%s" % hosted):
        answer = client.get(path, allow_redirects=True)
        assert answer.status_code == 200 and answer.url == "%s/pypi/%s/simple/" % (server.url, hosted)
    for path in ("simple/", "simple", "simple/plain/"):
        answer = server.admin.post("/pypi/%s/%s" % (hosted, path), data={":action": "file_upload"})
        assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, HEAD, OPTIONS"), path
