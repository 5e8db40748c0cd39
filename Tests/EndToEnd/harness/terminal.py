"""Programs on a terminal of their own, and what a person sees there."""
import os
import pty
import re
import subprocess

from .server import BINARY, clean_environment


class Terminal:
    """The program with its standard error on a new terminal, and its standard output as well unless `output` is given."""

    def __init__(self, *arguments, output=None, **environment):
        self.main, other = pty.openpty()
        self.shown = b""
        self.process = subprocess.Popen(
            [str(BINARY), *map(str, arguments)], stdin=subprocess.DEVNULL, stdout=output or other, stderr=other,
            start_new_session=True, env=clean_environment(**{"TERM": "xterm", **environment}))
        os.close(other)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        os.close(self.main)

    def read_until(self, pattern):
        """Reads until a pattern is in what was written: its match."""
        while not (match := pattern.search(self.shown.decode(errors="replace"))):
            assert self._read(), (pattern.pattern, self.shown)
        return match

    def _read(self):
        try:
            piece = os.read(self.main, 4096)
        except OSError:     # Linux says so when the other end is closed.
            return False
        self.shown += piece
        return bool(piece)

    def finish(self):
        """The exit status, and all that was written."""
        while self._read():
            pass
        return self.process.wait(timeout=60), self.shown.decode(errors="replace")


def screen(written):
    """The lines that are left to be seen after `\\r`, `\\n` and "erase to the end of the line"."""
    lines, line, column = [], "", 0
    for piece in re.findall(r"\x1b\[K|\r|\n|[^\x1b\r\n]+|\x1b", written):
        if piece == "\n":
            lines.append(line)
            line, column = "", 0
        elif piece == "\r":
            column = 0
        elif piece == "\x1b[K":
            line = line[:column]
        else:
            line = line[:column] + piece + line[column + len(piece):]
            column += len(piece)
    return lines + ([line] if line else [])
