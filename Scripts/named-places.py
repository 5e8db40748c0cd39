#!/usr/bin/env python3
"""Fails where a document names a file, or something declared in one, that does not exist.

A document names a file as `Folder/File.swift`, from the root of the repository, from one of ROOTS, or from its own folder. Right
behind it may stand what is declared there, as Swift writes it: `Folder/File.swift` `function(_:label:)`, `property`, `Type`.

Also looked at are links between documents, decisions that any file names by its path, and the numbers of decisions: they begin at
1, have no gaps, and stand in the title as in the name.
"""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
ROOTS = ["", "Sources", "Sources/Engine", "Sources/SavePlatform", "Tests/EndToEnd"]
DOCUMENTS = ["CONTRIBUTING.md", "docs/**/*.md", "Sources/**/README.md"]
# It names the files of a format that its reader makes.
OTHERS_FILES = "docs/writing-a-format.md"
NAMED = re.compile(r"`([\w+.-]+(?:/[\w+.-]+)+\.(?:swift|py|sh|[ch]))`((?:,? `[\w`]+(?:\([\w:]*\))?`(?!\.))*)")
LINK = re.compile(r"\[([^\]]*)\]\(([^)\s#:]+)(?:#[^)]*)?\)")
DECISION = re.compile(r"docs/adr/[0-9]{4}-[a-z0-9-]+\.md")
FUNCTION = re.compile(r"(?<![.\w])(?:func\s+(`[^`]+`|\w+)|(init)\??)\s*(?:<[^>]*>)?\(")
OTHERS = re.compile(r"\b(?:var|let|case|struct|class|enum|protocol|actor|typealias|extension)\s+(\w+)")
PAIRS = {"(": ")", "[": "]", "{": "}"}


def labels(text):
    """The labels of the parameters that a text begins with, behind the opening parenthesis."""
    depth, found, start = 0, [], 0
    for place, character in enumerate(text):
        if character in PAIRS:
            depth += 1
        elif character in PAIRS.values():
            depth -= 1
        if depth < 0 or depth == 0 and character == ",":
            part = text[start:place].strip()
            if part:
                found.append(re.match(r"(?:@\w+ )*(\w+)", part).group(1) + ":")
            start = place + 1
        if depth < 0:
            break
    return "".join(found)


def declared(path):
    """What a Swift file declares, functions with their labels."""
    text = re.sub(r"//[^\n]*", "", path.read_text())
    names = {match.group(1) for match in OTHERS.finditer(text)}
    for match in FUNCTION.finditer(text):
        names.add("%s(%s)" % ((match.group(1) or match.group(2)).strip("`"), labels(text[match.end():])))
    return names


def found(name, document):
    """The file that a document means; None where there is none."""
    places = [ROOT / root / name for root in ROOTS] + [document.parent / name]
    return next((place for place in places if place.is_file()), None)


def links(document, text):
    """What is wrong with the links of a document."""
    for number, line in enumerate(text.splitlines(), 1):
        for label, target in LINK.findall(line):
            where = "%s:%d: " % (document.relative_to(ROOT), number)
            decision = re.fullmatch(r"(?:.*/)?(\d{4})-[\w-]+\.md", target)
            if not (document.parent / target).exists():
                yield where + "there is no " + target
            elif decision and label.startswith("ADR ") and int(label[4:]) != int(decision.group(1)):
                yield where + "%s is not %s" % (target, label)


def decisions():
    """What is wrong with the numbers of decisions, and with the places that name one."""
    files = sorted((ROOT / "docs/adr").glob("*.md"))
    for number, path in enumerate(files, 1):
        if not path.name.startswith("%04d-" % number) or not path.read_text().startswith("# %d. " % number):
            yield "%s: the decision has not the number %d" % (path.relative_to(ROOT), number)
    named = subprocess.run(["git", "grep", "-nIE", DECISION.pattern], cwd=ROOT, capture_output=True, text=True)
    for line in named.stdout.splitlines():
        place, number, text = line.split(":", 2)
        yield from ("%s:%s: there is no %s" % (place, number, path) for path in DECISION.findall(text) if not (ROOT / path).exists())


def main():
    missing = list(decisions())
    tracked = subprocess.run(["git", "ls-files", "-z", "*.md"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, tracked.split("\0")):
        missing += links(ROOT / name, (ROOT / name).read_text())
    documents = sorted({path for pattern in DOCUMENTS for path in ROOT.glob(pattern)} - {ROOT / OTHERS_FILES})
    for document in documents:
        for number, line in enumerate(document.read_text().splitlines(), 1):
            for name, names in NAMED.findall(line):
                place = found(name, document)
                where = "%s:%d: " % (document.relative_to(ROOT), number)
                if place is None:
                    missing.append(where + "there is no " + name)
                    continue
                names = re.findall(r"`([^`]+)`", names)
                known = declared(place) if names and place.suffix == ".swift" else set(names)
                missing += [where + "there is no `%s` in %s" % (one, name) for one in names if one not in known]
    for line in missing:
        print("named-places: " + line, file=sys.stderr)
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
