"""The REST API against its own description: whatever the description allows is answered as it says, whatever it does not
allow is refused, and nothing makes the server fail."""
import json

import pytest

from harness.http import basic
from harness.server import PASSWORD

WHEELS = ["plain-1.0-py3-none-any.whl", "plain-1.1-py3-none-any.whl"]
# Names of what exists are mixed into the made-up ones, so that not everything ends at 404.
KNOWN = {
    "project": ["backend", "other"], "name": ["hosted", "proxy", "all", "ci"], "username": ["alice", "bob"],
    "principal": ["alice", "bob", "sa$ci"], "package": ["plain", "picky"], "version": ["1.0", "1.1"], "filename": WHEELS,
}


@pytest.fixture
def furnished(new_server, dists):
    """A server on which there is every kind of thing, and two of what is listed. Nobody answers at its upstream."""
    server = new_server("api")
    server.create("other/hosted")
    server.create("backend/hosted")
    server.create("backend/proxy", kind="proxy", remote_url="http://127.0.0.1:9/")
    server.create("backend/all", kind="group", members=["backend/hosted"])
    for wheel in [*WHEELS, "picky-1.0-py3-none-any.whl"]:
        assert server.admin.upload("backend/hosted", dists[wheel]).status_code == 200
    for robot in ("ci", "other-ci"):
        server.admin.ok("POST", "/api/v1/robots", json={"name": robot, "project": "backend"})
    for user in ("alice", "bob"):
        server.admin.ok("POST", "/api/v1/users", json={"username": user, "password": PASSWORD})
        server.admin.ok("PUT", "/api/v1/projects/backend/members/" + user, json={"role": "owner"})
        for _ in range(2):
            server.client(user).ok("POST", "/api/v1/user/keys", json={})
    for _ in range(2):
        server.admin.ok("POST", "/api/v1/user/keys", json={})
        server.admin.ok("POST", "/api/v1/robots/ci/keys", json={})
    return server


def settings(server):
    """The configuration of a run on a server that is furnished."""
    known = {**KNOWN, "id": [key["id"] for key in server.admin.get("/api/v1/robots/ci/keys").json()["items"]]}
    lines = ["[dictionaries]", 'expiry = { values = ["2126-01-01T00:00:00Z"] }']
    lines += ["%s = { values = %s }" % (name, json.dumps(values)) for name, values in known.items()]
    lines.append("[parameters]")
    lines += ['"path.%s" = { dictionary = "%s", probability = 0.6 }' % (name, name) for name in known]
    # No schema says that an expiry lies in the future.
    lines.append('"body.expires_at" = { dictionary = "expiry", probability = 1.0 }')
    # What fits the schema may still be refused: 412, since a made-up If-Match is hardly ever the tag of the resource; 405,
    # since groups hold no packages of their own.
    accepted = '"2xx", "3xx", 401, 403, 404, 405, 409, 412, 429, "5xx"'
    lines += ["[checks]", "positive_data_acceptance.expected-statuses = [%s]" % accepted]
    # And 400 in lists, whose cursors are text that only this server makes for one list; and where it depends on the server
    # and its repositories which formats, settings, members and attributes there are.
    paths = server.admin.get("/api/v1/openapi.json").json()["paths"]
    doubtful = [(path, "GET") for path, item in paths.items()
                if any(parameter["name"] == "after" for parameter in item.get("get", {}).get("parameters", []))]
    doubtful += [("/api/v1/repos", "POST"), ("/api/v1/repos/probe", "POST"), ("/api/v1/repos/{project}/{name}", "PATCH"),
                 ("/api/v1/repos/{project}/{name}/packages/{package}", "PATCH")]
    # Which ecosystems there are depends on the formats.
    doubtful += [("/api/v1/advisories", "GET"), ("/api/v1/osv/v1/query", "POST"),
                 ("/api/v1/osv/v1/querybatch", "POST")]
    for path, method in doubtful:
        lines += ["[[operations]]", 'include-path = "%s"' % path, 'include-method = "%s"' % method,
                  "checks.positive_data_acceptance.expected-statuses = [%s, 400]" % accepted]
    # It writes no zip archives; test_advisories.py sends them.
    lines += ["[[operations]]", 'include-path = "/api/v1/advisories"', 'include-method = "POST"', "enabled = false"]
    # An upstream that cannot be reached is no fault of the server.
    lines += ["[[operations]]", "include-path-regex = '/probe$'",
              'checks.not_a_server_error.expected-statuses = ["2xx", "3xx", "4xx", 503]']
    return "\n".join(lines) + "\n"


def test_the_description_is_valid_openapi(furnished, tool):
    document = furnished.admin.get("/api/v1/openapi.json").json()
    assert document["openapi"].startswith("3.1.")
    tool("schemathesis").validate(document).must_succeed()


@pytest.mark.slow
@pytest.mark.parametrize("user", ["admin", "alice"])
def test_everything_is_answered_as_the_description_says(furnished, tool, user):
    # Wrong passwords are slowed down with 429, which `ignored_auth` takes for a fault; test_access.py and the matrix of
    # routes and callers show that no route answers without the right credentials.
    outcome = tool("schemathesis").explore(
        furnished.url, settings(furnished), "--header", "Authorization: " + basic(user, PASSWORD), "--exclude-checks",
        "ignored_auth", "--max-examples", "10")
    outcome.must_succeed()


READ = "GET, HEAD, OPTIONS"


@pytest.mark.parametrize("path, allow", [
    ("/", READ), ("/api", READ), ("/api/", READ), ("/health", READ), ("/health/ready", READ), ("/metrics", READ),
    ("/api/v1/repos", "GET, HEAD, OPTIONS, POST"), ("/api/v1/admin/audit", READ),
    ("/pypi/{p}/hosted/", "GET, HEAD, OPTIONS, POST"), ("/pypi/{p}/hosted/simple/", READ),
    ("/pypi/{p}/hosted/packages/plain/plain-1.0.tar.gz", "DELETE, GET, HEAD, OPTIONS, PUT"), ("/pypi/{p}/proxy/", READ),
    ("/pypi/{p}/proxy/packages/plain/plain-1.0.tar.gz", READ), ("/pypi/{p}/group/", READ),
    ("/raw/{p}/files/a/b", "DELETE, GET, HEAD, OPTIONS, PUT"), ("/raw/{p}/files/a/", READ),
])
def test_every_path_tells_which_methods_it_has(server, repository, path, allow):
    if "{p}" in path and server.admin.get("/api/v1/projects/allowing").status_code == 404:
        server.create("allowing/hosted")
        server.create("allowing/files", format="raw")
        server.create("allowing/proxy", kind="proxy", remote_url="http://127.0.0.1:9/")
        server.create("allowing/group", kind="group", members=["allowing/hosted"])
    path = path.format(p="allowing")
    told = server.admin.request("OPTIONS", path)
    assert (told.status_code, told.headers["Allow"], told.content) == (204, allow, b"")
    refused = server.admin.request("PATCH" if "/api/v1" not in path else "PURGE", path, data=b"x")
    assert (refused.status_code, refused.headers["Allow"]) == (405, allow)


def test_the_page_needs_no_credentials_and_everything_else_of_the_api_does(server):
    anonymous = server.client(None)
    for path in ("/api", "/api/"):
        page = anonymous.get(path)
        assert page.status_code == 200 and page.headers["Content-Type"] == "text/html; charset=utf-8"
        assert anonymous.head(path).headers["Content-Length"] == str(len(page.content))
    assert "/api" in anonymous.get("/").text
    for path in ("/api/v1", "/api/v1/openapi.json", "/api/v1/nothing"):
        assert anonymous.get(path).status_code == 401
        assert anonymous.request("OPTIONS", path).status_code == 401
    assert anonymous.get("/api/v2").status_code == 404
