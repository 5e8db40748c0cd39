"""The blocks of commands in a document, and how they are run word by word."""
import dataclasses
import os
import subprocess

from harness.server import clean_environment


@dataclasses.dataclass
class Block:
    line: int
    mark: str
    text: str


def blocks(page):
    """The fenced blocks of a Markdown file, in order, each with its line and its mark."""
    found, lines = [], page.read_text().splitlines()
    start = None
    for number, line in enumerate(lines, 1):
        if start is None and line.startswith("```"):
            start = Block(number, line[3:].strip(), "")
        elif start is not None and line == "```":
            found.append(start)
            start = None
        elif start is not None:
            start.text += line + "\n"
    assert start is None, "the block of line %d has no end" % start.line
    return found


def run(script, folder, path=(), timeout=60, **environment):
    """Runs commands as a reader pastes them: in bash, in one folder, with further folders at the front of the path."""
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script], cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, timeout=timeout,
        env=clean_environment(PATH=":".join([*map(str, path), os.environ["PATH"]]), **environment))
