"""The command line as a person types it, mistakes included: each is told in a sentence that names what to do."""
import os
import re
import sqlite3
import subprocess

import pytest

from harness.server import PASSWORD, command
from test_process import database, stopped  # noqa: F401 (a fixture)
from test_signals import certificate


def refused(*arguments, status=1, says=(), **options):
    """One line on standard error with every word of `says`, nothing on standard output, and the exit status."""
    done = command(*arguments, **options)
    assert done.returncode == status and done.stdout == "", (arguments, done.returncode, done.stdout, done.stderr)
    lines = done.stderr.strip().splitlines()
    assert len(lines) == (2 if status == 2 else 1), (arguments, lines)
    for word in says:
        assert str(word) in lines[0], (arguments, word, lines)
    return lines[0]


# What each command takes beside options: as few words as it needs, and what help calls the next one that is missing.
COMMANDS = {
    ("serve",): [], ("check",): [], ("verify",): [], ("gc",): [], ("formats",): [],
    ("backup",): ["DIRECTORY"], ("restore",): ["DIRECTORY"], ("import",): ["DIRECTORY"],
    ("user", "list"): [], ("user", "add"): ["NAME"], ("user", "passwd"): ["NAME"], ("user", "enable"): ["NAME"],
    ("user", "disable"): ["NAME"], ("user", "role"): ["NAME", "admin|auditor|user"],
    ("evaluate",): ["LOCKFILE"], ("config",): [], ("completions",): ["bash|zsh|fish"], ("manual",): [],
}


@pytest.mark.parametrize("words", list(COMMANDS), ids=" ".join)
def test_a_command_names_the_word_that_it_lacks_and_the_one_that_is_too_much(words, tmp_path):
    given, data = [], ("--data", tmp_path / "none") if words[0] not in ("evaluate", "formats", "completions", "manual") else ()
    for operand in COMMANDS[words]:
        refused(*words, *given, *data, status=2, says=(" ".join(words), operand, "missing"))
        given.append("admin")
    refused(*words, *given, "surplus", *data, status=2, says=(" ".join(words), "surplus", "too much"))
    assert not (tmp_path / "none").exists()


def test_options_that_make_no_sense_are_named():
    refused("gc", "--dryrun", status=2, says=("--dryrun", "--dry-run"))
    refused("gc", "-n", status=2, says=("-n",))
    refused("gc", "--data", status=2, says=("--data", "DIR"))
    refused("gc", "--dry-run=yes", status=2, says=("--dry-run", "no value"))
    refused("gc", "--data", "a", "--data", "b", status=2, says=("--data", "twice"))
    refused("gc", "--dry-run", "--dry-run", status=2, says=("--dry-run", "twice"))
    refused("user", "role", "a", "king", status=2, says=("king", "admin, auditor or user"))
    refused("user", "add", "a", "--role", "king", status=2, says=("king", "admin, auditor or user"))
    refused("user", "list", "--role", "admin", status=2, says=("--role", "add", "list"))
    refused("user", status=2, says=("list", "passwd", "disable"))
    refused("user", "promote", status=2, says=("promote", "role"))
    refused("import", "x", status=2, says=("--repository",))
    refused("verfy", status=2, says=("verfy", "verify"))
    refused("--data", "x", "gc", status=2, says=("--data",))
    refused("user", "add", "", status=2, says=("NAME", "empty"))


@pytest.mark.parametrize("word", ["-v", "-V", "--version", "version"])
def test_the_version_is_told(word):
    done = command(word)
    assert done.returncode == 0 and re.fullmatch(r"save-server \d+\.\d+\.\d+\n", done.stdout) and not done.stderr
    refused(word, "x", status=2, says=("x",))


def test_help_is_told_wherever_it_is_asked_for():
    for words in (["--help"], ["-h"], ["help"]):
        assert command(*words).returncode == 0 and "serve" in command(*words).stdout
    for words in COMMANDS:
        shown = command(words[0], "--help")
        assert shown.returncode == 0 and all(word in shown.stdout for word in words)
        assert command("help", words[0]).stdout == command(words[0], "-h").stdout == shown.stdout
    assert command().returncode == 2 and "serve" in command().stderr


@pytest.mark.parametrize("address, word", [
    ("127.0.0.1:99999", "65535"), ("127.0.0.1:-1", "65535"), ("127.0.0.1:", "65535"), ("127.0.0.1:+80", "65535"), ("127.0.0.1", "port"),
    ("::1:8080", "[::1]:8080"), ("[::1:8080", "[::1]:8080"), ("no.such.host.invalid:80", "no.such.host.invalid")])
def test_an_address_that_is_none_is_told_what_it_must_be(address, word, tmp_path):
    for name in ("check", "serve"):
        refused(name, "--listen", address, "--data", tmp_path / "none", says=(word,))
    assert not (tmp_path / "none").exists()


# -- the data directory

@pytest.mark.parametrize("words", [["verify"], ["gc"], ["import", "--repository", "p/r", "."], ["user", "list"], ["backup", "BACKUP"]],
                         ids=lambda words: words[0])
@pytest.mark.parametrize("data", ["missing", "empty", "other"])
def test_commands_that_want_data_refuse_a_misspelled_directory(words, data, tmp_path):
    folder, backup = tmp_path / data, tmp_path / "backup"
    if data != "missing":
        folder.mkdir()
    if data == "other":
        (folder / "recipes.txt").write_text("soup")
    before = sorted(tmp_path.rglob("*"))
    refused(*[str(backup) if word == "BACKUP" else word for word in words], "--data", folder, says=(folder, "--data"))
    assert sorted(tmp_path.rglob("*")) == before, "something was made"


def test_a_directory_that_cannot_be_used_is_named_with_the_cause(stopped, tmp_path):
    file = tmp_path / "file"
    file.write_text("")
    for path in (file, file / "below"):
        refused("serve", "--listen", "127.0.0.1:0", "--data", path, says=(path,))
    (stopped.data / "blobs").rename(tmp_path / "blobs")
    (stopped.data / "blobs").symlink_to(tmp_path / "blobs")
    refused("verify", "--data", stopped.data, says=(stopped.data, "plain file"))


def test_a_directory_in_use_is_named_with_the_process_that_has_it(new_server):
    server = new_server("busy")
    for words in (["gc"], ["verify"], ["user", "list"], ["serve", "--listen", "127.0.0.1:0"]):
        refused(*words, "--data", server.data, says=(server.data, "process %d" % server.pid, "stop"))
    assert server.admin.get("/api/v1/user").status_code == 200


@pytest.mark.parametrize("damage", ["page", "schema", "newer", "foreign"])
def test_a_database_that_cannot_be_used_is_named_with_cause_and_remedy(stopped, damage):
    file = database(stopped)
    says = [file]
    if damage == "page":
        with open(file, "r+b") as handle:
            handle.seek(4096)
            handle.write(b"\xa5" * 4096)
        says += ["damaged", "backup"]
    else:
        open_file = sqlite3.connect(str(file))
        if damage == "schema":      # a step that ran and is not noted
            open_file.execute("DELETE FROM schema_migrations WHERE number = (SELECT max(number) FROM schema_migrations)")
            says += ["schema", "step", "backup"]
        elif damage == "newer":
            open_file.execute("INSERT INTO schema_migrations (number, name, applied) VALUES (9999, 'future', 0)")
            says += ["newer", "9999", "start that version"]
        else:
            open_file.execute("PRAGMA application_id = 7")
            says += ["another program", "--data"]
        open_file.commit()
        open_file.close()
    for words in (["serve", "--listen", "127.0.0.1:0"], ["verify"], ["gc"], ["user", "list"]):
        refused(*words, "--data", stopped.data, says=says)


# -- check

def test_check_refuses_what_serve_would_refuse(tmp_path):
    first, second = certificate(tmp_path, "first"), certificate(tmp_path, "second")
    letter, nothing = tmp_path / "letter", tmp_path / "nothing" / "file"
    letter.write_text("this is a letter to my aunt\n")
    wrong = [
        ({"SAVE_TLS_CERTIFICATE": first[1], "SAVE_TLS_KEY": second[0]}, (first[1], second[0])),
        ({"SAVE_TLS_CERTIFICATE": letter, "SAVE_TLS_KEY": second[0]}, (letter,)),
        ({"SAVE_TLS_CERTIFICATE": first[1], "SAVE_TLS_KEY": letter}, (letter,)),
        ({"SAVE_PLUGINS": letter}, (letter,)), ({"SAVE_PLUGINS": nothing}, (nothing,)),
        ({"SAVE_PUBLIC_URL": "save.example.com/x"}, ("public_url",)), ({"SAVE_OUTBOUND_CA_FILE": letter}, ("outbound_ca_file", letter)),
        ({"SAVE_OUTBOUND_PROXY": "ftp://x/"}, ("proxy",)), ({"SAVE_OUTBOUND_ALLOW": "10.0.0.0/99"}, ("outbound_allow",)),
        ({"SAVE_HEADER_TIMEOUT": "0"}, ("header_timeout",)), ({"SAVE_WRITE_TIMEOUT": "100000"}, ("write_timeout",)),
        ({"SAVE_THREADS": "5000"}, ("threads",)), ({"SAVE_ADMIN_PASSWORD": "short"}, ("SAVE_ADMIN_PASSWORD", "8")),
        ({"SAVE_ADMIN_PASSWORD": "x" * 1025}, ("SAVE_ADMIN_PASSWORD", "1024")),
        ({"SAVE_ACCESS_LOG": nothing}, ("access_log", nothing)), ({"SAVE_AUDIT_ANCHOR_FILE": nothing}, ("audit_anchor_file", nothing)),
    ]
    for settings, says in wrong:
        settings = {key: str(value) for key, value in settings.items()}
        refused("check", "--data", tmp_path / "none", says=says, **settings)
        if "SAVE_AUDIT_ANCHOR_FILE" not in settings:        # which a server goes on without
            done = command("serve", "--listen", "127.0.0.1:0", "--data", tmp_path / ("data of " + "".join(settings)), **settings)
            assert done.returncode == 1 and all(str(word) in done.stderr for word in says), (settings, done.stderr)
    fine = {"SAVE_TLS_CERTIFICATE": first[1], "SAVE_TLS_KEY": first[0], "SAVE_OUTBOUND_CA_FILE": second[1],
            "SAVE_ACCESS_LOG": tmp_path / "access.log", "SAVE_ADMIN_PASSWORD": PASSWORD}
    assert command("check", "--data", tmp_path / "none", **{key: str(value) for key, value in fine.items()}).returncode == 0
    assert not (tmp_path / "none").exists() and not (tmp_path / "access.log").exists()


def test_a_first_password_that_the_rest_api_would_refuse_leaves_no_trace(tmp_path):
    for password in ("short", "x" * 1025):
        refused("serve", "--listen", "127.0.0.1:0", "--data", tmp_path / "data", says=("SAVE_ADMIN_PASSWORD",), SAVE_ADMIN_PASSWORD=password)
        assert not (tmp_path / "data").exists()


def test_a_format_that_is_not_there_is_told_how_others_are_loaded(new_server):
    server = new_server("formats")
    answer = server.admin.post("/api/v1/repos", json={"project": "p", "name": "r", "format": "nuget", "repository_type": "hosted"})
    message = answer.json()["error"]["message"]
    assert answer.status_code == 400 and "pypi, raw" in message and "others can be loaded" in message and "plugins" in message
