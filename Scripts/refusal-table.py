#!/usr/bin/env python3
"""Has the end-to-end tests write what clients print of a refusal into docs/policies.md.

    Scripts/refusal-table.py            runs them and puts every line that they meet into the tables
    Scripts/refusal-table.py -k npm     so with the tests that pytest chooses by this; other lines stay

The tests themselves compare the tables with what is printed, and fail where that differs.
"""
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
FILES = ["Tests/EndToEnd/test_refusals.py", "Tests/EndToEnd/test_npm_refusals.py"]


def main(arguments):
    runner = ROOT / ".build" / "venvs" / "runner" / "bin" / "python"
    command = [str(runner), "-m", "pytest", *FILES, "--numprocesses", "2", "--dist", "loadfile", "-q", *arguments]
    return subprocess.run(command, cwd=ROOT, env={**os.environ, "SAVE_WRITE_TABLES": "1"}).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
