"""A server as a team has it after some weeks, for pages to be looked at."""
from __future__ import annotations

import struct
import zlib

import make_fixtures

README = """# acme-client

The Python client of the Acme billing service: typed, async, with retries. [![build](https://ci.example.com/badge.svg)](https://ci.example.com/acme)

## Quick start

```python
from acme_client import Client

async with Client("https://billing.example.com") as acme:
    invoice = await acme.invoices.get("2026-0117")
```

Every call takes an optional `timeout` and is retried **three times** with jitter. See [the handbook](https://handbook.example.com/acme) for the error model.

| call | what it does | retried |
| --- | --- | ---: |
| `invoices.get` | one invoice | 3 |
| `invoices.list` | all of an account, lazily | 3 |
| `payments.refund` | gives money back | 0 |

## Changes in 3.2

- [x] Pagination is lazy.
- [x] `Client.close()` waits for requests that are under way.
- [ ] Webhooks come with 3.3.

> Refunds are never retried: a second one would be a second refund.

![diagram of the states of an invoice](https://handbook.example.com/states.png)
"""

# What was tried against pages that show what others write; each part must be text.
HOSTILE = """# <script>window.owned = 1</script> & "quotes"

<script>window.owned = 1</script>
<img src=https://elsewhere.test/x.png onerror="window.owned = 1">
<svg/onload=window.owned=1>
<iframe src="javascript:window.owned=1"></iframe>
<style>body { display: none }</style>
<form action="https://elsewhere.test"><button>Sign in again</button></form>
<base href="https://elsewhere.test/">

[a](javascript:window.owned=1) [b](JaVaScRiPt&colon;window.owned=1) [c](data:text/html,<script>window.owned=1</script>)
[d](//elsewhere.test/x) [e](/ui/logout) [f][f] <javascript:window.owned=1> ![g](https://elsewhere.test/pixel.gif)
[h](https://elsewhere.test/"onmouseover="window.owned=1) ![i"onerror="window.owned=1](https://elsewhere.test/y.png)

[f]: javascript:window.owned=1

# main
# __proto__
"""


def wheel(name, version, summary="", readme="", *headers):
    """A wheel that says something of itself, as an upload has it."""
    lines = ["Metadata-Version: 2.1", "Name: " + name, "Version: " + version]
    lines += (["Summary: " + summary] if summary else []) + list(headers)
    if readme:
        lines += ["Description-Content-Type: text/markdown", "", readme]
    return make_fixtures.wheel(name, version, metadata="\n".join(lines) + "\n")


def png(width=320, height=120):
    """A picture: stripes."""
    rows = b"".join(b"\0" + bytes(value for x in range(width) for value in (11, 107 + x * 100 // width, 83 + y)) for y in range(height))

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))
