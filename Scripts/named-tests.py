#!/usr/bin/env python3
"""Fails where a document names a test that does not exist.

A document names tests as `[File](../Tests/File): `test`, `test``, in a cell of a table or in a sentence. Tests are functions of
pytest and of Swift Testing, by the names that they are declared with. A name of pytest's form is a test of some file wherever it stands. In a table whose last
column is called "test", every row has one, or a file of tests.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
NAMED = re.compile(r"\[[^\]]+\]\(\.\./((?:Tests|Plugins)/[^)]+\.(?:swift|py))\): ((?:`[^`]+`(?:, )?)+)")
DECLARED = {".py": re.compile(r"^\s*def (test_\w+)\(", re.M), ".swift": re.compile(r"func (?:`([^`]+)`|(\w+))\(")}


def declared(path):
    """The names of the tests in a file."""
    if not path.exists():
        return set()
    return {next(filter(None, match.groups())) for match in DECLARED[path.suffix].finditer(path.read_text())}


def untested(document):
    """What the rows of tables with tests name that there is not, and those that name nothing."""
    known = set().union(*(declared(path) for path in (ROOT / "Tests" / "EndToEnd").glob("test_*.py")))
    isTable = False
    for number, line in enumerate(document.read_text().splitlines(), 1):
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] if line.startswith("|") else []
        if not cells:
            isTable = False
        elif cells[-1] == "test":
            isTable = True
        elif isTable and not cells[-1].startswith("---"):
            files = re.findall(r"\]\(([^)]+)\)", cells[-1])
            if not files and not re.search(r"`test_\w+`", cells[-1]):
                yield number, "a row without a test"
            yield from ((number, "there is no %s" % file) for file in files if not (document.parent / file).exists())
        yield from ((number, "there is no `%s`" % name) for name in re.findall(r"`(test_\w+)`", line) if name not in known)


def main():
    missing = []
    for document in sorted((ROOT / "docs").rglob("*.md")):
        for number, line in enumerate(document.read_text().splitlines(), 1):
            for path, names in NAMED.findall(line):
                known = declared(ROOT / path)
                missing += ["%s:%d: there is no `%s` in %s" % (document.relative_to(ROOT), number, name, path)
                            for name in re.findall(r"`([^`]+)`", names.replace("\\|", "|")) if name not in known]
        missing += ["%s:%d: %s" % (document.relative_to(ROOT), number, what) for number, what in untested(document)]
    for line in missing:
        print("named-tests: " + line, file=sys.stderr)
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
