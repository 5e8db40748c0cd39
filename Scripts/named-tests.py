#!/usr/bin/env python3
"""Fails where a document names a test that does not exist.

A document names tests as `[File](../Tests/File): `test`, `test``, in a cell of a table or in a sentence. Tests are functions of
pytest and of Swift Testing, by the names that they are declared with.
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


def main():
    missing = []
    for document in sorted((ROOT / "docs").rglob("*.md")):
        for number, line in enumerate(document.read_text().splitlines(), 1):
            for path, names in NAMED.findall(line):
                known = declared(ROOT / path)
                missing += ["%s:%d: there is no `%s` in %s" % (document.relative_to(ROOT), number, name, path)
                            for name in re.findall(r"`([^`]+)`", names.replace("\\|", "|")) if name not in known]
    for line in missing:
        print("named-tests: " + line, file=sys.stderr)
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
