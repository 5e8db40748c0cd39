"""Backups: made beside a running server, restored elsewhere, and refused where they would do harm."""
import hashlib
import json
import os
import pathlib
import shutil
import signal
import stat
import subprocess
import threading

import pytest

import make_fixtures
from harness.server import BINARY, clean_environment, command
from harness.waiting import until


@pytest.fixture
def filled(new_server):
    """A server with a wheel, a large file and a robot's key."""
    server = new_server("data")
    server.create("team/hosted")
    server.create("team/raw", format="raw")
    assert server.admin.upload("team/hosted", make_fixtures.wheel("plain", "1.0")).status_code == 200
    assert server.admin.put("/raw/team/raw/large.bin", data=b"0123456789abcdef" * 300_000).status_code == 201
    return server


def blobs(folder):
    return {path.name for path in (pathlib.Path(folder) / "blobs").glob("??/??/*")}


def test_a_backup_of_a_running_server_is_restored_as_a_server_that_knows_everyone(filled, new_server, tmp_path):
    robot, key = filled.robot("team", "viewer")
    made = command("backup", "--data", filled.data, tmp_path / "backup")
    assert made.returncode == 0 and "2 there already" not in made.stdout, (made.stdout, made.stderr)
    # What is published after the backup is not in it.
    assert filled.admin.upload("team/hosted", make_fixtures.wheel("plain", "2.0")).status_code == 200
    restored = command("restore", "--data", tmp_path / "restored", tmp_path / "backup")
    assert restored.returncode == 0, restored.stderr
    assert command("verify", "--data", tmp_path / "restored").returncode == 0
    # Nothing stays under the name that the database had before it was whole.
    assert not [*(tmp_path / "backup").glob("*.new*"), *(tmp_path / "restored").glob("*.new*")]
    server = new_server("restored")
    page = server.client(robot, key).page("team/hosted", "plain")
    assert page.status_code == 200 and "plain-1.0" in page.text and "plain-2.0" not in page.text
    assert len(server.admin.get("/raw/team/raw/large.bin").content) == 16 * 300_000


def test_a_second_backup_copies_what_is_new_and_drops_what_is_gone(filled, tmp_path):
    target = tmp_path / "backup"
    assert command("backup", "--data", filled.data, target).returncode == 0
    before = blobs(target)
    assert filled.admin.upload("team/hosted", make_fixtures.wheel("plain", "2.0")).status_code == 200
    assert filled.admin.delete("/raw/team/raw/large.bin").status_code == 204
    again = command("backup", "--data", filled.data, target)
    assert again.returncode == 0 and again.stdout.startswith("2 files copied"), again.stdout    # the wheel and its metadata
    assert len(blobs(target) - before) == 2 and len(before - blobs(target)) == 1
    assert command("verify", "--data", target).returncode == 0


def test_a_backup_is_as_private_as_the_data_directory(filled, tmp_path):
    target = tmp_path / "backup"
    assert command("backup", "--data", filled.data, target).returncode == 0
    for path in [target, *target.rglob("*")]:
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


def test_a_backup_while_files_come_and_go_is_sound(filled, tmp_path):
    stop, failures = threading.Event(), []

    def publish():
        number = 0
        while not stop.is_set():
            number += 1
            answer = filled.admin.put("/raw/team/raw/%d.bin" % number, data=b"x" * number)
            failures.extend([answer.text] if answer.status_code != 201 else [])
            filled.admin.delete("/raw/team/raw/%d.bin" % (number - 1))

    writer = threading.Thread(target=publish)
    writer.start()
    try:
        for number in range(3):
            made = command("backup", "--data", filled.data, tmp_path / "backup")
            assert made.returncode == 0, made.stdout + made.stderr
    finally:
        stop.set()
        writer.join()
    assert not failures
    assert command("restore", "--data", tmp_path / "restored", tmp_path / "backup").returncode == 0
    assert command("verify", "--data", tmp_path / "restored").returncode == 0


def beginning_with(digit, size):
    """Bytes whose digest begins with a digit."""
    return next(content for content in (b"%d" % number + b"x" * size for number in range(10_000))
                if hashlib.sha256(content).hexdigest().startswith(digit))


def test_what_is_collected_while_a_backup_runs_is_no_damage_and_the_backup_is_whole(filled, tmp_path):
    server, backup = filled, tmp_path / "backup"
    server.stop()
    server.environment["SAVE_GC_GRACE"] = "60"
    server.start()
    for number in range(3):
        assert server.admin.put("/raw/team/raw/large%d" % number, data=beginning_with("0", (8 << 20) + number)).status_code == 201
    last = beginning_with("f", 10)
    assert server.admin.put("/raw/team/raw/last", data=last).status_code == 201
    name = hashlib.sha256(last).hexdigest()
    stored = server.data / "blobs" / name[:2] / name[2:4] / name
    os.utime(stored, (0, 0))
    # Held once the database is copied: files are copied in the order of their digests, this one at the end.
    run = subprocess.Popen([str(BINARY), "backup", "--data", str(server.data), str(backup)], stdout=subprocess.PIPE, text=True,
                           env=clean_environment())
    until(lambda: (backup / "blobs").exists(), "files are copied", pause=0)
    run.send_signal(signal.SIGSTOP)
    assert not (backup / "blobs" / name[:2] / name[2:4] / name).exists(), "the backup was faster"
    assert server.admin.delete("/raw/team/raw/last").status_code == 204
    server.admin.ok("POST", "/api/v1/admin/gc")
    assert not stored.exists()
    assert server.admin.put("/raw/team/raw/later", data=b"later").status_code == 201
    run.send_signal(signal.SIGCONT)
    told = run.communicate(timeout=300)[0]
    assert run.returncode == 0 and "0 damaged" in told, told
    manifest = json.loads((backup / "backup.json").read_text())
    assert manifest["complete"] and manifest["damaged_files"] == 0 and manifest["files"] == len(blobs(backup))
    restored = command("restore", "--data", tmp_path / "restored", backup)
    assert restored.returncode == 0, restored.stdout + restored.stderr
    assert command("verify", "--data", tmp_path / "restored").returncode == 0

    # A file that is lost is told of, however often the database is copied.
    lost = next((server.data / "blobs").glob("??/??/*"))
    lost.unlink()
    made = command("backup", "--data", server.data, tmp_path / "second")
    assert made.returncode == 1 and made.stdout.count(lost.name) == 1 and "1 damaged" in made.stdout, made.stdout


def test_a_key_of_another_server_is_noticed_wherever_it_is_used(filled, new_server, tmp_path):
    data, backup = filled.data, tmp_path / "backup"
    assert command("backup", "--data", data, backup).returncode == 0
    filled.stop()
    right, wrong = (data / "server.key").read_bytes(), b"x" * 32
    because = "is not the key that the data beside it was made with"
    (data / "server.key").write_bytes(wrong)
    for words in (["serve", "--listen", "127.0.0.1:0"], ["check"], ["verify"], ["backup", tmp_path / "other"]):
        refused(*words, "--data", data, because=because)
    assert not (tmp_path / "other" / "server.key").exists()
    (data / "server.key").write_bytes(right)
    assert command("check", "--data", data).returncode == 0
    (backup / "server.key").write_bytes(wrong)
    refused("restore", "--data", tmp_path / "restored", backup, because=because)
    # The operator may go on with it, and a directory of an earlier version has no note yet.
    (data / "server.key").write_bytes(wrong)
    (data / "server.key.check").unlink()
    filled.start()
    assert filled.stop() == 0
    (data / "server.key").write_bytes(right)
    refused("serve", "--data", data, "--listen", "127.0.0.1:0", because=because)


def test_a_damaged_file_is_named_and_all_else_is_copied(filled, tmp_path):
    victim = next((filled.data / "blobs").glob("??/??/*"))
    content = bytearray(victim.read_bytes())
    content[0] ^= 1
    victim.write_bytes(content)
    made = command("backup", "--data", filled.data, tmp_path / "backup")
    assert made.returncode == 1 and victim.name in made.stdout, made.stdout
    assert len(blobs(tmp_path / "backup")) == len(blobs(filled.data)) - 1
    restored = command("restore", "--data", tmp_path / "restored", tmp_path / "backup")
    assert restored.returncode == 1 and victim.name in restored.stdout, restored.stdout


def refused(*arguments, because):
    run = command(*arguments)
    assert run.returncode == 1 and because in run.stderr and run.stderr.count("\n") == 1, (run.returncode, run.stderr)


def test_what_would_do_harm_is_refused_with_one_line(filled, tmp_path):
    data, backup, full = filled.data, tmp_path / "backup", tmp_path / "full"
    full.mkdir()
    (full / "thesis.txt").write_text("mine")
    refused("backup", "--data", tmp_path / "nothing", backup, because="no server's data")
    assert not backup.exists()
    refused("backup", "--data", data, data / "backup", because="in the data directory")
    refused("backup", "--data", data, data, because="in the data directory")
    refused("backup", "--data", data, full, because="not empty")
    assert command("backup", "--data", data, backup).returncode == 0
    refused("restore", "--data", full, backup, because="not empty")
    refused("restore", "--data", data, backup, because="in use")
    refused("restore", "--data", tmp_path / "new", full, because="holds no backup")
    assert not (tmp_path / "new").exists() and (full / "thesis.txt").read_text() == "mine"

    manifest = json.loads((backup / "backup.json").read_text())
    (backup / "backup.json").write_text(json.dumps(dict(manifest, complete=False)))
    refused("restore", "--data", tmp_path / "new", backup, because="interrupted")
    (backup / "backup.json").write_text(json.dumps(dict(manifest, database_sha256="0" * 64)))
    refused("restore", "--data", tmp_path / "new", backup, because="damaged")


def test_a_server_starts_on_no_directory_that_has_lost_a_part_and_makes_nothing_in_its_place(filled, tmp_path):
    assert filled.stop() == 0
    aside = tmp_path / "aside"
    for part, words in {"server.key": "server.key, is missing", "save.db": "save.db, is missing", "blobs": "blobs are missing"}.items():
        (filled.data / part).rename(aside)
        before = sorted(path.name for path in filled.data.iterdir())
        for arguments in (["serve", "--listen", "127.0.0.1:0"], ["verify"], ["gc"], ["user", "list"]):
            refused(*arguments, "--data", filled.data, because=words)
        assert sorted(path.name for path in filled.data.iterdir()) == before
        aside.rename(filled.data / part)
    assert filled.start().admin.get("/raw/team/raw/large.bin").status_code == 200


def test_a_restore_that_was_killed_is_no_server(filled, tmp_path):
    backup, half = tmp_path / "backup", tmp_path / "half"
    assert command("backup", "--data", filled.data, backup).returncode == 0
    # What is there before the first stored file: of this version, and of one that left no word of it.
    for mark in ("restoring\n", None):
        half.mkdir(mode=0o700)
        shutil.copy(backup / "server.key", half / "server.key")
        shutil.copy(backup / "save.db", half / "save.db.new")
        (half / "blobs" / "tmp").mkdir(parents=True)
        if mark:
            (half / "save.state").write_text(mark)
        refused("serve", "--listen", "127.0.0.1:0", "--data", half, because="restore" if mark else "missing")
        shutil.rmtree(half)
    # A backup that was interrupted has names without bytes: they are copied again.
    manifest = json.loads((backup / "backup.json").read_text())
    (backup / "backup.json").write_text(json.dumps(dict(manifest, complete=False)))
    victim = max((backup / "blobs").glob("??/??/*"), key=lambda path: path.stat().st_size)
    victim.write_bytes(bytes(victim.stat().st_size))
    again = command("backup", "--data", filled.data, backup)
    assert again.returncode == 0 and again.stdout.startswith("1 files copied"), again.stdout
    assert command("restore", "--data", half, backup).returncode == 0
    assert command("verify", "--data", half).returncode == 0


def test_what_yesterdays_database_has_not_heard_of_is_listed_and_published_again(new_server, tmp_path):
    server = new_server("data")
    server.create("team/hosted")
    server.create("team/raw", format="raw")
    assert server.admin.upload("team/hosted", make_fixtures.wheel("plain", "1.0")).status_code == 200
    assert server.stop() == 0
    shutil.copy(server.data / "save.db", tmp_path / "yesterday.db")
    since = [make_fixtures.wheel("plain", "1.1"), make_fixtures.wheel("Camel.Case", "1!2.0", spelled="Camel.Case", tag="py2.py3-none-any"),
             make_fixtures.sdist("source-only", "0.3")]
    server.start()
    for item in since:
        assert server.admin.upload("team/hosted", item).status_code == 200
    assert server.admin.put("/raw/team/raw/notes.txt", data=b"a note of today").status_code == 201
    assert server.stop() == 0
    shutil.copy(tmp_path / "yesterday.db", server.data / "save.db")
    (server.data / "audit-anchors").rename(tmp_path / "audit-anchors")     # the older trail is put back on purpose

    listed = command("verify", "--data", server.data)
    note = hashlib.sha256(b"a note of today").hexdigest()
    assert listed.returncode == 0, listed.stdout        # what is deleted and not collected yet looks the same
    for digest in [item.sha256 for item in since] + [note]:
        assert "unknown: %s" % digest in listed.stdout, listed.stdout
    dry = command("import", "--data", server.data, "--from-blobs", "--repository", "team/hosted", "--dry-run")
    assert dry.returncode == 0 and "3 would be published" in dry.stdout, dry.stdout
    done = command("import", "--data", server.data, "--from-blobs", "--repository", "team/hosted")
    assert done.returncode == 0 and "3 published" in done.stdout, done.stdout
    rest = command("import", "--data", server.data, "--from-blobs", "--repository", "team/raw")
    assert rest.returncode == 0 and "recovered/" + note in rest.stdout, rest.stdout
    assert "unknown" not in command("verify", "--data", server.data).stdout
    server.start()
    for item in since:
        page = server.admin.page("team/hosted", item.project).text
        assert item.filename.replace("!", "%21") in page or item.filename in page, page
        assert item.sha256 in page
    assert server.admin.get("/raw/team/raw/recovered/" + note).content == b"a note of today"
