"""Publishing and installing with the real clients where the matrix does not look: odd names, other upstreams, yanks, big files. What
counts are exit status, what is installed afterwards, digests and the requests that reached the upstream - never a client's prose."""
import subprocess
import time

import pytest
import requests

from harness.clients import VENVS
from harness.server import PASSWORD, clean_environment
from harness.sources import EVERYTHING, INSTALLED, publish_all

pytestmark = pytest.mark.clients

# -- publishing

def test_r66_a_client_publishes_odd_names_and_versions_and_their_digests_are_listed(server, repository, publisher, dists, dist_folder):
    hosted = repository + "/hosted"
    server.create(hosted)
    url = "%s/pypi/%s/" % (server.url, hosted)
    publisher.publish(url, "admin", PASSWORD, *sorted(dist_folder.iterdir())).must_succeed()
    for item in dists.values():
        if publisher.name == "uv" and item.filename.startswith("Camel.Case"):
            continue    # uv publish leaves out, with a warning, what has not the modern form of a name
        listed = {file["filename"]: file for file in server.admin.page(hosted, item.project).json()["files"]}
        assert listed[item.filename]["hashes"]["sha256"] == item.sha256
        assert listed[item.filename]["size"] == len(item.content)
        fetched = server.admin.get(server.admin.file_path(hosted, item.project, item.filename))
        assert fetched.status_code == 200 and fetched.content == item.content
    # The same once more changes nothing and is no error: builds that run again must not fail.
    publisher.publish(url, "admin", PASSWORD, *sorted(dist_folder.iterdir())).must_succeed()


def test_curl_publishes_with_a_form(server, repository, dist_folder, dists):
    hosted = repository + "/hosted"
    server.create(hosted)
    wheel = dists["plain-1.0-py3-none-any.whl"]
    done = subprocess.run(
        ["curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}", "-u", "admin:" + PASSWORD, "-F", ":action=file_upload",
         "-F", "protocol_version=1", "-F", "name=plain", "-F", "version=1.0", "-F", "filetype=bdist_wheel", "-F", "pyversion=py3",
         "-F", "sha256_digest=" + wheel.sha256, "-F", "content=@%s" % (dist_folder / wheel.filename),
         "%s/pypi/%s/" % (server.url, hosted)], stdout=subprocess.PIPE, text=True, env=clean_environment())
    assert (done.returncode, done.stdout) == (0, "200")
    assert server.admin.page(hosted, "plain").json()["files"][0]["hashes"]["sha256"] == wheel.sha256


# -- installing


@pytest.fixture(params=["save", "pypiserver", "scripted-html", "scripted-json"])
def origin(request, new_server, new_upstream, dists, dist_folder):
    """An upstream: (remote_url and the fields that go with it, a function that switches it off)."""
    if request.param == "save":
        other = new_server("upstream")
        other.create("origin/pypi")
        publish_all(other, "origin/pypi", dists.values())
        return {"remote_url": other.url + "/pypi/origin/pypi/simple/", "remote_username": "admin",
                "remote_password": PASSWORD}, other.stop
    if request.param == "pypiserver":
        process, url = start_pypiserver(dist_folder)
        request.addfinalizer(lambda: (process.kill(), process.wait()))
        return {"remote_url": url}, lambda: (process.kill(), process.wait())
    scripted = new_upstream(request.param.partition("-")[2]).add(*dists.values())
    return {"remote_url": scripted.url + "/"}, scripted.stop


def start_pypiserver(folder):
    import socket
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [str(VENVS / "runner" / "bin" / "pypi-server"), "run", "-i", "127.0.0.1", "-p", str(port), "--disable-fallback", str(folder)],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=clean_environment())
    url = "http://127.0.0.1:%d/" % port
    for _ in range(200):
        try:
            if requests.get(url + "simple/", timeout=2).status_code == 200:
                return process, url
        except requests.exceptions.ConnectionError:
            time.sleep(0.05)
    process.kill()
    raise AssertionError("pypiserver does not start")


def test_installs_through_a_proxy_and_again_from_its_cache(server, repository, tool, origin, dists):
    settings, switch_off = origin
    proxy = repository + "/proxy"
    server.create(proxy, kind="proxy", **settings)
    index = server.index_url(proxy)
    names = [name for name in EVERYTHING]
    for name in ("pip-oldest", "pip-newest", "uv"):
        assert tool(name).install(index, *names).must_succeed().installed == INSTALLED
    switch_off()
    for name in ("pip-oldest", "pip-newest", "uv"):
        assert tool(name).install(index, *names).must_succeed().installed == INSTALLED


def test_r78_installs_through_a_group_where_the_hosted_repository_wins(server, repository, installer, new_upstream, dists):
    import make_fixtures
    upstream = new_upstream("json").add(*dists.values())
    # The same name upstream, with a higher version: the classic substitution, which must not happen.
    upstream.add(make_fixtures.wheel("internal-tool", "99.0"))
    hosted, proxy, group = (repository + "/" + name for name in ("hosted", "proxy", "all"))
    server.create(hosted)
    server.create(proxy, kind="proxy", remote_url=upstream.url + "/")
    server.create(group, kind="group", members=[hosted, proxy])
    assert server.admin.upload(hosted, make_fixtures.wheel("Internal_Tool", "1.0", requires=["needs-others"])).status_code == 200
    outcome = installer.install(server.index_url(group), "internal-tool").must_succeed()
    assert outcome.installed == {"internal-tool": "1.0", "needs-others": "1.0", "plain": "1.1", "under-score-dotted-name": "2.0"}
    assert upstream.count("internal-tool") == 0, "the upstream learned a private name"


def test_r23_a_yanked_release_is_installed_only_when_asked_for_exactly(server, repository, installer, dists):
    hosted = repository + "/hosted"
    server.create(hosted)
    for filename in ("regretted-1.0-py3-none-any.whl", "regretted-2.0-py3-none-any.whl"):
        server.admin.upload(hosted, dists[filename])
    yank = "/api/v1/repos/%s/packages/regretted/versions/2.0/yank" % hosted
    server.admin.ok("PUT", yank, json={"reason": "burns <b>& freezes"})
    index = server.index_url(hosted)
    assert installer.install(index, "regretted").must_succeed().installed == {"regretted": "1.0"}
    assert installer.install(index, "regretted==2.0").must_succeed().installed == {"regretted": "2.0"}
    server.admin.ok("DELETE", yank)
    assert installer.install(index, "regretted").must_succeed().installed == {"regretted": "2.0"}


def test_a_yank_upstream_reaches_the_installer(server, repository, installer, new_upstream, dists):
    upstream = new_upstream("html").add(*dists.values())
    upstream.yanked["regretted-2.0-py3-none-any.whl"] = "it burns"
    proxy = repository + "/proxy"
    server.create(proxy, kind="proxy", remote_url=upstream.url + "/")
    assert installer.install(server.index_url(proxy), "regretted").must_succeed().installed == {"regretted": "1.0"}


def test_an_installer_fails_on_an_unknown_package_and_on_a_wrong_password(server, repository, installer, dists):
    hosted = repository + "/hosted"
    server.create(hosted)
    server.admin.upload(hosted, dists["plain-1.0-py3-none-any.whl"])
    assert installer.install(server.index_url(hosted), "no-such-thing").status != 0
    assert installer.install(server.index_url(hosted, user="someone-else", password="wrong"), "plain").status != 0


def test_a_sixty_megabyte_wheel_goes_through_publish_proxy_and_install(server, repository, tool, new_upstream, tmp_path):
    import make_fixtures
    big = make_fixtures.heavy(60)
    hosted, proxy = repository + "/hosted", repository + "/proxy"
    server.create(hosted)
    tool("twine7").publish("%s/pypi/%s/" % (server.url, hosted), "admin", PASSWORD, big.write(tmp_path)).must_succeed()
    upstream = new_upstream("json").add(big)
    server.create(proxy, kind="proxy", remote_url=upstream.url + "/")
    for index in (hosted, proxy):
        for name in ("pip-newest", "uv"):
            assert tool(name).install(server.index_url(index), "heavy").must_succeed().installed == {"heavy": "1.0"}
    assert upstream.count("heavy-1.0-py3-none-any.whl", "files") - upstream.count(".metadata", "files") == 1


def test_r33_the_metadata_file_holds_the_wheels_own_metadata(server, repository, tool, new_upstream, dists):
    """PEP 658: the advertised metadata file holds the wheel's own METADATA, byte for byte."""
    hosted = repository + "/hosted"
    server.create(hosted)
    wheel = dists["needs_others-1.0-py3-none-any.whl"]
    server.admin.upload(hosted, wheel)
    path = server.admin.file_path(hosted, wheel.project, wheel.filename)
    answer = server.admin.get(path + ".metadata")
    assert answer.status_code == 200 and answer.content == wheel.metadata
    import hashlib
    entry = server.admin.page(hosted, wheel.project).json()["files"][0]
    assert entry["core-metadata"] == {"sha256": hashlib.sha256(wheel.metadata).hexdigest()}


def test_what_was_installed_installs_again_when_the_upstream_is_blocked_in_the_configuration(new_server, upstream, dists, installer):
    upstream.add(*dists.values())
    server = new_server("blocked")
    server.create("p/proxy", kind="proxy", remote_url=upstream.url + "/", cache_ttl=0)
    expected = {"needs-others": "1.0", "plain": "1.1", "under-score-dotted-name": "2.0"}
    assert installer.install(server.index_url("p/proxy"), "needs-others").must_succeed().installed == expected
    assert server.stop() == 0
    server.environment["SAVE_OUTBOUND_ALLOW"] = ""
    server.start()
    upstream.forget()
    assert installer.install(server.index_url("p/proxy"), "needs-others").must_succeed().installed == expected
    assert upstream.seen == []
