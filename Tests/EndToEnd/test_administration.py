"""docs/administration.md, word by word: every command of the page is run, in the order of the page."""
import re

import pytest

import make_fixtures
from harness.documents import blocks, run
from harness.server import BINARY, ROOT

PAGE = ROOT / "docs" / "administration.md"
# How a block of commands is marked, and what the server does meanwhile.
RUNNING, STOPPED = "sh", "sh stopped"


def test_every_block_of_the_page_says_how_it_is_run():
    marks = {block.line: block.mark for block in blocks(PAGE)}
    assert marks and set(marks.values()) <= {RUNNING, STOPPED, "text"}, marks
    for block in blocks(PAGE):
        # What is only shown, and not run, is output: nobody would paste it.
        assert block.mark != "text" or not re.search(r"^(curl|json|save-server|twine) ", block.text, re.M), block


@pytest.fixture
def workplace(tmp_path, new_server, upstream):
    """An operator's machine: a server that was never started, the program on the path, and the files that the page speaks of."""
    upstream.add(make_fixtures.wheel("requests", "2.32.0"))
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "save-server").symlink_to(BINARY)
    for folder in ("dist", "old-server/packages"):
        (tmp_path / folder).mkdir(parents=True)
    for item in (make_fixtures.wheel("acme_lib", "1.0"), make_fixtures.sdist("acme_lib", "1.0")):
        item.write(tmp_path / "dist")
    for version in ("0.8", "0.9"):
        make_fixtures.wheel("acme_lib", version).write(tmp_path / "old-server" / "packages")
    # The page begins where the first start ends: with the password that the server made.
    return tmp_path, new_server("data", SAVE_ADMIN_PASSWORD=""), upstream


def test_every_command_of_the_page_does_what_it_is_for(workplace):
    folder, server, upstream = workplace
    commands = [block for block in blocks(PAGE) if block.mark != "text"]
    for block in commands:
        if block.mark == STOPPED and server.alive:
            assert server.stop() == 0, server.log_tail()
        elif block.mark == RUNNING and not server.alive:
            server.start()
        # The page's first block gives the names that all others use.
        script = commands[0].text + (block.text if block is not commands[0] else "")
        # A server that was started again has another port.
        script = script.replace("https://save.example.com", server.url).replace("https://<public-index>", upstream.url)
        done = run(script, folder, [folder / "bin"])
        assert done.returncode == 0, "line %d of %s:\n%s\n%s" % (block.line, PAGE.name, block.text, done.stdout)
    if not server.alive:
        server.start()
    assert server.client(None).get("/health").status_code == 200
