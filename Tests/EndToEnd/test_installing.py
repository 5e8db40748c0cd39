"""The reverse proxies of docs/installing.md, run as they are written there but for addresses and certificates."""
import os
import pathlib
import re
import shutil
import socket
import subprocess
import time

import pytest
import requests

import make_fixtures

DOCUMENT = (pathlib.Path(__file__).resolve().parents[2] / "docs" / "installing.md").read_text()
NGINX = shutil.which("nginx") or "/usr/sbin/nginx"
NGINX_AROUND = """
daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/error.log;
events {{ worker_connections 256; }}
http {{
    access_log off; client_body_temp_path {folder}/b; proxy_temp_path {folder}/p;
    fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
{server}
}}
"""


def block(language):
    return re.search(r"```%s\n(.*?)```" % language, DOCUMENT, re.S)[1]


def replaced(text, **places):
    for old, new in places.values():
        assert old in text, old
        text = text.replace(old, new)
    return text


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def nginx(folder, port, inner):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1", "-addext",
                    "subjectAltName=IP:127.0.0.1", "-keyout", folder / "key", "-out", folder / "certificate"], check=True, capture_output=True)
    server = replaced(block("nginx"), listen=("listen 443 ssl;", "listen 127.0.0.1:%d ssl;" % port), inner=("127.0.0.1:8080", "127.0.0.1:%d" % inner),
                      certificate=("/etc/ssl/certs/save.pem", str(folder / "certificate")), key=("/etc/ssl/private/save.key", str(folder / "key")))
    (folder / "nginx.conf").write_text(NGINX_AROUND.format(folder=folder, server=server))
    return [NGINX, "-p", str(folder), "-c", str(folder / "nginx.conf")]


def caddy(folder, port, inner):
    site = replaced(block("caddy"), name=("save.example.com", "http://127.0.0.1:%d" % port), inner=("127.0.0.1:8080", "127.0.0.1:%d" % inner))
    (folder / "Caddyfile").write_text("{\n    admin off\n    auto_https off\n}\n" + site)
    return ["caddy", "run", "--config", str(folder / "Caddyfile"), "--adapter", "caddyfile"]


@pytest.fixture(params=[nginx, caddy], ids=["nginx", "caddy"])
def outside(request, new_server, tmp_path):
    """A server, and the address that it has behind the proxy."""
    folder = tmp_path / "proxy"
    folder.mkdir()
    port = free_port()
    address = "%s://127.0.0.1:%d" % ("https" if request.param is nginx else "http", port)
    server = new_server("inner", SAVE_PUBLIC_URL=address, SAVE_TRUSTED_PROXIES="127.0.0.1")
    command = request.param(folder, port, server.port)
    log = open(folder / "log", "wb")
    process = subprocess.Popen(command, stdout=log, stderr=log, env=dict(os.environ, HOME=str(folder), XDG_CONFIG_HOME=str(folder), XDG_DATA_HOME=str(folder)))
    try:
        while True:
            assert process.poll() is None, (folder / "log").read_text()
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except ConnectionRefusedError:
                time.sleep(0.02)
        verify = str(folder / "certificate") if address.startswith("https") else True
        yield server, address, verify
    finally:
        process.terminate()
        process.wait()


def test_the_proxies_of_the_documentation_pass_everything_on(outside):
    server, address, verify = outside
    server.create("backend/hosted")
    server.create("backend/files", format="raw")
    server.create("backend/npm", format="npm")
    wheel = make_fixtures.wheel("outer-demo", "1.0")
    assert server.admin.upload("backend/hosted", wheel).status_code == 200
    session = requests.Session()
    session.trust_env, session.auth, session.verify = False, server.admin.auth, verify
    made = session.get(address + "/api/v1/repos/backend/hosted").json()
    assert made["url"] == address + "/pypi/backend/hosted/"
    # Larger than what a proxy takes or keeps by itself.
    large = bytes(range(256)) * 40_000
    assert session.put(address + "/raw/backend/files/large.bin", data=large).status_code == 201
    assert session.get(address + "/raw/backend/files/large.bin").content == large
    assert session.get(address + "/raw/backend/files/large.bin", headers={"Range": "bytes=5-9"}).content == large[5:10]
    # npm asks for scoped packages with an encoded slash.
    answer = session.get(address + "/npm/backend/npm/@acme%2fnone")
    assert answer.status_code == 404 and "@acme/none" in answer.text, answer.text
    assert session.get(address + "/pypi/backend/hosted").url == address + "/pypi/backend/hosted/simple/"
