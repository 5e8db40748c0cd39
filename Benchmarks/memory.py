#!/usr/bin/env python3
"""How much memory a thousand large pages take: what the page cache may hold, and no more with more pages.

    Benchmarks/memory.py [--pages 1000] [--files 10000]

Every page is another package of a proxy, fetched, read, rendered and compressed once. Prints the resident memory on the way.
"""
from __future__ import annotations

import argparse
import os
import pathlib
import shutil
import signal
import sys
import tempfile

import servers
import pages


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=1000)
    parser.add_argument("--files", type=int, default=10_000)
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    os.environ["SAVE_OUTBOUND_ALLOW"] = "127.0.0.1"
    (servers.ROOT / ".build").mkdir(exist_ok=True)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="bench-", dir=servers.ROOT / ".build"))
    save = None
    try:
        save = servers.Save(folder)
        pages.Upstream(options.files).proxy(save, "proxy")
        print("| pages of %s files, page cache of 64 MiB | resident memory, MB |\n| --- | --- |" % format(options.files, ","), flush=True)
        marks = {1, options.pages // 10, options.pages // 2, options.pages}
        for number in range(1, options.pages + 1):
            answer, content = save.request("GET", "/pypi/bench/proxy/simple/large%04d/" % number, **{
                "Accept": servers.JSON_TYPE, "Accept-Encoding": "gzip"})
            if answer.status != 200:
                sys.exit("memory: a page answered %s %s" % (answer.status, content[:300]))
            if number in marks:
                print("| %d, %.1f MB each compressed | %.0f |" % (number, len(content) / 1e6, save.resident_mb()), flush=True)
    finally:
        if save is not None:
            save.stop()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
