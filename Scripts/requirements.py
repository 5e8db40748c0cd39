#!/usr/bin/env python3
"""Compares the table of docs/pypi.md with the tests whose names start with a requirement's id.

    Scripts/requirements.py            says what differs, and fails when something does
    Scripts/requirements.py --write    puts the tests that are there into the table

A test shows R-20 when its name starts with it: `R-20 text is escaped` in Swift, `test_r20_text_is_escaped` in pytest; a test
of several names them one after the other. The last column says `open` for what no test shows, `shown`, or, in a person's
words, `partly` and what is missing.
"""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
TABLE = ROOT / "docs" / "pypi.md"
IDS = ["R-%02d" % number for number in range(1, 83)]
IDS.insert(IDS.index("R-32") + 1, "R-32a")
IDS += ["T%d" % number for number in range(1, 11)]

SWIFT = re.compile(r"func `((?:R-\d+|T\d+)[^`]*)`")
PYTEST = re.compile(r"^def (test_(?:r|t)\d+[a-z]?_\w*)\(", re.M)
ROW = re.compile(r"^\| (R-\d+a?|T\d+) \| (.*?) \| (.*?) \| (.*?) \|$", re.M)


def spelled(kind, number, letter=""):
    return ("R-%02d%s" if kind.upper() == "R" else "T%d%s") % (int(number), letter)


def ids_of(name):
    """The ids at the start of a test's name. Threats are numbered T01, T23 and so on; those are no traps."""
    return [spelled(*part) for part in parts_of(name) if part[0].upper() == "R" or "T" + part[1] in IDS]


def parts_of(name):
    """The ids at the start of a test's name, as kind, number and letter."""
    if name.startswith("test_"):
        found = re.match(r"test((?:_[rt]\d+a?(?=_))+)", name)
        return re.findall(r"_([rt])(\d+)(a?)", found.group(1)) if found else []
    found = re.match(r"((?:(?:R-|T)\d+a?[\s,:]+(?:and )?)+)", name)
    return re.findall(r"(R|T)-?(\d+)(a?)", found.group(1)) if found else []


def tests():
    """The tests of each id, as (file, name), in the order of the files."""
    shown = {}
    listed = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "Tests"], cwd=ROOT, check=True,
                            stdout=subprocess.PIPE, text=True).stdout
    for path in sorted(filter(None, listed.split("\0"))):
        pattern = {".swift": SWIFT, ".py": PYTEST}.get(pathlib.Path(path).suffix)
        if pattern and (ROOT / path).exists():
            for name in pattern.findall((ROOT / path).read_text()):
                for identifier in ids_of(name):
                    shown.setdefault(identifier, []).append((path, name))
    return shown


def cell(found):
    """The tests of a row, by file."""
    files = {}
    for path, name in found:
        files.setdefault(path, []).append("`%s`" % name.replace("|", "\\|"))
    return "<br>".join("[%s](../%s): %s" % (pathlib.Path(path).name, path, ", ".join(names)) for path, names in files.items()) or "–"


def with_tests(row, shown):
    """The row as it should stand."""
    identifier, requirement, _, state = row.groups()
    found = shown.get(identifier, [])
    if bool(found) == state.startswith("open"):
        state = "shown" if found else "open"
    return "| %s | %s | %s | %s |" % (identifier, requirement, cell(found), state)


def differences(text, shown):
    written = [row.group(1) for row in ROW.finditer(text)]
    for identifier in IDS:
        if written.count(identifier) != 1:
            yield "%s has %d rows" % (identifier, written.count(identifier))
    for identifier in sorted(set(written) - set(IDS)) + sorted(set(shown) - set(IDS)):
        yield "%s is no requirement" % identifier
    for row in ROW.finditer(text):
        if row.group(0) != with_tests(row, shown):
            yield "%s: its row does not name the tests that there are (Scripts/requirements.py --write)" % row.group(1)


def main(arguments):
    text, shown = TABLE.read_text(), tests()
    if arguments == ["--write"]:
        text = ROW.sub(lambda row: with_tests(row, shown), text)
        TABLE.write_text(text)
    elif arguments:
        sys.exit(__doc__)
    found = list(differences(text, shown))
    for line in found:
        print("requirements: " + line, file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
