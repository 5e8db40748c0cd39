#!/usr/bin/env python3
"""Measures the shape of the house, and fails where it has grown out of it.

    Scripts/shape.py            the figures, and what is over its limit
    Scripts/shape.py --files T  the files in the closure of the type T, the nearest first

- Public declarations of SavePlatform: what authors of formats have to know.
- Swift files in a folder.
- Requirements of a protocol, with those that it inherits. What a store keeps is an aggregate, and may be larger. A protocol
  without requirements of its own is a name for several, and not counted.
- Files in the closure of a type: its own file, the files of the types named in it, and so on. What a reader has to open, at
  worst, to know everything about it.
"""
import collections
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
MAX_PUBLIC = 420
MAX_FILES = 15
MAX_REQUIREMENTS = 7
MAX_REQUIREMENTS_OF_STORES = 15
CLOSURES = {"RepositoryFormat": 40, "DataPlane": 70}

TYPE = re.compile(r"^(?:@\w+(?:\([^)]*\))? )*(?:(?:public|package|final|indirect) )*(?:struct|class|enum|protocol|actor|typealias) (\w+)", re.M)
PUBLIC = re.compile(r"^\s*(?:@\w+(?:\([^)]*\))? )*public (?!import)")
REQUIREMENT = re.compile(r"^    (?:@\w+ )*(?:static |mutating |nonisolated )*(?:func |var |init\(|subscript|associatedtype )")


def code(text):
    """The text without comments and strings."""
    text = re.sub(r'"(?:\\.|[^"\\\n])*"', '""', re.sub(r"//[^\n]*", "", text))
    return text


def sources(*folders):
    return {path: path.read_text() for folder in folders for path in sorted((ROOT / folder).rglob("*.swift"))}


def public_declarations():
    return sum(bool(PUBLIC.match(line)) for text in sources("Sources/SavePlatform").values() for line in text.splitlines())


def full_folders():
    counts = collections.Counter(path.parent for path in sources("Sources", "Plugins", "Tests"))
    return {str(folder.relative_to(ROOT)): count for folder, count in counts.items() if count > MAX_FILES}


def protocols():
    """Each protocol's own requirements and what it inherits."""
    found = {}
    for path, text in sources("Sources").items():
        lines = code(text).splitlines()
        for number, line in enumerate(lines):
            # What it inherits may stand on the lines below.
            head = " ".join(lines[number:number + 6]).split("{")[0] if "{" not in line else line
            match = re.match(r"(?:(?:public|package) )?protocol (\w+)(?:<[^>]*>)?(?:\s*:\s*([^{]+))?", head)
            if not match:
                continue
            own = 0
            first = next(index for index in range(number, len(lines)) if "{" in lines[index])
            if not lines[first].rstrip().endswith("}"):
                for inner in lines[first + 1:]:
                    if inner.startswith("}"):
                        break
                    own += bool(REQUIREMENT.match(inner))
            parents = re.findall(r"\w+", match.group(2) or "")
            found[match.group(1)] = (own, parents, path)
    return found


def requirements(name, known, seen=None):
    seen = seen if seen is not None else set()
    if name in seen or name not in known:
        return 0
    seen.add(name)
    own, parents, _ = known[name]
    return own + sum(requirements(parent, known, seen) for parent in parents)


def closure(start):
    """The files that a type leads to, in the order of their distance."""
    files = sources("Sources/SavePlatform", "Sources/Engine")
    places = collections.defaultdict(set)
    for path, text in files.items():
        for name in TYPE.findall(text):
            places[name].add(path)
    words = {path: set(re.findall(r"\b[A-Z]\w+", code(text))) for path, text in files.items()}
    order, queue = [], sorted(places[start])
    while queue:
        path = queue.pop(0)
        if path in order:
            continue
        order.append(path)
        for word in sorted(words[path]):
            queue += [place for place in sorted(places.get(word, ())) if place not in order and len(places[word]) == 1]
    return order


def main():
    if len(sys.argv) == 3 and sys.argv[1] == "--files":
        for path in closure(sys.argv[2]):
            print(path.relative_to(ROOT))
        return 0
    wrong = []

    def figure(what, value, limit, unit=""):
        print("shape: %-52s %5d of %d%s" % (what, value, limit, unit))
        if value > limit:
            wrong.append("%s: %d, more than %d" % (what, value, limit))

    figure("public declarations of SavePlatform", public_declarations(), MAX_PUBLIC)
    for folder, count in sorted(full_folders().items()):
        figure("files in " + folder, count, MAX_FILES)
    known = protocols()
    for name, (own, _, path) in sorted(known.items()):
        # The kit's doubles of stores forward everything.
        if own == 0 or "SaveTestKit" in str(path):
            continue
        limit = MAX_REQUIREMENTS_OF_STORES if "Engine/Storage" in str(path) else MAX_REQUIREMENTS
        count = requirements(name, known)
        if count > limit:
            figure("requirements of " + name, count, limit)
    for name, limit in CLOSURES.items():
        figure("files in the closure of " + name, len(closure(name)), limit)
    for line in wrong:
        print("shape: " + line, file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
