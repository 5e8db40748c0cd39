"""Proposals that were rejected, or are drafts still: nothing of them is sent, and nothing of them is obeyed."""
import json
import subprocess

import pytest

from harness.server import PASSWORD
from harness.waiting import until

WHEEL = "plain-1.0-py3-none-any.whl"


@pytest.fixture
def hosted(server, repository, dists):
    name = repository + "/hosted"
    server.create(name)
    assert server.admin.upload(name, dists[WHEEL]).status_code == 200
    return name


def test_r75_tracks_and_alternate_locations_of_an_upstream_go_no_further(server, repository, upstream, dists):
    """PEP 708 would have let a page say that a name is the same as a name elsewhere. It was rejected."""
    upstream.add(dists[WHEEL])
    page = json.loads(upstream.json_page("plain"))
    page["meta"].update({"api-version": "1.2", "tracks": ["https://elsewhere.example.com/plain/"]})
    page["alternate-locations"] = ["https://elsewhere.example.com/plain/"]
    upstream.static["/simple/plain/"] = ("application/vnd.pypi.simple.v1+json", json.dumps(page).encode())
    proxy = repository + "/proxy"
    server.create(proxy, kind="proxy", remote_url=upstream.url + "/")
    listed = server.admin.page(proxy, "plain").json()
    assert [file["filename"] for file in listed["files"]] == [WHEEL]
    assert "alternate-locations" not in listed and "tracks" not in listed["meta"]
    for kind in ("json", "html"):
        text = server.admin.page(proxy, "plain", kind).text
        assert "elsewhere" not in text and "pypi:tracks" not in text and "pypi:alternate-locations" not in text


def test_r76_no_page_claims_what_is_not_built(server, hosted):
    """API 1.5 promises reserved namespaces, and with them 409 for uploads into them."""
    root = server.admin.get("/pypi/%s/simple/" % hosted, headers={"Accept": "application/vnd.pypi.simple.v1+json"}).json()
    for page in (root, server.admin.page(hosted, "plain").json()):
        assert tuple(map(int, page["meta"]["api-version"].split("."))) <= (1, 4)
        assert "namespaces" not in page and "namespace" not in page and "upload" not in page["meta"]


@pytest.mark.parametrize("method, path", [("POST", "upload/"), ("POST", "sessions/"), ("PUT", "upload/x"), ("GET", "upload/")])
def test_r76_there_are_no_upload_sessions(server, hosted, method, path):
    # What is read there is the page of a package of that name, which there is none of.
    answer = server.admin.request(method, "/pypi/%s/%s" % (hosted, path), allow_redirects=True,
                                  json={"meta": {"api-version": "2.0"}, "name": "plain", "version": "2.0"})
    assert answer.status_code in (404, 405)


# What a build on a hosted runner has in its environment, by which upload tools see that it has an identity.
RUNNER = {"GITHUB_ACTIONS": "true", "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "x", "ACTIONS_ID_TOKEN_REQUEST_URL": "http://127.0.0.1:1/"}


@pytest.fixture
def encrypted(new_server, tmp_path):
    """A server with TLS: uv asks for a token at the https address of the host, whatever the repository's is."""
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                    "-addext", "subjectAltName=IP:127.0.0.1", "-addext", "basicConstraints=critical,CA:FALSE",
                    "-keyout", str(key), "-out", str(certificate)], check=True, capture_output=True)
    server = new_server("encrypted", start=False)
    server.start()
    server.create("drafts/hosted")
    assert server.stop() == 0
    server.environment.update(SAVE_TLS_CERTIFICATE=str(certificate), SAVE_TLS_KEY=str(key))
    server.start()
    server.certificate = certificate
    return server


def asked(server, count):
    """Method, path and status of what the server was asked for since it was started, once it is at least so much."""
    def entries():
        lines = server.log.read_bytes()[server.log_start:].splitlines()
        return [json.loads(line) for line in lines if b'"target"' in line and line.endswith(b"}")]

    until(lambda: len(entries()) >= count, lambda: "%d requests are logged: %s" % (count, entries()))
    return [(entry["method"], entry["target"], entry["status"]) for entry in entries()]


@pytest.mark.parametrize("method, path", [("GET", "/_/oidc/audience"), ("POST", "/_/oidc/mint-token"), ("POST", "/_/oidc/github/mint-token"),
                                          ("GET", "/.well-known/pytp?discover=/pypi/a/b/")])
def test_r72_without_credentials_too_trusted_publishing_is_not_there(server, method, path):
    """PyPA's publishing action asks without credentials; after 404 it says that the repository does not support it."""
    for client in (server.client(None), server.admin):
        assert client.request(method, path, json={"token": "x"} if method == "POST" else None).status_code == 404
    assert server.alive


def test_r72_uv_is_told_that_there_is_no_trusted_publishing(encrypted, tool, dist_folder):
    uv, server = tool("uv"), encrypted
    url = "https://127.0.0.1:%d/pypi/drafts/hosted/" % server.port
    wheel = dist_folder / WHEEL
    options = dict(RUNNER, SSL_CERT_FILE=str(server.certificate))
    # Asked to use it and nothing else, uv ends with the address that is not there, and publishes nothing.
    result = uv.uv("publish", "--no-config", "--publish-url", url, "--trusted-publishing", "always", wheel, **options)
    assert result.status != 0 and "/_/oidc/audience" in result.text and "404" in result.text
    assert asked(server, 1) == [("GET", "/_/oidc/audience", 404)]
    # By itself it goes on with the credentials that it has.
    uv.publish(url, "admin", PASSWORD, wheel, arguments=["--trusted-publishing", "automatic"], **options).must_succeed()
    assert asked(server, 2)[1:] == [("POST", "/pypi/drafts/hosted/", 200)]


def test_r72_a_build_with_an_identity_publishes_with_a_password(server, hosted, tool, dist_folder):
    uv = tool("uv")
    uv.publish("%s/pypi/%s/" % (server.url, hosted), "admin", PASSWORD, dist_folder / "plain-1.1-py3-none-any.whl",
               arguments=["--trusted-publishing", "automatic"], **RUNNER).must_succeed()
    listed = {file["filename"] for file in server.admin.page(hosted, "plain").json()["files"]}
    assert "plain-1.1-py3-none-any.whl" in listed
