"""The harness itself: what it hands to the server under test must be right, or every other failure is in doubt."""
import hashlib

import requests

import make_fixtures


def test_fixtures_are_the_same_in_every_build():
    first = [(item.filename, item.sha256) for item in make_fixtures.standard_set()]
    assert first == [(item.filename, item.sha256) for item in make_fixtures.standard_set()]


def test_every_installer_installs_straight_from_the_scripted_upstream(installer, new_upstream, dists):
    for style in ("html", "json"):
        upstream = new_upstream(style).add(*dists.values())
        outcome = installer.install(upstream.url + "/simple/", "needs-others", "epochal", "picky", "source-only").must_succeed()
        assert outcome.installed == {"needs-others": "1.0", "plain": "1.1", "under-score-dotted-name": "2.0",
                                     "epochal": "1!2.0", "picky": "1.0", "source-only": "0.3"}


def test_the_scripted_upstream_counts_fails_and_lies_as_told(new_upstream, dists):
    from harness.upstream import Fault
    upstream = new_upstream("json").add(*dists.values())
    wheel = dists["plain-1.0-py3-none-any.whl"]
    link = upstream.file_link(wheel)
    assert hashlib.sha256(requests.get(link).content).hexdigest() == wheel.sha256
    assert upstream.count("plain-1.0-py3") == 1

    upstream.faults["plain-1.0-py3"] = Fault(status=503, times=1)
    assert [requests.get(link).status_code for _ in range(2)] == [503, 200]

    upstream.faults["plain-1.0-py3"] = Fault(truncate=10)
    try:
        requests.get(link)
        raise AssertionError("a truncated body was read to its end")
    except requests.exceptions.RequestException:
        pass

    upstream.stop()
    try:
        requests.get(link, timeout=2)
        raise AssertionError("a stopped upstream answered")
    except requests.exceptions.ConnectionError:
        pass
    upstream.faults.clear()
    assert requests.get(upstream.start().file_link(wheel)).status_code == 200
