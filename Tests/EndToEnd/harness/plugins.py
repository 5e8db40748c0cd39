"""Formats built as shared objects for the server under test."""
import pathlib
import subprocess

from harness.server import BINARY, ROOT

BUILD = BINARY.resolve().parent
SCRIPT = ROOT / "Scripts" / "build-plugin.sh"
TEMPLATE = ROOT / "Plugins" / "Template" / "Sources" / "TemplateFormat.swift"


def build(format, output):
    done = subprocess.run([str(SCRIPT), str(format), "--build", str(BUILD), "--output", str(output)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return pathlib.Path(done.stdout.strip())


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
