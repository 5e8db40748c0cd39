#!/usr/bin/env python3
"""Draws the modules and what they are built on, from Package.swift: docs/modules.svg.

    Scripts/module-figure.py            writes the figure
    Scripts/module-figure.py --check    fails where the figure is not that of Package.swift

A module stands above all that it imports. An arrow that follows from others is left out: what a module imports by way of
another one, it may import itself as well. C modules and tests are left out, and so are most arrows of SaveServer, which puts
everything together, and of the test kit. The contract and the engine stand in the middle, what reads on the left, the outside world on the right.
"""
import json
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
FIGURE = ROOT / "docs" / "modules.svg"
WIDTH, BOX, HEIGHT, GAP, ROW = 1120, 124, 34, 16, 76
KINDS = [
    ("Sources/Readers/", "reader", "readers of files"),
    ("Sources/SavePlatform", "contract", "what a format sees"),
    ("Sources/Engine/", "engine", "the engine"),
    ("Sources/Adapters/", "adapter", "the outside world"),
    ("Sources/Formats/", "format", "formats"),
    ("Plugins/", "format", "formats"),
    ("Sources/", "top", "built on the engine"),
]
STYLE = """
  text { font: 13px system-ui, sans-serif; fill: #1f2933; text-anchor: middle }
  .key { text-anchor: start; fill: #52606d }
  rect { rx: 5px; stroke: #52606d; fill: #f5f7fa }
  .reader { fill: #e3f8ff } .contract { fill: #fff3c4; stroke-width: 2 } .engine { fill: #e3f9e5 }
  .adapter { fill: #ffe3ec } .format { fill: #eae2f8 } .top { fill: #f5f7fa }
  path { fill: none; stroke: #9aa5b1 }
  @media (prefers-color-scheme: dark) {
    svg { background: #1f2933 } text { fill: #f5f7fa } .key { fill: #cbd2d9 } rect { stroke: #cbd2d9 } path { stroke: #7b8794 }
    .reader { fill: #0b4f6c } .contract { fill: #6b4e00 } .engine { fill: #14532d } .adapter { fill: #6b1d3a }
    .format { fill: #44337a } .top { fill: #323f4b }
  }
"""


def modules():
    """The modules with what they depend on, as the package manager reads them."""
    package = json.loads(subprocess.run(
        ["swift", "package", "--ignore-lock", "dump-package"], cwd=ROOT, check=True, capture_output=True, text=True).stdout)
    found = {}
    for target in package["targets"]:
        path = target.get("path") or ""
        if target["type"] in ("system", "test") or path.startswith(("Sources/CSystem", "Tests/")):
            continue
        names = [next(iter(dependency.values()))[0] for dependency in target["dependencies"]]
        found[target["name"]] = (path, names)
    return {name: (path, [other for other in names if other in found]) for name, (path, names) in found.items()}


def reach(name, found, memory):
    if name not in memory:
        memory[name] = set().union(*[{other} | reach(other, found, memory) for other in found[name][1]], set())
    return memory[name]


def layers(found):
    levels = {}

    def level(name):
        if name not in levels:
            levels[name] = max([level(other) + 1 for other in found[name][1]], default=0)
        return levels[name]

    rows = {}
    for name in found:
        rows.setdefault(level(name), []).append(name)
    return [rows[number] for number in sorted(rows)]


def kind(path):
    return next(name for prefix, name, _ in KINDS if path.startswith(prefix))


def draw(found):
    memory, places, parts = {}, {}, []
    rows = layers(found)
    bottom = 24 + ROW * len(rows)
    for number, row in enumerate(rows):
        row.sort(key=lambda name: ([prefix for prefix, _, _ in KINDS].index(
            next(prefix for prefix, _, _ in KINDS if found[name][0].startswith(prefix))), name))
        middle = [name for name in row if kind(found[name][0]) in ("contract", "engine", "top")][:1]
        left = [name for name in row if kind(found[name][0]) in ("reader", "format")]
        right = [name for name in row if name not in middle + left]
        for names, step in ((middle, 0), (left, -1), (right, 1)):
            for index, name in enumerate(names, 1):
                places[name] = (WIDTH / 2 - BOX / 2 + step * index * (BOX + GAP), bottom - ROW * (number + 1))
    for name, (_, direct) in found.items():
        direct = {"SaveServer": ["SaveAPI"], "SaveTestKit": ["SaveServing"]}.get(name, direct)
        inherited = set().union(*[reach(other, found, memory) for other in direct], set())
        for other in sorted(set(direct) - inherited):
            (x1, y1), (x2, y2) = places[name], places[other]
            x1, x2, y1 = x1 + BOX / 2, x2 + BOX / 2, y1 + HEIGHT
            middle = (y1 + y2) / 2
            parts.append('<path d="M%.1f %.1f C%.1f %.1f %.1f %.1f %.1f %.1f"/>' % (x1, y1, x1, middle, x2, middle, x2, y2))
    for name, (path, _) in found.items():
        x, y = places[name]
        parts.append('<rect class="%s" x="%.1f" y="%.1f" width="%d" height="%d"><title>%s</title></rect>' % (
            kind(path), x, y, BOX, HEIGHT, path))
        parts.append('<text x="%.1f" y="%.1f">%s</text>' % (x + BOX / 2, y + HEIGHT / 2 + 5, name))
    seen = []
    for _, name, text in KINDS:
        if name not in seen:
            x = 20 + 180 * len(seen)
            parts.append('<rect class="%s" x="%d" y="%d" width="16" height="16"/><text class="key" x="%d" y="%d">%s</text>' % (
                name, x, bottom + 4, x + 24, bottom + 17, text))
            seen.append(name)
    left = min(0, *(int(x) - GAP for x, _ in places.values()))
    right = max(WIDTH, *(int(x) + BOX + GAP for x, _ in places.values()))
    head = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="%d 0 %d %d" role="img" aria-label="The modules of Save">' % (left, right - left, bottom + 32)
    return "\n".join([head, "<style>%s</style>" % STYLE, *parts, "</svg>", ""])


def main():
    figure = draw(modules())
    if "--check" not in sys.argv:
        FIGURE.write_text(figure)
        return 0
    if not FIGURE.exists() or FIGURE.read_text() != figure:
        print("module-figure: docs/modules.svg is not that of Package.swift; run Scripts/module-figure.py", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
