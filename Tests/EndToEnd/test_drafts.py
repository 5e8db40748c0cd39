"""Proposals that were rejected, or are drafts still: nothing of them is sent, and nothing of them is obeyed."""
import json

import pytest

from harness.server import PASSWORD

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
    answer = server.admin.request(method, "/pypi/%s/%s" % (hosted, path), json={"meta": {"api-version": "2.0"}, "name": "plain", "version": "2.0"})
    assert answer.status_code in (404, 405)


def test_r72_trusted_publishing_is_not_offered_and_uv_publishes_with_a_password(server, hosted, tool, dist_folder, dists):
    for method, path in (("GET", "/_/oidc/audience"), ("POST", "/_/oidc/mint-token"), ("GET", "/.well-known/pytp")):
        assert server.admin.request(method, path).status_code == 404, path
    # As a build on a hosted runner would have it, where uv looks for trusted publishing by itself.
    uv = tool("uv")
    uv.publish("%s/pypi/%s/" % (server.url, hosted), "admin", PASSWORD, dist_folder / "plain-1.1-py3-none-any.whl",
               arguments=["--trusted-publishing", "automatic"], GITHUB_ACTIONS="true",
               ACTIONS_ID_TOKEN_REQUEST_URL=server.url + "/_/token", ACTIONS_ID_TOKEN_REQUEST_TOKEN="x").must_succeed()
    listed = {file["filename"] for file in server.admin.page(hosted, "plain").json()["files"]}
    assert "plain-1.1-py3-none-any.whl" in listed
