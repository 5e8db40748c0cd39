#!/usr/bin/env python3
"""What `make run` needs besides the server.

    demo.py index                   print the index this machine's pip uses
    demo.py hosts < INDEX           print the hosts the server must be allowed to ask, separated by commas
    demo.py forbidden-hosts         print the host names of public indexes, for `make lint`
    demo.py create --data DIR < INDEX     make the demo repositories where they are missing, and print what to paste

The index is passed on standard input because its URL may hold credentials, and arguments can be read by everyone.
"""
import argparse
import base64
import html
import ipaddress
import json
import os
import pathlib
import re
import shlex
import socket
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent


def pip_command():
    """A Python that has pip. Debian's own comes without; an environment made once has it."""
    if subprocess.run([sys.executable, "-c", "import pip"], stderr=subprocess.DEVNULL).returncode == 0:
        return sys.executable
    folder = ROOT / ".build" / "venvs" / "ask-pip"
    if not (folder / "bin" / "pip").exists():
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True, stdout=subprocess.DEVNULL)
    return str(folder / "bin" / "python")


def default_index():
    """The environment wins over the configuration files, and these over pip's own default: pip's order."""
    if os.environ.get("PIP_INDEX_URL"):
        return os.environ["PIP_INDEX_URL"]
    python = pip_command()
    configured = subprocess.run([python, "-m", "pip", "config", "get", "global.index-url"],
                                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    if configured.returncode == 0 and configured.stdout.strip():
        return configured.stdout.strip()
    code = "from pip._internal.models.index import PyPI; print(PyPI.url)"
    return subprocess.run([python, "-c", code], stdout=subprocess.PIPE, text=True, check=True).stdout.strip()


def without_userinfo(url):
    """The URL without credentials, and the credentials (None where there are none)."""
    parts = urllib.parse.urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    name = urllib.parse.unquote(parts.username) if parts.username else None
    password = urllib.parse.unquote(parts.password) if parts.password else None
    return urllib.parse.urlunsplit(parts._replace(netloc=host)), name, password


def forbidden_hosts():
    """The hosts of public indexes, which this project never writes down: pip's own, and the one it uses here."""
    code = ("from pip._internal.models.index import PyPI, TestPyPI\n"
            "for index in (PyPI, TestPyPI): print(index.netloc); print(index.file_storage_domain)")
    known = subprocess.run([pip_command(), "-c", code], stdout=subprocess.PIPE, text=True, check=True).stdout.split()
    return sorted(set(known) | {urllib.parse.urlsplit(without_userinfo(default_index())[0]).hostname})


def is_public(host):
    try:
        addresses = {entry[4][0] for entry in socket.getaddrinfo(host, 443, type=socket.SOCK_STREAM)}
        return all(ipaddress.ip_address(address.partition("%")[0]).is_global for address in addresses)
    except (OSError, ValueError):
        return True


def hosts_to_allow(index):
    """The index's host, and the hosts its pages send clients to for files where those are not on the open internet
    (a mirror often answers for both under private addresses)."""
    url, name, password = without_userinfo(index)
    allowed = [urllib.parse.urlsplit(url).hostname]
    base = url if url.rstrip("/").endswith("/simple") else url.rstrip("/") + "/simple/"
    page = base.rstrip("/") + "/pip/"
    request = urllib.request.Request(page, headers={"Accept": "text/html"})
    if name:
        token = base64.b64encode(("%s:%s" % (name, password or "")).encode()).decode()
        request.add_header("Authorization", "Basic " + token)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            text = answer.read(8 << 20).decode("utf-8", "replace")
            links = {urllib.parse.urljoin(answer.url, html.unescape(link)) for link in re.findall(r'href="([^"]+)"', text)}
    except (OSError, ValueError):
        links = set()
    for host in sorted({urllib.parse.urlsplit(link).hostname for link in links} - {None}):
        if host not in allowed and not is_public(host):
            allowed.append(host)
    return allowed


class Server:
    def __init__(self, data):
        address = (pathlib.Path(data) / "listen").read_text().strip()
        self.url = address if address.startswith("http") else "http://" + address
        self.url = self.url.rstrip("/")
        self.password = os.environ.get("SAVE_ADMIN_PASSWORD")
        first = pathlib.Path(data) / "initial-admin-password"
        if self.password is None and first.exists():
            self.password = first.read_text().strip()

    def call(self, method, path, body=None):
        """The status and the parsed answer."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + "/api/v1" + path, data, method=method)
        token = base64.b64encode(("admin:%s" % self.password).encode()).decode()
        request.add_header("Authorization", "Basic " + token)
        request.add_header("Content-Type", "application/json")
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=60) as answer:
                return answer.status, json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as refusal:
            return refusal.code, refusal.read().decode("utf-8", "replace")


def create(data, index):
    server = Server(data)
    if server.password is None:
        print("run: the admin password is not in %s/initial-admin-password; the demo repositories are left as they are" % data)
        return
    url, name, password = without_userinfo(index)
    proxy = {"repository_type": "proxy", "format": "pypi", "remote_url": url, "cache_ttl": 3600}
    if name:
        proxy.update(remote_username=name, remote_password=password or "")
    wanted = [
        ("pypi-proxy", proxy),
        ("pypi-hosted", {"repository_type": "hosted", "format": "pypi"}),
        ("pypi", {"repository_type": "group", "format": "pypi", "members": ["demo/pypi-hosted", "demo/pypi-proxy"]}),
        ("raw-hosted", {"repository_type": "hosted", "format": "raw"}),
    ]
    for repository, settings in wanted:
        status, _ = server.call("GET", "/repos/demo/" + repository)
        if status == 401:
            print("run: the admin password was changed; the demo repositories are left as they are")
            break
        if status == 404:
            status, answer = server.call("POST", "/repos", dict(settings, project="demo", name=repository))
            if status != 201:
                print("run: demo/%s could not be created: %s %s" % (repository, status, answer))
    print_lines(server, data)
    sys.stdout.flush()


def print_lines(server, data):
    host = server.url.partition("://")[2]
    if os.environ.get("SAVE_ADMIN_PASSWORD"):
        secret, where = "$SAVE_ADMIN_PASSWORD", "what you set in SAVE_ADMIN_PASSWORD"
    else:
        file = os.path.join(data, "initial-admin-password")
        secret, where = "$(cat %s)" % shlex.quote(file), "in " + file
    index = "http://admin:%s@%s/pypi/demo/pypi/simple/" % (secret, host)
    upload = "%s/pypi/demo/pypi-hosted/" % server.url
    print("""
Save listens on {url}. The user is admin, its password is {where}. Paste, from this folder:

  pip    pip install --index-url "{index}" requests
  uv     uv pip install --index-url "{index}" requests
  twine  twine upload --repository-url {upload} -u admin -p "{secret}" dist/*
  uv     uv publish --publish-url {upload} -u admin -p "{secret}" dist/*
  raw    curl -u "admin:{secret}" -T README.md {url}/raw/demo/raw-hosted/README.md
  page   curl -u "admin:{secret}" {url}/pypi/demo/pypi/simple/requests/

README.md goes on from here with a user and a robot of your own, so that nobody needs this password in a URL.
Ctrl-C stops the server; the data stays in {data}.
""".format(url=server.url, where=where, index=index, upload=upload, secret=secret, data=data))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=["index", "hosts", "forbidden-hosts", "create"])
    parser.add_argument("--data", default="data")
    arguments = parser.parse_args()
    if arguments.command == "index":
        print(default_index())
        return
    if arguments.command == "forbidden-hosts":
        print("\n".join(forbidden_hosts()))
        return
    index = sys.stdin.readline().strip()
    if arguments.command == "hosts":
        print(",".join(hosts_to_allow(index)))
    else:
        create(arguments.data, index)


if __name__ == "__main__":
    main()
