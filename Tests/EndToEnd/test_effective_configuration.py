"""`save-server config`: what holds and where it comes from, and a file to begin with."""
import re

import pytest

from harness.server import ROOT, command

KEYS = re.findall(r"^\| `([a-z0-9_]+)` \| (?:`([^`]*)`|none) \|", (ROOT / "docs" / "configuration.md").read_text(), re.M)
LINE = re.compile(r"([a-z0-9_]+) =(?: (.*))?    # (.*)", re.ASCII)


def shown(*arguments, **environment):
    """Each key with its value and where it comes from."""
    done = command("config", *arguments, **environment)
    assert done.returncode == 0 and not done.stderr, done.stderr
    lines = [LINE.fullmatch(line).groups(default="") for line in done.stdout.splitlines()]
    assert [key for key, _, _ in lines] == [key for key, _ in KEYS]
    return {key: (value, source) for key, value, source in lines}


def test_every_key_is_shown_with_its_default():
    assert KEYS and shown() == {key: (value, "default") for key, value in KEYS}


def test_every_value_is_shown_with_where_it_comes_from(tmp_path):
    file = tmp_path / "save.conf"
    file.write_text('# mine\ndata = one\nlisten = [::1]:1\n\nlog_level = "debug"\ngc_grace = 60\nmax_connections = 7\n')
    values = shown("--config", file, "--data", "three", SAVE_DATA="two", SAVE_GC_GRACE="61", SAVE_PORT="2")
    assert values["data"] == ("three", "--data")
    assert values["host"] == ("::1", "%s, line 3" % file)
    assert values["port"] == ("2", "the variable SAVE_PORT")
    assert values["log_level"] == ("debug", "%s, line 5" % file)
    assert values["gc_grace"] == ("61", "the variable SAVE_GC_GRACE")
    assert values["max_connections"] == ("7", "%s, line 7" % file)
    assert values["idle_timeout"] == ("65", "default")
    assert shown(SAVE_CONFIG=str(file))["data"] == ("one", "%s, line 2" % file)
    assert shown("--listen", ":9")["host"] == ("0.0.0.0", "--listen")


@pytest.mark.parametrize("value, visible", [
    ("http://me:s3cret@proxy.example:3128", "http://***@proxy.example:3128"), ("me:s3cret@proxy.example:3128", "***@proxy.example:3128"),
    ("http://me:s3cret@s3cret@proxy.example", "http://***@proxy.example"), ("http://proxy.example:3128", "http://proxy.example:3128")])
def test_a_password_is_not_shown(value, visible):
    assert shown(SAVE_OUTBOUND_PROXY=value)["outbound_proxy"] == (visible, "the variable SAVE_OUTBOUND_PROXY")
    assert "s3cret" not in command("config", SAVE_OUTBOUND_PROXY=value, SAVE_ADMIN_PASSWORD="s3cret password").stdout


@pytest.mark.parametrize("value, visible", [
    ("https://mirror.example/a.zip?token=s3cret", "https://mirror.example/a.zip?***"),
    ("https://mirror.example/a.zip?token=me@s3cret", "https://***"),
    ("https://me:s3cret@mirror.example/a.zip?k=s3cret, https://mirror.example/b.zip", "https://***@mirror.example/a.zip?***, https://mirror.example/b.zip")])
def test_what_stands_in_the_query_of_a_url_is_not_shown(value, visible):
    assert shown(SAVE_ADVISORY_SOURCES=value)["advisory_sources"] == (visible, "the variable SAVE_ADVISORY_SOURCES")


def test_a_value_makes_up_no_line_of_another_key():
    for value in ("one\nhost = 1.2.3.4    # default", "one\u2028two", "one\x1b[2J", "one\u202eeno", " one", "one    # --data"):
        text = shown(SAVE_DATA=value)["data"][0]
        assert text.startswith('"') and text.endswith('"') and text.isprintable()


def test_a_mistake_is_told_and_nothing_is_shown(tmp_path):
    file = tmp_path / "save.conf"
    file.write_text("log_levle = debug\n")
    done = command("config", "--config", file)
    assert done.returncode == 1 and not done.stdout and "line 1" in done.stderr and "log_level" in done.stderr
    done = command("config", "--sample", "--data", "x")
    assert done.returncode == 2 and not done.stdout and "--data" in done.stderr


def test_the_sample_changes_nothing_with_its_comment_marks_or_without(tmp_path):
    # It has to be readable where the configuration is not.
    sample = command("config", "--sample", SAVE_NONSENSE="1").stdout
    keys = re.findall(r"^#([a-z0-9_]+) =(?: (.*))?$", sample, re.M)
    assert keys == KEYS
    whole = re.sub(r"^#([a-z0-9_]+ =)", r"\1", sample, flags=re.M)
    for name, text in (("sample", sample), ("whole", whole)):
        file = tmp_path / name
        file.write_text(text)
        done = command("check", "--config", file)
        assert done.returncode == 0, done.stderr
        values = shown("--config", file)
        assert {key: value for key, (value, _) in values.items()} == dict(KEYS)
        assert {source == "default" for _, source in values.values()} == {name == "sample"}


def test_the_sample_tells_what_every_key_means():
    sample = command("config", "--sample").stdout
    table = re.findall(r"^\| `([a-z0-9_]+)` \| [^|]* \| (.*) \|$", (ROOT / "docs" / "configuration.md").read_text(), re.M)
    assert [key for key, _ in table] == [key for key, _ in KEYS]
    for key, meaning in table:
        comment = re.search(r"((?:^# .*\n)+)#%s =" % key, sample, re.M).group(1)
        assert " ".join(line[2:] for line in comment.splitlines()) == meaning
    assert max(map(len, sample.splitlines())) <= 100
