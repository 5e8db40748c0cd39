"""The two servers that are measured: Save, and nginx with the same bytes as files."""
from __future__ import annotations

import base64
import http.client
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
BINARY = pathlib.Path(os.environ.get("SAVE_SERVER", ROOT / ".build" / "release" / "save-server"))
PASSWORD = "bench bench bench"
AUTHORIZATION = "Basic " + base64.b64encode(("admin:" + PASSWORD).encode()).decode()
JSON_TYPE = "application/vnd.pypi.simple.v1+json"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Save:
    name = "Save"
    # Nobody has to notice that it ends.
    usual = {"SAVE_DRAIN_DELAY": "0"}

    def __init__(self, folder, binary=BINARY, **settings):
        """`settings` are environment variables, such as `SAVE_PLUGINS`."""
        self.data = folder / "data"
        self.log = open(folder / "save.log", "wb")
        environment = {key: value for key, value in os.environ.items() if not key.startswith("SAVE_") or key == "SAVE_OUTBOUND_ALLOW"}
        environment.update(dict(self.usual, **settings), SAVE_ADMIN_PASSWORD=PASSWORD)
        self.process = subprocess.Popen([str(binary), "serve", "--data", str(self.data), "--listen", "127.0.0.1:0"],
                                        stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log, env=environment)
        listen = self.data / "listen"
        for _ in range(1000):
            if listen.exists() and re.search(r":\d+", listen.read_text()):
                break
            if self.process.poll() is not None:
                sys.exit("bench: the server does not start; see %s" % (folder / "save.log"))
            time.sleep(0.01)
        self.port = int(re.search(r":(\d+)/?\s*$", listen.read_text()).group(1))

    def request(self, method, path, body=None, **headers):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        connection.request(method, path, body, dict({"Authorization": AUTHORIZATION}, **headers))
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        return answer, content

    def create(self, name, format):
        body = json.dumps({"project": "bench", "name": name, "format": format, "repository_type": "hosted"})
        answer, content = self.request("POST", "/api/v1/repos", body, **{"Content-Type": "application/json"})
        if answer.status != 201:
            sys.exit("bench: creating bench/%s answered %s %s" % (name, answer.status, content[:300]))

    def resident_mb(self):
        status = pathlib.Path("/proc/%d/status" % self.process.pid).read_text()
        return int(re.search(r"^VmRSS:\s+(\d+) kB", status, re.M).group(1)) / 1024

    def stop(self):
        self.process.terminate()
        if self.process.wait(60) != 0:
            print("bench: the server ended with %s" % self.process.returncode, file=sys.stderr)


class Nginx:
    name = "nginx"

    def __init__(self, folder):
        self.folder = folder / "nginx"
        self.root = self.folder / "www"
        self.root.mkdir(parents=True)
        self.port = free_port()
        configuration = self.folder / "nginx.conf"
        configuration.write_text("""
daemon off; master_process on; worker_processes auto; pid {folder}/pid; error_log {folder}/error.log;
{user}
events {{ worker_connections 4096; }}
http {{
    default_type application/octet-stream; types {{ text/html html; application/json json; }}
    sendfile on; tcp_nopush on; tcp_nodelay on; keepalive_requests 100000000; keepalive_timeout 75s;
    open_file_cache max=1000 inactive=600s; open_file_cache_valid 600s;
    access_log {folder}/access.log combined; log_not_found off;
    client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3;
    uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
    server {{
        listen 127.0.0.1:{port} backlog=4096; root {folder}/www;
        location ~ /simple/ {{ index index.json; types {{ }} default_type "application/vnd.pypi.simple.v1+json"; }}
    }}
}}
""".format(folder=self.folder, port=self.port, user="user root;" if os.getuid() == 0 else ""))
        binary = shutil.which("nginx") or "/usr/sbin/nginx"
        self.process = subprocess.Popen([binary, "-c", str(configuration), "-p", str(self.folder)], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=open(self.folder / "start.log", "wb"))
        for _ in range(300):
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                time.sleep(0.02)
        sys.exit("bench: nginx does not start: " + (self.folder / "start.log").read_text())

    def etag(self, path):
        connection = http.client.HTTPConnection("127.0.0.1", self.port)
        connection.request("HEAD", path)
        answer = connection.getresponse()
        answer.read()
        return answer.headers["ETag"]

    def stop(self):
        self.process.terminate()
        self.process.wait(30)


def verdict(value, limit):
    return "pass" if value <= limit else "FAIL"


def processor_time(process):
    """Microseconds that a process and its children have used so far."""
    total = 0
    for child in [str(process)] + pathlib.Path("/proc/%d/task/%d/children" % (process, process)).read_text().split():
        fields = pathlib.Path("/proc/%s/stat" % child).read_text().rpartition(")")[2].split()
        total += int(fields[11]) + int(fields[12])
    return total * 1e6 / os.sysconf("SC_CLK_TCK")
