"""What Save makes of versions and ranges, against the ecosystems' own libraries: packaging, the semver that npm brings, cargo's, and Maven's."""
import json
import pathlib
import random
import subprocess

import pytest
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from harness.clients.cargo import toolchain
from harness.server import BINARY, ROOT

COUNT = 60000
# Few numbers, so that versions are often equal or neighbours.
NUMBERS = ["0", "0", "1", "1", "2", "3", "9", "10", "11", "100"]


@pytest.fixture(scope="module")
def probe():
    """Asks the formats: (ecosystem, range, version) each, to (key or None, True, False or None where the range is none)."""
    # Beside the server that is tested, in the same configuration; made in seconds where only the server was built.
    configuration = "debug" if "debug" in BINARY.parts else "release"
    subprocess.run(["swift", "build", "-c", configuration, "--product", "version-probe"], cwd=ROOT, check=True,
                   stdout=subprocess.DEVNULL, timeout=900)
    program = ROOT / ".build" / configuration / "version-probe"

    def ask(questions):
        lines = "".join("%s\t%s\t%s\n" % question for question in questions)
        out = subprocess.run([program], input=lines, capture_output=True, text=True, check=True, timeout=600).stdout
        answers = []
        for line in out.splitlines():
            key, verdict = line.split(" ")
            answers.append((None if key == "-" else bytes.fromhex(key), {"in": True, "out": False}.get(verdict)))
        assert len(answers) == len(questions)
        return answers
    return ask


def order(left, right):
    return (left > right) - (left < right)


# PyPI

def pypi_version(pick):
    text = pick.choice(["", "", "", "", "v", "V"]) + pick.choice(["", "", "", "", "", "1!", "0!", "2!"])
    text += ".".join(pick.choice(NUMBERS + ["01"]) for _ in range(pick.choice([1, 2, 2, 3, 3, 4])))
    def suffix(words):
        return (pick.choice(["", ".", "-", "_"]) + pick.choice(words) + pick.choice(["", ".", "-", "_"])
                + pick.choice(NUMBERS) if pick.random() < 0.9 else pick.choice(["", "."]) + pick.choice(words))
    if pick.random() < 0.3:
        text += suffix(["a", "b", "rc", "alpha", "beta", "c", "pre", "preview", "A", "RC"])
    if pick.random() < 0.2:
        text += suffix(["post", "rev", "r", "POST"]) if pick.random() < 0.7 else "-" + pick.choice(NUMBERS)
    if pick.random() < 0.2:
        text += suffix(["dev", "DEV"])
    if pick.random() < 0.15:
        text += "+" + pick.choice([".", "-", "_"]).join(pick.choice(["1", "2", "a", "ubuntu", "01", "Z9"]) for _ in range(pick.choice([1, 2, 3])))
    if pick.random() < 0.02:
        text += pick.choice(["x", ".", "+", "-", " 1", ".*"])
    return text


def pypi_range(pick):
    clauses = []
    for _ in range(pick.choice([0, 1, 1, 1, 2, 2, 3])):
        operator = pick.choice(["<", "<=", ">", ">=", "==", "!=", "~=", "==", "!=", "==="] + (["=", "^", ""] if pick.random() < 0.05 else []))
        version = pypi_version(pick) if pick.random() < 0.6 else ".".join(pick.choice(NUMBERS) for _ in range(pick.choice([1, 2, 3])))
        if operator in ("==", "!=") and pick.random() < 0.4:
            version = pick.choice(["", "1!"]) + ".".join(pick.choice(NUMBERS) for _ in range(pick.choice([1, 2, 3]))) + ".*"
        clauses.append(pick.choice(["", "", " "]) + operator + pick.choice(["", "", " "]) + version)
    return ",".join(clauses) + pick.choice(["", "", "", "", ","])


def pypi_oracle(text, version):
    try:
        return SpecifierSet(text).contains(version, prereleases=True)
    except InvalidSpecifier:
        return None


def pypi_parse(text):
    try:
        return Version(text)
    except InvalidVersion:
        return None


def test_ranges_of_pypi_have_the_versions_that_packaging_finds_in_them(probe):
    pick = random.Random(440)
    questions = [("PyPI", pypi_range(pick), pypi_version(pick)) for _ in range(COUNT)]
    wrong = [(question, answer[1]) for question, answer in zip(questions, probe(questions))
             if answer[1] != pypi_oracle(question[1], question[2])]
    assert wrong == []


def test_versions_of_pypi_have_the_order_that_packaging_gives_them(probe):
    pick = random.Random(441)
    versions = [pypi_version(pick) for _ in range(COUNT)]
    keys = [answer[0] for answer in probe([("PyPI", "", version) for version in versions])]
    parsed = [pypi_parse(version) for version in versions]
    assert [v for v, key, known in zip(versions, keys, parsed) if (key is None) != (known is None)] == []
    pairs = [item for item in zip(versions, keys, parsed) if item[1] is not None]
    assert [(left[0], right[0]) for left, right in zip(pairs, pairs[1:])
            if order(left[1], right[1]) != order(left[2], right[2])] == []


# npm

def npm_version(pick):
    text = pick.choice(["", "", "", "", "", "v"]) + ".".join(pick.choice(NUMBERS) for _ in range(3))
    if pick.random() < 0.4:
        text += "-" + ".".join(pick.choice(["0", "1", "2", "10", "alpha", "beta", "rc", "a-b", "-", "1a", "A"]) for _ in range(pick.choice([1, 1, 2, 3])))
    if pick.random() < 0.1:
        text += "+" + pick.choice(["build", "1", "01", "a.b"])
    if pick.random() < 0.02:
        text += pick.choice(["x", ".", ".1", "-", "+", "-01", " "])
    return text


def npm_partial(pick):
    if pick.random() < 0.5:
        return npm_version(pick)
    text = ".".join(pick.choice(NUMBERS + ["x", "*", "X"]) for _ in range(pick.choice([1, 2, 2, 3])))
    if text.count(".") == 2 and pick.random() < 0.15:
        text += pick.choice(["-beta", "-1", "+build"])
    return pick.choice(["", "", "", "", "", "v", "="]) + text


def npm_range(pick):
    parts = []
    for _ in range(pick.choice([1, 1, 1, 2, 3])):
        kind = pick.random()
        if kind < 0.15:
            parts.append(npm_partial(pick) + " - " + npm_partial(pick))
        elif kind < 0.2:
            parts.append(pick.choice(["", "*", "x", " "]))
        else:
            parts.append(pick.choice([" ", "  "]).join(
                pick.choice(["", "", "<", "<=", ">", ">=", "=", "^", "^", "~", "~", "~>"]) + pick.choice(["", "", "", " "]) + npm_partial(pick)
                for _ in range(pick.choice([1, 1, 2, 3]))))
    return pick.choice(["||", " || ", "|| "]).join(parts) + ("," if pick.random() < 0.01 else "")


SEMVER = """
const semver = require(process.argv[1]);
const read = JSON.parse(require('fs').readFileSync(0, 'utf8'));
const options = {includePrerelease: true};
const ranges = read.ranges.map(([range, version]) => {
  try { return new semver.Range(range, options).test(version) } catch (error) { return null }
});
const orders = read.versions.slice(1).map((version, index) => {
  const left = semver.parse(read.versions[index]), right = semver.parse(version);
  return left && right ? semver.compare(left, right) : null;
});
process.stdout.write(JSON.stringify({ranges, orders, valid: read.versions.map(version => semver.valid(version) !== null)}));
"""


def semver(ranges=(), versions=()):
    # npm is a link into its own folder, which has the library.
    npm = pathlib.Path(subprocess.run(["sh", "-c", "command -v npm"], capture_output=True, text=True, check=True).stdout.strip()).resolve()
    folder = next(path for path in npm.parents if (path / "node_modules" / "semver").is_dir()) / "node_modules" / "semver"
    out = subprocess.run(["node", "-e", SEMVER, folder], input=json.dumps({"ranges": ranges, "versions": versions}),
                         capture_output=True, text=True, check=True, timeout=600).stdout
    return json.loads(out)


def test_ranges_of_npm_have_the_versions_that_semver_finds_in_them(probe):
    pick = random.Random(200)
    questions = [("npm", npm_range(pick), npm_version(pick)) for _ in range(COUNT)]
    wanted = semver(ranges=[question[1:] for question in questions])["ranges"]
    assert [(question, answer[1], right) for question, answer, right in zip(questions, probe(questions), wanted) if answer[1] != right] == []


def test_versions_of_npm_have_the_order_that_semver_gives_them(probe):
    pick = random.Random(201)
    versions = [npm_version(pick) for _ in range(COUNT)]
    found = semver(versions=versions)
    keys = [answer[0] for answer in probe([("npm", "*", version) for version in versions])]
    assert [version for version, key, valid in zip(versions, keys, found["valid"]) if (key is not None) != valid] == []
    assert [pair for pair, right in zip(zip(versions, versions[1:], keys, keys[1:]), found["orders"])
            if None not in pair[2:] and order(pair[2], pair[3]) != right] == []


# Cargo

# The library that cargo itself reads versions with, as Debian has its source.
SEMVER_OF_CARGO = pathlib.Path("/usr/share/cargo/registry")
READING = """
use std::io::BufRead;
use semver::{BuildMetadata, Version, VersionReq};
fn main() {
    let mut before: Option<Version> = None;
    for line in std::io::stdin().lock().lines() {
        let line = line.unwrap();
        let (range, text) = line.split_once('\\t').unwrap();
        // The build does not count where cargo chooses.
        let version = Version::parse(text).ok().map(|v| Version { build: BuildMetadata::EMPTY, ..v });
        let verdict = match (VersionReq::parse(range), &version) {
            (Err(_), _) => "refused",
            (Ok(range), Some(version)) if range.matches(version) => "in",
            _ => "out",
        };
        let order = match (&before, &version) { (Some(a), Some(b)) => a.cmp(b) as i8, _ => 9 };
        println!("{} {} {}", verdict, if version.is_some() { "valid" } else { "-" }, order);
        before = version;
    }
}
"""


@pytest.fixture(scope="module")
def semver_of_cargo(tmp_path_factory):
    """Asks cargo's library: (range, version) each, to (whether it is in it, or None, whether it is a version, order to the one before)."""
    folder = tmp_path_factory.mktemp("semver")
    sources = sorted(SEMVER_OF_CARGO.glob("semver-1.*"))
    assert sources, "the source of semver is not there: Scripts/setup.sh --tests installs it"
    (folder / "main.rs").write_text(READING)
    for arguments in [["--crate-type", "lib", "--crate-name", "semver", "--edition", "2018", "--cfg", 'feature="std"', "--cap-lints", "allow",
                       str(sources[-1] / "src" / "lib.rs")],
                      ["--edition", "2021", "--extern", "semver=libsemver.rlib", "main.rs"]]:
        subprocess.run([toolchain() + "/rustc", "-O", *arguments], cwd=folder, check=True, timeout=300)

    def ask(questions):
        lines = "".join("%s\t%s\n" % question for question in questions)
        out = subprocess.run([folder / "main"], input=lines, capture_output=True, text=True, check=True, timeout=300).stdout
        words = [line.split(" ") for line in out.splitlines()]
        assert len(words) == len(questions)
        return [({"in": True, "out": False}.get(verdict), valid == "valid", int(order)) for verdict, valid, order in words]
    return ask


def cargo_version(pick):
    text = ".".join(pick.choice(NUMBERS) for _ in range(3))
    if pick.random() < 0.4:
        text += "-" + ".".join(pick.choice(["0", "1", "2", "10", "alpha", "beta", "rc", "a-b", "-", "1a", "A"]) for _ in range(pick.choice([1, 1, 2, 3])))
    if pick.random() < 0.1:
        text += "+" + pick.choice(["build", "1", "01", "a.b"])
    if pick.random() < 0.02:
        text += pick.choice(["x", ".", ".1", "-", "+", "-01", " "])
    return text


def cargo_range(pick):
    parts = []
    for _ in range(pick.choice([1, 1, 1, 2, 3])):
        if pick.random() < 0.4:
            version = cargo_version(pick)
        else:
            version = ".".join(pick.choice(NUMBERS + ["*", "x", "X"]) for _ in range(pick.choice([1, 2, 2, 3])))
        parts.append(pick.choice(["", "", " "]) + pick.choice(["", "", "<", "<=", ">", ">=", "=", "^", "~"] + (["==", "!", "~>"] if pick.random() < 0.03 else []))
                     + pick.choice(["", "", " "]) + version + pick.choice(["", "", " "]))
    return ",".join(parts) + ("," if pick.random() < 0.02 else "")


def test_ranges_of_cargo_have_the_versions_that_cargo_finds_in_them(probe, semver_of_cargo):
    pick = random.Random(194)
    questions = [(cargo_range(pick), cargo_version(pick)) for _ in range(COUNT)]
    wrong = []
    for question, (_, answer), (wanted, _, _) in zip(questions, probe([("crates.io", *item) for item in questions]), semver_of_cargo(questions)):
        # Pre-releases are in ranges by their order here: cargo takes one only where the range names one of the same version.
        same = (answer is None) == (wanted is None) if "-" in question[1] else answer == wanted
        if not same:
            wrong.append((question, answer, wanted))
    assert wrong == []


def test_versions_of_cargo_have_the_order_that_cargo_gives_them(probe, semver_of_cargo):
    pick = random.Random(195)
    versions = [cargo_version(pick) for _ in range(COUNT)]
    keys = [answer[0] for answer in probe([("crates.io", "*", version) for version in versions])]
    found = semver_of_cargo([("*", version) for version in versions])
    assert [version for version, key, (_, valid, _) in zip(versions, keys, found) if (key is not None) != valid] == []
    assert [pair for pair, (_, _, right) in zip(zip(versions, versions[1:], keys, keys[1:]), found[1:])
            if right != 9 and order(pair[2], pair[3]) != right] == []


# Maven

# What Debian's Maven orders versions by, which can be asked at the command line.
MAVEN = ["maven3-artifact.jar", "commons-lang3.jar", "plexus-utils2.jar"]


def maven_version(pick):
    text = ".".join(pick.choice(NUMBERS + ["01", "20260102"]) for _ in range(pick.choice([1, 2, 2, 3, 3, 4])))
    for place in range(pick.choice([0, 0, 1, 1, 2])):
        qualifier = pick.choice(["alpha", "beta", "milestone", "rc", "cr", "SNAPSHOT", "ga", "final", "RELEASE", "sp", "a", "b", "m", "Final",
                                 "jre", "android", "xyz", "Alpha", "RC"])
        # Where more follows a qualifier, Maven 3.8 takes the dot in front of it for something else than the specification says.
        mark = pick.choice(["-", "-", "", "."] if place == 0 else ["-"])
        text += mark + qualifier
        if mark == ".":
            break
        if pick.random() < 0.6:
            text += pick.choice(["", "", "-"]) + pick.choice(NUMBERS)
        # What follows a word for a release, Maven 3.8 does not set beside what follows the release itself: 1-ga-alpha is above 1-android.
        elif qualifier.lower() in ("ga", "final", "release"):
            break
    return text


def maven_orders(versions):
    """The order of each two neighbours."""
    path = ":".join("/usr/share/java/" + name for name in MAVEN)
    found = []
    for start in range(0, len(versions) - 1, 2000):
        some = versions[start:start + 2001]
        out = subprocess.run(["java", "-XX:TieredStopAtLevel=1", "-cp", path, "org.apache.maven.artifact.versioning.ComparableVersion", *some],
                             capture_output=True, text=True, check=True, timeout=300).stdout
        words = [line.split()[1] for line in out.splitlines() if line.startswith("   ")]
        found += [{"<": -1, "==": 0, ">": 1}[word] for word in words]
    return found


def test_versions_of_maven_have_the_order_that_maven_gives_them(probe):
    pick = random.Random(38)
    versions = [maven_version(pick) for _ in range(20001)]
    keys = [answer[0] for answer in probe([("Maven", "[1,2)", version) for version in versions])]
    assert None not in keys
    wrong = [(left, right, said) for left, right, low, high, said in zip(versions, versions[1:], keys, keys[1:], maven_orders(versions))
             if order(low, high) != said]
    assert wrong == []
