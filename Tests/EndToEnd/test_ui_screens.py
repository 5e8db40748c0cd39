"""The pictures of the documentation: taken of real pages, so that they stay true.

With SAVE_SCREENSHOTS=docs/images those that are there already are taken again.
"""
import os
import pathlib
import shutil
import subprocess

import pytest

from harness import described
from harness.clients.tool import VENVS
from harness.server import PASSWORD, ROOT, clean_environment

LARGEST = 150_000


def populate(server, upstream, dists):
    """What a team has after some weeks."""
    upstream.add(*(item for item in dists.values() if item.project == "plain"))
    server.create("backend/pypi-hosted", description="What the backend team publishes")
    server.create("backend/pypi-proxy", kind="proxy", remote_url=upstream.url + "/", description="The public index, kept here")
    server.create("backend/pypi", kind="group", members=["backend/pypi-hosted", "backend/pypi-proxy"],
                  description="Everything for Python: ours first, then the public index")
    server.create("design/assets", format="raw", description="Pictures and handbooks")
    needs = ["Requires-Python: >=3.10", "License-Expression: Apache-2.0", "Author: The billing team",
             "Project-URL: Handbook, https://handbook.example.com/acme", "Project-URL: Source, https://git.example.com/acme-client",
             "Requires-Dist: plain>=1.0", "Requires-Dist: httpx>=0.27", "Requires-Dist: rich>=13; extra == 'cli'"]
    summary = "The Python client of the Acme billing service: typed, async, with retries"
    for version in ("3.0.0", "3.1.0", "3.1.1", "3.2.0", "3.2.1", "3.3.0rc1"):
        answer = server.admin.upload("backend/pypi-hosted", described.wheel("acme-client", version, summary, described.README, *needs))
        assert answer.status_code == 200, answer.text
    for name in ("acme-worker", "acme-reports"):
        server.admin.upload("backend/pypi-hosted", described.wheel(name, "1.4.0", "Part of Acme", described.README))
    server.admin.ok("PUT", "/api/v1/repos/backend/pypi-hosted/packages/acme-client/versions/3.1.0/yank",
                    json={"reason": "retries refunds"})
    server.admin.ok("POST", "/api/v1/policies", json={
        "name": "no-3.2.0", "scope": "server", "action": "deny", "include_hosted": True,
        "match": {"packages": ["acme-client"], "versions": "==3.2.0"}, "description": "It leaks invoices"})
    server.admin.get("/pypi/backend/pypi/simple/plain/")
    for path in ("brand/logo.png", "brand/banner.png", "handbook/README.md", "handbook/chapters/one.md"):
        content = described.png() if path.endswith("png") else described.README.encode()
        assert server.admin.put("/raw/design/assets/" + path, data=content).status_code == 201


def test_pictures_of_pages_are_taken_in_light_and_in_dark(new_server, upstream, dists, tmp_path):
    server = new_server()
    populate(server, upstream, dists)
    package = "/ui/pypi/backend/pypi/acme-client/"
    pictures = {
        "home": "/ui/", "search": "/ui/search?q=acme", "repository": "/ui/pypi/backend/pypi/", "package": package,
        "versions": package + "?tab=versions", "explain": package + "?tab=explain", "files": "/ui/raw/design/assets/handbook/",
        "file": "/ui/raw/design/assets/brand/logo.png/", "dependencies": package + "?tab=dependencies",
        "security": package + "?tab=security", "audit": "/ui/audit?resource_type=repository", "policy": "/ui/admin/policies/1", "storage": "/ui/admin/storage",
        "manage": "/ui/admin/repositories/backend/pypi-hosted/packages?package=acme-client",
    }
    done = subprocess.run(
        [str(VENVS / "browser" / "bin" / "python"), str(pathlib.Path(__file__).parent / "harness" / "screens.py"), server.url, "admin",
         PASSWORD, str(tmp_path), *("%s=%s" % item for item in pictures.items())],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=300, env=clean_environment(HOME=str(tmp_path)))
    assert done.returncode == 0, done.stderr[-3000:]
    taken = [pathlib.Path(line) for line in done.stdout.splitlines()]
    assert len(taken) == 2 * len(pictures)
    for picture in taken:
        assert 5_000 < picture.stat().st_size < LARGEST, (picture, picture.stat().st_size)
    kept = os.environ.get("SAVE_SCREENSHOTS")
    if kept:
        for picture in taken:
            if (ROOT / kept / picture.name).exists():
                shutil.copy(picture, ROOT / kept)


@pytest.mark.parametrize("scripts,width", [("on", 1200), ("off", 1200), ("off", 320)])
def test_a_person_with_a_keyboard_finds_reads_and_goes_back_with_scripts_and_without(new_server, upstream, dists, tmp_path, scripts, width):
    server = new_server()
    populate(server, upstream, dists)
    steps = ["type:acme-cl", "tab:acme-client", "tab:Versions6", "tab:3.2.1", "back", "tab:Explain", "tab:backend/pypi-hosted"]
    done = subprocess.run(
        [str(VENVS / "browser" / "bin" / "python"), str(pathlib.Path(__file__).parent / "harness" / "reader.py"), server.url, "admin",
         PASSWORD, scripts, str(width), *steps],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=300, env=clean_environment(HOME=str(tmp_path)))
    assert done.returncode == 0, done.stderr[-3000:]
    package = "/ui/pypi/backend/pypi/acme-client/"
    assert [line.split("\t")[0] for line in done.stdout.splitlines()] == [
        "/ui/search?q=acme-cl", package, package + "?tab=versions", package + "3.2.1/", package + "?tab=versions", package + "?tab=explain",
        "/ui/pypi/backend/pypi-hosted/"]
