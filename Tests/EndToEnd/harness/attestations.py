"""Attestations (PEP 740) as publishers send them, with certificates that say who that is and that nobody signed."""
import base64
import hashlib
import json


def value(tag, contents):
    """DER (X.690)."""
    count = len(contents)
    return bytes([tag]) + (bytes([count]) if count < 128 else b"\x82" + count.to_bytes(2, "big")) + contents


def certificate(issuer, claims):
    """The extensions of a certificate that Fulcio issues, by the last number of their identifier, in a frame of one."""
    extensions = b"".join(
        value(0x30, value(0x06, bytes.fromhex("2b0601040183bf3001") + bytes([number])) + value(0x04, value(0x0C, text.encode())))
        for number, text in sorted({8: issuer, **claims}.items()))
    return value(0x30, value(0x30, value(0x02, b"\x07") + value(0xA3, value(0x30, extensions))) + value(0x03, b"\x00"))


def github(repository, workflow="release.yml"):
    url = "https://github.com/" + repository
    return certificate("https://token.actions.githubusercontent.com", {
        12: url, 13: "0123", 14: "refs/tags/v1", 18: "%s/.github/workflows/%s@refs/tags/v1" % (url, workflow)})


def attestation(item, der, signature="aGk="):
    statement = {"_type": "https://in-toto.io/Statement/v1", "predicateType": "https://example.com/publish/v1",
                 "subject": [{"name": item.filename, "digest": {"sha256": hashlib.sha256(item.content).hexdigest()}}]}
    return {"version": 1, "verification_material": {"certificate": base64.b64encode(der).decode(), "transparency_entries": [{}]},
            "envelope": {"statement": base64.b64encode(json.dumps(statement).encode()).decode(), "signature": signature}}
