"""How far long work is: a line at a terminal that is gone at the end, and nothing else for short work."""
import shutil
import subprocess

import pytest

import make_fixtures
from harness.server import Server, command
from harness.terminal import Terminal, screen


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """A folder with the data of a server that has stopped, a backup of it, and files to import."""
    folder = tmp_path_factory.mktemp("kept")
    server = Server(folder / "data").start()
    server.create("team/hosted")
    server.create("team/raw", format="raw")
    assert server.admin.upload("team/hosted", make_fixtures.wheel("plain", "1.0")).status_code == 200
    assert server.stop() == 0
    assert command("backup", "--data", folder / "data", folder / "backup").returncode == 0
    (folder / "files").mkdir()
    for number in range(3):
        (folder / "files" / ("%d.txt" % number)).write_text("text %d" % number)
    return folder


# What is typed, what the line begins with, and how many files there are in all.
COMMANDS = {
    "verify": (["verify"], "verifying", " of 2 files"),
    "gc": (["gc"], "collecting garbage", "2 files"),
    "backup": (["backup", "new-backup"], "backing up", " of 2 files"),
    "restore": (["restore", "backup"], "restoring", " of 2 files"),
    "import": (["import", "files", "--repository", "team/raw"], "importing", " of 3 files"),
}


@pytest.fixture(params=list(COMMANDS))
def work(request, kept, tmp_path):
    """A command line on data of its own, and what its line says."""
    folder = tmp_path / "kept"
    shutil.copytree(kept, folder, ignore=shutil.ignore_patterns("*.log"))
    (name, *operands), label, files = COMMANDS[request.param]
    operands = [folder / word if word in ("new-backup", "backup", "files") else word for word in operands]
    return [name, *operands, "--data", folder / ("restored" if name == "restore" else "data")], label, files


def test_long_work_shows_at_a_terminal_how_far_it_is_and_leaves_nothing_of_that(work):
    words, label, files = work
    with Terminal(*words) as terminal:
        status, written = terminal.finish()
    assert status == 0, written
    assert "\r" + label in written and files in written, written
    lines = screen(written)
    # The result is printed on the same terminal, from the first column.
    assert lines and not any(label in line for line in lines), (lines, written)
    expected = command(*words) if words[0] in ("verify", "gc") else None
    if expected:
        assert lines == expected.stdout.splitlines(), (lines, expected.stdout)


def test_a_verification_shows_each_thing_that_it_goes_through(kept, tmp_path):
    shutil.copytree(kept / "data", tmp_path / "data")
    with Terminal("verify", "--data", tmp_path / "data") as terminal:
        status, written = terminal.finish()
    assert status == 0, written
    shown = [written.find(words) for words in ("\rverifying: ", "\rlooking for unknown files: 0 files",
                                               "\rchecking the audit trail: 0 of ")]
    assert -1 not in shown and shown == sorted(shown), written


def test_the_last_thing_on_standard_error_takes_the_line_away(work):
    words, label, _ = work
    with Terminal(*words, output=subprocess.PIPE) as terminal:
        status, written = terminal.finish()
        printed = terminal.process.stdout.read().decode()
    assert status == 0 and label in written and written.endswith("\r\x1b[K") and screen(written) == [], written
    assert printed and label not in printed and "\x1b" not in printed


def test_short_work_says_nothing_to_a_pipe(work):
    done = command(*work[0])
    assert done.returncode == 0 and done.stdout and done.stderr == "", (done.stdout, done.stderr)


def test_quiet_work_says_nothing_of_how_far_it_is(work):
    with Terminal(*work[0], "--quiet", output=subprocess.PIPE) as terminal:
        status, written = terminal.finish()
        printed = terminal.process.stdout.read().decode()
    assert status == 0 and written == "" and printed, (written, printed)


def test_a_terminal_that_cannot_erase_is_not_asked_to(work):
    with Terminal(*work[0], output=subprocess.PIPE, TERM="dumb") as terminal:
        assert terminal.finish() == (0, "")
