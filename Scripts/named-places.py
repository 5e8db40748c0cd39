#!/usr/bin/env python3
"""Fails where a document names a file, or something declared in one, that does not exist.

A document names a file as `Folder/File.swift`, from the root of the repository, from one of ROOTS, or from its own folder. Right
behind it may stand what is declared there, as Swift writes it: `Folder/File.swift` `function(_:label:)`, `property`, `Type`.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
ROOTS = ["", "Sources", "Sources/Engine", "Sources/SavePlatform", "Tests/EndToEnd"]
DOCUMENTS = ["CONTRIBUTING.md", "docs/**/*.md", "Sources/**/README.md"]
# It names the files of a format that its reader makes.
OTHERS_FILES = "docs/writing-a-format.md"
NAMED = re.compile(r"`([\w+.-]+(?:/[\w+.-]+)+\.(?:swift|py|sh|[ch]))`((?:,? `[\w`]+(?:\([\w:]*\))?`(?!\.))*)")
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


def main():
    missing = []
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
