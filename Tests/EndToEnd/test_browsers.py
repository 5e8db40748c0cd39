"""Pages in a real browser: no rule of axe is broken, nothing comes from elsewhere, nothing is wider than a small screen."""
import json
import pathlib
import subprocess

from harness import described
from harness.clients.tool import VENVS
from harness.server import PASSWORD, clean_environment


def test_every_page_is_for_everybody_in_light_in_dark_and_on_a_small_screen(new_server, upstream, dists, tmp_path):
    upstream.add(*(item for item in dists.values() if item.project == "plain"))
    server = new_server()
    server.create("team/hosted", description="Ours <b>only</b>")
    server.create("team/proxy", kind="proxy", remote_url=upstream.url + "/")
    server.create("team/all", kind="group", members=["team/hosted", "team/proxy"])
    server.create("team/broken", kind="proxy", remote_url="http://127.0.0.1:9/")
    server.create("team/files", format="raw", anonymous_read=True)
    server.admin.put("/raw/team/files/a/" + "long" * 50 + ".txt", data=b"text")
    for item in dists.values():
        if item.project != "plain":
            server.admin.upload("team/hosted", item)
    needs = ["Requires-Python: >=3.10", "License-Expression: MIT", "Requires-Dist: plain>=1", "Project-URL: Source, https://code.example.com/a"]
    server.admin.upload("team/hosted", described.wheel("acme-client", "3.2.1", "A client", described.README, *needs))
    server.admin.upload("team/hosted", described.wheel("acme-client", "3.3rc1", "A client", described.README))
    server.admin.upload("team/hosted", described.wheel("hostile", "1.0", "<script>window.owned = 1</script>", described.HOSTILE))
    for name, content in [("page.html", described.HOSTILE.encode()), ("picture.png", described.png()), ("NOTES.md", described.HOSTILE.encode())]:
        server.admin.put("/raw/team/files/a/" + name, data=content)
    server.admin.ok("POST", "/api/v1/policies", json={"name": "none", "scope": "server", "action": "deny", "match": {"packages": ["plain"]}})
    for name in ("all", "broken"):
        server.admin.get("/pypi/team/%s/simple/plain/" % name)
    server.admin.ok("POST", "/api/v1/user/keys", json={"description": "laptop"})
    group = "/ui/pypi/team/all/"
    paths = [
        "/ui/", "/ui/search?q=a", "/ui/search?q=nothing-like-it", "/ui/account", "/ui/account?for=team/hosted", "/ui/absent", group,
        group + "?client=uv", group + "?tab=packages", group + "?tab=members", "/ui/pypi/team/hosted/?client=twine", "/ui/pypi/team/broken/",
        group + "plain/", group + "plain/?tab=files", group + "plain/?tab=explain", group + "plain/1.0/", "/ui/pypi/team/broken/plain/",
        "/ui/raw/team/files/", "/ui/raw/team/files/?tab=packages", "/ui/raw/team/files/a/",
    ] + ["/ui/raw/team/files/a/%s/" % name for name in ("page.html", "picture.png", "NOTES.md")]
    package = group + "acme-client/"
    paths += [package] + [package + "?tab=" + tab for tab in ("versions", "files", "security", "dependencies", "downloads", "explain", "audit")]
    paths += [package + "3.2.1/", group + "hostile/", group + "hostile/?tab=explain"]
    done = subprocess.run(
        [str(VENVS / "browser" / "bin" / "python"), str(pathlib.Path(__file__).parent / "harness" / "chromium.py"), server.url, "admin", PASSWORD,
         *paths], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=600, env=clean_environment(HOME=str(tmp_path)))
    seen = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0, done.stderr[-3000:]
    assert len(seen) == 3 * (len(paths) + 1)
    for page in seen:
        assert page["status"] == (404 if page["path"] == "/ui/absent" else 200), page
        assert not page["findings"] and not page["elsewhere"] and not page["said"] and not page["overflows"], page
        assert not page["owned"], page
        assert page["buttons"] == page["snippets"], page
