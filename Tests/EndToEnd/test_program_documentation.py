"""What the program prints about itself: the manual page and the completions of shells, which say what `--help` says."""
import functools
import os
import re
import shutil
import subprocess

import pytest

from harness.server import BINARY, ROOT, clean_environment, command

SHELLS = ["bash", "zsh", "fish"]
INSTALLED = {"man/man8/save-server.8": ["manual"], "bash-completion/completions/save-server": ["completions", "bash"],
             "zsh/site-functions/_save-server": ["completions", "zsh"], "fish/vendor_completions.d/save-server.fish": ["completions", "fish"]}


@functools.cache
def commands():
    """Every command with the options that its help lists."""
    names = re.findall(r"^  ([a-z]+)  ", command("--help").stdout, re.M)
    assert {"serve", "user", "config", "completions", "manual"} <= set(names)
    return {name: re.findall(r"^  (--[a-z-]+)", command(name, "--help").stdout, re.M) for name in names}


@functools.cache
def printed(*words):
    done = command(*words)
    assert done.returncode == 0 and not done.stderr
    return done.stdout


def complete(*words, cwd=ROOT):
    """What bash offers for the last of the words."""
    script = 'source /dev/fd/3 3<<<"$TEXT"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _save_server; printf "%s\\n" "${COMPREPLY[@]}"'
    done = subprocess.run(["bash", "-c", script, "bash", "save-server", *words], capture_output=True, text=True, timeout=60, cwd=cwd,
                          env=clean_environment(TEXT=printed("completions", "bash")))
    assert done.returncode == 0 and not done.stderr, done.stderr
    return done.stdout.split("\n")[:-1] if done.stdout.strip() else []


def test_bash_completes_commands_and_their_options():
    assert complete("ver") == ["verify", "version"]
    assert set(complete("")) == {*commands(), "help", "version", "--help", "--version"}
    assert set(complete("help", "")) == set(commands())
    for name, options in commands().items():
        assert set(complete(name, "--")) == {*options, "--help"}, name


def test_bash_completes_what_stands_at_each_place(tmp_path):
    (tmp_path / "a folder").mkdir()
    (tmp_path / "a file").write_text("")
    assert complete("user", "") == ["list", "add", "passwd", "role", "enable", "disable"]
    assert complete("user", "--data", "add", "li") == ["list"], "the value of an option is no action"
    assert complete("user", "role", "bob", "") == complete("user", "add", "bob", "--role", "") == ["admin", "auditor", "user"]
    assert complete("user", "add", "--role", "=", "au") == ["auditor"] and complete("user", "add", "--role", "=")[1] == "auditor"
    assert "--role" in complete("user", "add", "-") and "--role" not in complete("user", "list", "-")
    assert complete("completions", "") == SHELLS
    assert complete("serve", "--config", "a", cwd=tmp_path) == ["a file", "a folder"]
    assert complete("serve", "--data", "a", cwd=tmp_path) == complete("backup", "a", cwd=tmp_path) == ["a folder"]
    assert complete("import", "--repository", "p/r", "a", cwd=tmp_path) == ["a folder"]
    assert complete("serve", "--listen", "") == complete("nonsense", "") == []


@pytest.mark.parametrize("shell", SHELLS)
def test_every_command_and_option_is_completed(shell):
    text = printed("completions", shell)
    for name, options in commands().items():
        for option in options:
            form = {"bash": r"'%s[ '].*options='[^']*%s\b", "zsh": r"_save_server_%s\(\) \{(?:(?!\n\}).)*'%s[=\[]",
                    "fish": r"__save_server_(?:is|does) %s[^']*' -l %s "}[shell]
            found = re.search(form % (name, option.removeprefix("--") if shell == "fish" else option), text, re.S if shell == "zsh" else 0)
            assert found, (shell, name, option)
        assert re.search({"bash": r"compgen -W '[^']*\b%s\b", "zsh": r"\(\(.*\b%s\\:", "fish": r"starts' -a %s "}[shell] % name, text)


@pytest.mark.parametrize("shell", SHELLS)
def test_a_completion_is_a_script_of_its_shell(shell, tmp_path):
    text = printed("completions", shell)
    file = tmp_path / "completion"
    file.write_text(text)
    if shutil.which(shell):
        done = subprocess.run([shell, "-n", str(file)], capture_output=True, text=True, timeout=60)
        assert done.returncode == 0 and not done.stderr, done.stderr
    # Quotes are closed on every line that opens them, in the forms that all three shells share.
    for line in text.splitlines():
        bare = re.sub(r"'(?:\\'|'\\''|[^'])*'", "", line) if shell != "bash" else re.sub(r"'[^']*'", "", line)
        assert line.startswith("#") or "'" not in bare, line


def test_the_manual_has_every_command_option_and_key():
    page = printed("manual").replace("\\-", "-")
    for name, options in commands().items():
        section = re.search(r"^\.SS %s\n(.*?)(?=^\.S[SH] )" % name, page, re.M | re.S).group(1)
        for option in options:
            assert re.search(r"^\.TP\n\\fB%s\b" % option, section, re.M), (name, option)
    for key in re.findall(r"^\| `([a-z0-9_]+)` \|", (ROOT / "docs" / "configuration.md").read_text(), re.M):
        assert "\n.TP\n\\fB%s\\fR\n" % key in page, key


def test_the_manual_is_well_formed_and_renders_without_a_warning():
    page = printed("manual")
    assert page.isascii() and page.startswith(".TH ")
    for line in page.splitlines():
        assert line and not line.startswith("'"), "an empty line or a stray request"
        assert not line.startswith(".") or re.match(r"\.(TH|SH|SS|TP|PP|br)\b", line), line
        if not line.startswith(".TH"):
            assert re.search(r"\\(?!f[BIR]|-|e|&|\((?:aq|dq|ha|ti)|\[u[0-9A-F]{4,6}\])", line) is None, line
        assert line.count("\\fB") + line.count("\\fI") == line.count("\\fR"), line
    if shutil.which("groff"):
        done = subprocess.run(["groff", "-man", "-Tutf8", "-ww"], input=page, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0 and not done.stderr, done.stderr
        shown = re.sub(r"\x1b\[[0-9;]*m|.\x08", "", done.stdout)
        assert "save-server serve [--config FILE]" in shown and "`" not in shown


def test_installing_puts_them_where_they_are_looked_for(tmp_path):
    subprocess.run([str(ROOT / "Scripts" / "install.sh"), str(BINARY.parent), "/usr"], check=True, timeout=120,
                   stdout=subprocess.DEVNULL, env=dict(os.environ, DESTDIR=str(tmp_path)))
    for path, words in INSTALLED.items():
        file = tmp_path / "usr" / "share" / path
        assert file.read_text() == printed(*words) and file.stat().st_mode & 0o777 == 0o644, path
