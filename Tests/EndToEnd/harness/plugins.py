"""Formats built as shared objects for the server under test."""
import fcntl
import hashlib
import pathlib
import subprocess

from harness.server import BINARY, ROOT, command

BUILD = BINARY.resolve().parent
SCRIPT = ROOT / "Scripts" / "build-plugin.sh"
TEMPLATE = ROOT / "Plugins" / "Template" / "Sources" / "TemplateFormat.swift"


def build(format, output):
    done = subprocess.run([str(SCRIPT), str(format), "--build", str(BUILD), "--output", str(output)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return pathlib.Path(done.stdout.strip())


def shared(name):
    """A format of Plugins, built once for all files of tests that want it, for as long as neither it nor the server changes."""
    sources = sorted((ROOT / "Plugins" / name / "Sources").rglob("*.swift"))
    state = hashlib.sha256(command("formats", "--fingerprint").stdout.encode())
    for source in sources:
        state.update(source.read_bytes())
    folder = BUILD / "plugins-for-tests"
    folder.mkdir(exist_ok=True)
    with open(folder / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        output = folder / ("%s-%s.so" % (name, state.hexdigest()[:16]))
        return output if output.exists() else build(name, output)


def variant(folder, name, **replaced):
    """A copy of the Template under another name, with some of its text replaced."""
    sources = folder / name / "Sources"
    sources.mkdir(parents=True)
    text = TEMPLATE.read_text().replace("TemplateFormat", name + "Format")
    for old, new in replaced.items():
        assert old in text, old
        text = text.replace(old, new)
    (sources / (name + "Format.swift")).write_text(text)
    return folder / name


def beside_the_template(folder, name):
    """The format of a folder in `plugins` here, which makes use of the Template."""
    sources = folder / name / "Sources"
    sources.mkdir(parents=True)
    (sources / TEMPLATE.name).write_text(TEMPLATE.read_text())
    for source in (ROOT / "Tests" / "EndToEnd" / "plugins" / name / "Sources").iterdir():
        (sources / source.name).write_text(source.read_text())
    return folder / name
