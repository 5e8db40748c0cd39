"""What clients print when something is refused, as docs/policies.md shows it: collected by the tests, normalised, compared with the
page, and put into it by Scripts/refusal-table.py."""
from __future__ import annotations

import fcntl
import os
import re

from .server import ROOT

PAGE = ROOT / "docs" / "policies.md"
BEGIN, END = "<!-- what clients print -->\n", "<!-- end of what clients print -->\n"

# What is refused, in the order of the page, and the clients that meet it, in the order of their rows.
PYTHON = ["pip 20.3", "pip", "uv", "poetry 1.8", "poetry 2", "pdm"]
NODE = ["npm", "yarn 1", "yarn 3"]
INSTALLERS = PYTHON + NODE
PUBLISHERS = ["twine 4", "twine 6", "twine 7", "uv publish", "npm publish"]
KINDS = {
    "pinned": ("A pinned version is refused by a policy", INSTALLERS),
    "locked": ("A version in a lock file is refused by a policy", INSTALLERS),
    "unpinned": ("The newest version is refused, and the one before it is installed", INSTALLERS),
    "ranged": ("A range has refused versions only", INSTALLERS),
    "omitted": ("A pinned version is refused by a policy with `omit`", INSTALLERS),
    "quarantined": ("The package of a version in a lock file is in quarantine", PYTHON),
    "host": ("A file of a version in a lock file is on a host that `allowed_file_hosts` lacks", PYTHON),
    "password": ("The password is wrong", INSTALLERS),
    "reader": ("An account that may only read publishes", PUBLISHERS),
    "taken": ("The name of a published file has other bytes", PUBLISHERS),
}
NAMES = {"pip-oldest": "pip 20.3", "pip-newest": "pip", "poetry1": "poetry 1.8", "poetry2": "poetry 2", "yarn1": "yarn 1", "yarn3": "yarn 3",
         "twine4": "twine 4", "twine6": "twine 6", "twine7": "twine 7"}
NOTHING = "–"


def plain(text):
    """Without colours, and with one space wherever a client broke a line or drew a frame."""
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text)
    return " ".join(re.sub(r"^\s*\||[│╭╰╮╯─×┃]", " ", text).split())


def normalised(text):
    """Without what differs from run to run."""
    for pattern, word in (
            (r"https?://[^\s'\")>]*/ui/why/[^\s'\")>]*", "<why>"), (r"https?://[^\s'\"`)>,]+", "<url>"), (r"\b127\.0\.0\.1(:\d+)?", "<host>"),
            (r"(?<![\w<])/(?:[\w.+~-]+/)+[\w.+~-]*", "<path>"), (r"\b\d{4}-\d\d-\d\d(T[\d:.]+Z)?\b", "<date>"),
            (r"\b[0-9a-f]{32,64}\b", "<digest>"), (r"\b[A-Z0-9]{20,}\b", "<id>"), (r"\b\d+(\.\d+)? ?(ms|s|kB/s|kB|B)\b", "<size>")):
        text = re.sub(pattern, word, text)
    return text


def sentence(line):
    """The line of a refusal without the link behind it."""
    return re.sub(r"; https?://\S+$", "", line)


def excerpt(text, *words):
    """What a client says with the first of these words that it says: the fewest lines that have it, as one."""
    lines = [line for line in map(plain, text.replace("\r", "\n").splitlines()) if line]
    for word in words:
        # A client breaks lines where it likes, also within a word.
        word = re.sub(r"\s", "", word)
        for length in range(1, len(lines) + 1):
            for start in range(len(lines) - length + 1):
                run = lines[start:start + length]
                if word in re.sub(r"\s", "", "".join(run)):
                    return normalised(" ".join(run))
    return None


# -- the page

def written():
    """The cells of the page: what each client prints, by kind and client."""
    text = PAGE.read_text()
    if BEGIN not in text:
        return {}
    cells = {}
    for line in text.partition(BEGIN)[2].partition(END)[0].splitlines():
        heading = re.fullmatch(r"\*\*(.+?)\.\*\*", line)
        if heading:
            kind = next(kind for kind, (title, _) in KINDS.items() if title == heading.group(1))
        row = re.fullmatch(r"\| (.+?) \| (.+) \|", line)
        if row and row.group(1) not in ("client", "---"):
            for client in row.group(1).split(", "):
                cells[kind, client] = uncoded(row.group(2))
    return cells


def coded(cell):
    return cell if cell == NOTHING else "`%s`" % cell.replace("`", "'").replace("|", "\\|")


def uncoded(cell):
    return cell if cell == NOTHING else cell.strip("`").replace("\\|", "|")


def rendered(cells):
    """The tables, with one row for clients that print the same."""
    parts = []
    for kind, (title, clients) in KINDS.items():
        rows = {}
        for client in clients:
            rows.setdefault(cells.get((kind, client), "?"), []).append(client)
        parts.append("**%s.**\n\n| client | prints |\n| --- | --- |\n%s" % (
            title, "".join("| %s | %s |\n" % (", ".join(who), coded(cell)) for cell, who in rows.items())))
    return "\n".join(parts)


def put(cells):
    """Puts cells into the page, beside those that are there."""
    with open(ROOT / ".build" / "refusals.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        text = PAGE.read_text()
        before, _, rest = text.partition(BEGIN)
        after = rest.partition(END)[2]
        PAGE.write_text(before + BEGIN + "\n" + rendered({**written(), **cells}) + "\n" + END + after)


class Collector:
    """The cells that the tests of a file found out. The page has what the versions of `Tests/EndToEnd/clients` print; others, as a
    machine's own npm may be, are `strangers`."""

    def __init__(self, strangers=()):
        self.known, self.found, self.strangers = written(), {}, strangers
        self.writes = os.environ.get("SAVE_WRITE_TABLES") == "1"

    def say(self, kind, client, text):
        """Compares what a client printed with the page, unless the page is written."""
        client = NAMES.get(client, client)
        assert client in KINDS[kind][1], (kind, client)
        if client in self.strangers:
            return
        cell = (text or NOTHING).replace("`", "'")
        self.found[kind, client] = cell
        if not self.writes:
            assert cell == self.known.get((kind, client)), (
                "docs/policies.md has another text: Scripts/refusal-table.py puts this one there", kind, client, cell, self.known.get((kind, client)))

    def finish(self):
        if self.writes and self.found:
            put(self.found)
