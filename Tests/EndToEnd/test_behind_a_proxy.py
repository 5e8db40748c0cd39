"""A real nginx in front, which gives the server a whole site or a path of one."""
import shutil
import socket
import subprocess
import time

import pytest

import make_fixtures
from harness.http import Client
from harness.server import PASSWORD, Server

NGINX = shutil.which("nginx") or "/usr/sbin/nginx"
CONFIGURATION = """
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 256; }}
http {{
    access_log {folder}/access.log;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port};
        client_max_body_size 0;
        location {prefix}/ {{
            proxy_pass http://127.0.0.1:{inner}/;
            proxy_http_version 1.1;
            proxy_request_buffering off;
            proxy_set_header Host $http_host;
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
            proxy_set_header X-Forwarded-Proto $scheme;
        }}
    }}
}}
"""


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@pytest.fixture(params=["", "/save", "/tools/save"], ids=["whole site", "path", "deeper path"])
def proxied(request, new_server, tmp_path):
    """A server behind nginx, and the address that its clients know."""
    port = free_port()
    address = "http://127.0.0.1:%d%s" % (port, request.param)
    server = new_server("inner", SAVE_PUBLIC_URL=address, SAVE_TRUSTED_PROXIES="127.0.0.1")
    folder = tmp_path / "nginx"
    folder.mkdir()
    file = folder / "nginx.conf"
    file.write_text(CONFIGURATION.format(folder=folder, port=port, prefix=request.param, inner=server.port))
    process = subprocess.Popen([NGINX, "-p", str(folder), "-c", str(file)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        while True:
            assert process.poll() is None, (folder / "error.log").read_text()
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except ConnectionRefusedError:
                time.sleep(0.02)
        outer = Server(tmp_path / "outer")
        outer.url = address
        yield outer
    finally:
        process.terminate()
        process.wait()


def follow(client, location):
    """What a client gets that takes `Location` as RFC 3986, 5 has it: an absolute path replaces the whole path."""
    host = client.url[:client.url.index("/", len("http://")) if "/" in client.url[len("http://"):] else None]
    return Client(host, "admin", PASSWORD).get(location)


def test_urls_and_locations_are_those_of_the_outside(proxied):
    admin = proxied.admin
    made = admin.ok("POST", "/api/v1/repos", 201, json={"project": "backend", "name": "files", "format": "raw", "repository_type": "hosted"})
    assert made.json()["url"] == proxied.url + "/raw/backend/files/"
    assert follow(admin, made.headers["Location"]).json() == admin.get("/api/v1/repos/backend/files").json()
    for method, path, body in (("POST", "/api/v1/projects", {"name": "other"}), ("POST", "/api/v1/robots", {"name": "ci"}),
                               ("POST", "/api/v1/users", {"username": "alice", "password": "correct horse"}),
                               ("POST", "/api/v1/user/keys", {}), ("POST", "/api/v1/robots/ci/keys", {})):
        location = admin.ok(method, path, 201, json=body).headers["Location"]
        assert follow(admin, location).status_code == 200, location
    page = admin.ok("GET", "/api")
    link = page.text.split('<a href="')[1:]
    assert any(follow(admin, one.split('"')[0]).status_code == 200 for one in link if "openapi" in one.split('"')[0])


def test_pages_above_repositories_link_and_redirect_below_the_path(proxied):
    proxied.create("backend/hosted")
    admin = proxied.admin
    listed = admin.ok("GET", "/pypi/", headers={"Accept": "application/json"}).json()["items"]
    assert [(one["name"], one["url"]) for one in listed] == [("backend", proxied.url + "/pypi/backend/")]
    for path in ("/pypi", "/pypi/backend", "/pypi/backend/hosted"):
        answer = admin.get(path, allow_redirects=True)
        assert answer.status_code == 200 and answer.url.startswith(proxied.url + path + "/"), answer.url


def test_publishing_and_installing_through_it(proxied, tmp_path):
    proxied.create("backend/hosted")
    wheel = make_fixtures.wheel("outer-demo", "1.0")
    admin = proxied.admin
    assert admin.upload("backend/hosted", wheel).status_code == 200
    page = admin.get("/pypi/backend/hosted/outer-demo/1.0/", allow_redirects=True)
    assert page.status_code == 200 and page.url == proxied.url + "/pypi/backend/hosted/simple/outer-demo/"
    document = admin.ok("GET", "/pypi/backend/hosted/pypi/outer-demo/json").json()
    url = document["urls"][0]["url"]
    assert url.startswith(proxied.url + "/packages/pypi/backend/hosted/packages/")
    file = admin.get(url[len(proxied.url):], allow_redirects=True)
    assert file.url.startswith(proxied.url + "/pypi/backend/hosted/packages/")
    assert file.content == wheel.content
