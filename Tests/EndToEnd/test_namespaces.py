"""Reserved names as namespaces (PEP 752, API 1.5): what pages say, and what clients make of them."""
import pytest

import make_fixtures

JSON = "application/vnd.pypi.simple.v1+json"


@pytest.fixture
def places(server, repository, upstream):
    """A group of one project that reserves `acme-*`, over its own packages, those of another project, and an upstream."""
    upstream.add(make_fixtures.wheel("requested", "1.0"))
    mine, theirs = repository + "/hosted", repository + "b/hosted"
    server.create(mine)
    server.create(theirs)
    server.create(repository + "/proxy", kind="proxy", remote_url=upstream.url + "/")
    server.create(repository + "/all", kind="group", members=[mine, theirs, repository + "/proxy"], reserved_names=["Acme_*"])
    return mine, theirs, repository + "/all"


def get(server, repository, path):
    return server.admin.get("/pypi/%s/simple/%s" % (repository, path), headers={"Accept": JSON})


def test_r76_pages_name_the_namespaces_of_a_project_and_null_where_there_is_none(server, places):
    mine, _, group = places
    assert server.admin.upload(mine, make_fixtures.wheel("acme-lib", "1.0")).status_code == 200
    page = get(server, group, "acme-lib/").json()
    assert page["meta"]["api-version"] == "1.5" and page["namespaces"] == [{"name": "acme", "owned": True}]
    page = get(server, group, "requested/").json()
    assert page["meta"]["api-version"] == "1.5" and page["namespaces"] is None
    assert get(server, group, "").json()["meta"]["api-version"] == "1.5"
    assert 'name="pypi:repository-version" content="1.4"' in server.admin.page(group, "acme-lib", kind="html").text
    # Without reserved names there is no such API.
    assert get(server, mine, "acme-lib/").json()["meta"]["api-version"] == "1.4"


def test_r76_namespaces_are_listed_below_the_index(server, places, repository):
    _, _, group = places
    entry = {"name": "acme", "parent": None, "children": [], "owner": repository}
    answer = get(server, group, "namespaces")
    assert answer.headers["Content-Type"] == JSON
    assert answer.json() == {"meta": {"api-version": "1.5"}, "namespaces": [entry]}
    assert get(server, group, "namespace/acme").json() == {"meta": {"api-version": "1.5"}, **entry}
    assert get(server, group, "namespace/other").status_code == 404
    assert get(server, places[0], "namespaces").status_code == 404
    assert server.client(None).get("/pypi/%s/simple/namespaces" % group).status_code == 401


def test_r76_installers_read_pages_of_this_version(server, places, installer):
    mine, _, group = places
    assert server.admin.upload(mine, make_fixtures.wheel("acme-lib", "1.0", requires=["requested"])).status_code == 200
    outcome = installer.install(server.index_url(group), "acme-lib").must_succeed()
    assert outcome.installed == {"acme-lib": "1.0", "requested": "1.0"}


@pytest.mark.parametrize("client", ["poetry1", "poetry2", "pdm", "pipenv"])
def test_r76_clients_with_lock_files_read_pages_of_this_version(server, repository, places, tool, client):
    mine, _, group = places
    assert server.admin.upload(mine, make_fixtures.wheel("acme-lib", "1.0", requires=["requested"])).status_code == 200
    # As a robot: pipenv loses a password with a space in it.
    robot, key = server.robot(repository, "viewer")
    server.admin.ok("PUT", "/api/v1/projects/%sb/members/%s" % (repository, robot), json={"role": "viewer"})
    project = tool(client).start(server.index_url(group, robot, key))
    project.add("acme-lib").must_succeed()
    installed = project.install_locked().must_succeed().installed
    assert (installed["acme-lib"], installed["requested"]) == ("1.0", "1.0")


def test_r76_another_project_takes_no_name_of_the_namespace(server, places, publisher, tmp_path):
    _, theirs, group = places
    wheel = make_fixtures.wheel("acme-theirs", "1.0")
    wheel.write(tmp_path)
    outcome = publisher.publish("%s/pypi/%s/" % (server.url, theirs), "admin", server.admin.auth[1].decode(), tmp_path / wheel.filename)
    assert outcome.status != 0 and "reserved for another project" in " ".join(outcome.text.split()), outcome.text
    answer = server.admin.upload(theirs, wheel)
    assert answer.status_code == 409 and "acme-*" in answer.text
    assert server.admin.page(theirs, "acme-theirs").status_code == 404
    assert server.admin.upload(theirs, make_fixtures.wheel("free", "1.0")).status_code == 200
