#!/usr/bin/env python3
"""The bill of materials of a build, as SPDX 2.3 in JSON: the server, the libraries of the Swift runtime that come with it, and the
Debian packages whose libraries it loads.

    Scripts/sbom.py --version 0.1.0 --server .build/release/save-server --runtime FOLDER
"""
import argparse
import datetime
import hashlib
import json
import os
import pathlib
import re
import subprocess


def said(*command):
    return subprocess.run(command, capture_output=True, text=True).stdout


def digest(path):
    return [{"algorithm": "SHA256", "checksumValue": hashlib.sha256(path.read_bytes()).hexdigest()}]


def owner(path):
    """The Debian package of a file; dpkg may know it below /lib or below /usr/lib."""
    for name in (os.path.realpath(path), re.sub("^/usr", "", os.path.realpath(path)), path):
        found = said("dpkg-query", "--search", name).partition(":")[0]
        if found:
            return found
    return None


def debian_packages(server):
    names = {owner(path) for path in re.findall(r"=> (/\S+)", said("ldd", str(server)))} - {None}
    for name in sorted(names):
        version, source = said("dpkg-query", "--show", "--showformat", "${Version} ${source:Package}", name).split(" ")
        yield name, version, source


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--version", required=True)
    parser.add_argument("--server", type=pathlib.Path, required=True)
    parser.add_argument("--runtime", type=pathlib.Path, required=True)
    options = parser.parse_args()
    made = datetime.datetime.fromtimestamp(int(os.environ.get("SOURCE_DATE_EPOCH", "0")), datetime.timezone.utc)
    swift = re.search(r"Swift version (\S+)", said("swift", "--version")).group(1)
    commit = said("git", "rev-parse", "HEAD").strip()

    def package(name, version, **further):
        return dict({"SPDXID": "SPDXRef-" + re.sub("[^A-Za-z0-9.-]", "-", name), "name": name, "versionInfo": version,
                     "downloadLocation": "NOASSERTION", "filesAnalyzed": False, "licenseConcluded": "NOASSERTION",
                     "licenseDeclared": "NOASSERTION", "copyrightText": "NOASSERTION"}, **further)

    packages = [package("save-server", options.version, checksums=digest(options.server), sourceInfo="commit " + commit)]
    for path in sorted(options.runtime.iterdir()):
        packages.append(package(path.name, swift, checksums=digest(path), supplier="Organization: Swift project",
                                licenseDeclared="Apache-2.0 WITH Swift-exception", sourceInfo="of the Swift toolchain"))
    for name, version, source in debian_packages(options.server):
        packages.append(package(name, version, supplier="Organization: Debian", sourceInfo="source package " + source, externalRefs=[{
            "referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": "pkg:deb/debian/%s@%s" % (name, version)}]))
    root = packages[0]["SPDXID"]
    print(json.dumps({
        "spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT", "name": "save-server-" + options.version,
        "documentNamespace": "urn:save-server:%s:%s" % (options.version, commit),
        "creationInfo": {"created": made.strftime("%Y-%m-%dT%H:%M:%SZ"), "creators": ["Tool: Scripts/sbom.py"]},
        "packages": packages,
        "relationships": [{"spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES", "relatedSpdxElement": root}] + [
            {"spdxElementId": root, "relationshipType": "DEPENDS_ON", "relatedSpdxElement": item["SPDXID"]} for item in packages[1:]],
    }, indent=1))


if __name__ == "__main__":
    main()
