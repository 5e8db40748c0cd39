internal import Foundation
import SaveDigest
import SaveHTTP
import SavePlatform
import SaveTestKit
import Synchronization

/// An upstream of every format with the one file that is refused, which takes every spelling of a path as servers do, and can be
/// unplugged.
final class RefusedUpstream: HTTPClient {
    private let isUnplugged = Atomic(false)
    private let documents: [String: (type: String, bytes: [UInt8])]

    init() {
        let wheel = RefusedFile.wheel
        let file: JSONObject = [
            "filename": .string(wheel.filename), "url": .string(AccessWorld.upstream + "f/" + wheel.filename),
            "hashes": ["sha256": .string(Digest.hex(wheel.bytes))], "size": .integer(Int64(wheel.bytes.count)),
            "core-metadata": ["sha256": .string(Digest.hex(wheel.metadata))],
        ]
        let page: JSONValue = [
            "meta": ["api-version": "1.1"], "name": "stolen-keys", "versions": ["1.0"], "files": [.object(file)],
        ]
        let root: JSONValue = ["meta": ["api-version": "1.1"], "projects": [["name": "stolen-keys"]]]
        let search: JSONValue = ["objects": [["package": ["name": "stolen-keys", "version": "1.0.0"]]], "total": 1]
        let places: JSONValue = ["dl": .string(AccessWorld.upstream + "f/{crate}.crate"), "api": "http://upstream.test"]
        let crate = AccessWorld.crateFile("stolen-keys", "1.0.0")
        let line: JSONValue = ["name": "stolen-keys", "vers": "1.0.0", "cksum": .string(Digest.hex(crate))]
        let crates: JSONValue = ["crates": [["name": "stolen-keys", "max_version": "1.0.0"]], "meta": ["total": 1]]
        let snapshot = "<snapshotVersion><extension>jar</extension><value>1.1-SNAPSHOT</value></snapshotVersion>"
        let pageType = "application/vnd.pypi.simple.v1+json"
        var documents: [String: (String, [UInt8])] = [
            "": (pageType, root.bytes), "stolen-keys/": (pageType, page.bytes), "f/" + wheel.filename: ("", wheel.bytes),
            "f/\(wheel.filename).metadata": ("", wheel.metadata), "-/v1/search": ("application/json", search.bytes),
            "a/stolen-keys.txt": ("text/plain", RefusedFile.bytes),
            "files/" + Digest.hex(RefusedFile.bytes): ("", RefusedFile.bytes),
            "go.test/stolen-keys/@v/list": ("text/plain", Array("v1.0.0\n".utf8)),
            "go.test/stolen-keys/@v/v1.0.0.info": ("application/json", Array(#"{"Version":"v1.0.0"}"#.utf8)),
            "go.test/stolen-keys/@v/v1.0.0.mod": ("text/plain", RefusedFile.goMod),
            "go.test/stolen-keys/@v/v1.0.0.zip": ("application/zip", RefusedFile.goZip),
            "stolen-keys/maven/stolen-keys/maven-metadata.xml": (
                "application/xml",
                Array("<metadata><versioning><versions><version>1.0</version></versions></versioning></metadata>".utf8)
            ),
            "go.test/stolen-keys/@v/main.info": ("application/json", RefusedFile.goInfo),
            "go.test/stolen-keys/@v/\(RefusedFile.goCommit).info": ("application/json", RefusedFile.goInfo),
            "go.test/stolen-keys/@v/\(RefusedFile.goCommit).mod": ("text/plain", RefusedFile.goMod),
            "go.test/stolen-keys/@v/\(RefusedFile.goCommit).zip": ("application/zip", RefusedFile.goZip),
            "config.json": ("application/json", places.bytes),
            "st/ol/stolen-keys": ("text/plain", line.bytes), "f/stolen-keys.crate": ("", crate),
            "api/v1/crates": ("application/json", crates.bytes),
            "stolen-keys/maven/stolen-keys/1.1-SNAPSHOT/maven-metadata.xml": (
                "application/xml",
                Array("<metadata><versioning><snapshotVersions>\(snapshot)</snapshotVersions></versioning></metadata>".utf8)
            ),
            "stolen-keys/maven/stolen-keys/1.1-SNAPSHOT/stolen-keys-1.1-SNAPSHOT.jar": ("", RefusedFile.bytes),
            "stolen-keys/maven/stolen-keys/1.0/stolen-keys-1.0.jar": ("", RefusedFile.bytes),
            "stolen-keys/maven/stolen-keys/1.0/stolen-keys-1.0.pom": ("application/xml", RefusedFile.bytes),
        ]
        let (image, blob) = (Digest.hex(RefusedFile.image), Digest.hex(RefusedFile.bytes))
        documents["v2/stolen-keys/tags/list"] = ("application/json", Array(#"{"tags":["v1"]}"#.utf8))
        documents["v2/stolen-keys/manifests/v1"] = (AccessWorld.manifestType, RefusedFile.image)
        documents["v2/stolen-keys/manifests/sha256:\(image)"] = (AccessWorld.manifestType, RefusedFile.image)
        documents["v2/stolen-keys/blobs/sha256:\(blob)"] = ("", RefusedFile.bytes)
        documents["v2/stolen-keys/referrers/sha256:\(blob)"] = ("application/json", Array(#"{"manifests":[]}"#.utf8))
        for (number, name) in RefusedFile.npmNames.enumerated() {
            let tarball = RefusedFile.tarball(name)
            let digest = Data(Hex.decode(Digest.hex(tarball)) ?? []).base64EncodedString()
            let dist: JSONObject = [
                "tarball": .string(AccessWorld.upstream + "f/\(number).tgz"), "integrity": .string("sha256-" + digest),
                "attestations": ["url": .string(AccessWorld.upstream + "f/\(number).attestations"), "provenance": [:]],
            ]
            let packument: JSONValue = [
                "name": .string(name), "dist-tags": ["latest": "1.0.0"],
                "versions": ["1.0.0": ["name": .string(name), "version": "1.0.0", "dist": .object(dist)]],
            ]
            documents[name] = ("application/json", packument.bytes)
            documents["f/\(number).tgz"] = ("", tarball)
            documents["f/\(number).attestations"] = ("application/json", RefusedFile.attestations)
        }
        self.documents = documents
    }

    func unplug() { isUnplugged.store(true, ordering: .relaxed) }

    func send(_ request: ClientRequest) async throws -> ClientResponse {
        guard !isUnplugged.load(ordering: .relaxed) else { throw SaveError(.upstreamUnavailable, "the upstream is unplugged") }
        let path = request.url.dropFirst(AccessWorld.upstream.count).prefix { $0 != "?" && $0 != "#" }
        let decoded = String(path).removingPercentEncoding ?? String(path)
        let words = decoded.split(separator: "/").reduce(into: [Substring]()) { words, word in
            if word == ".." { words = words.dropLast() } else if word != "." { words.append(word) }
        }
        let plain = words.joined(separator: "/")
        guard let found = documents[decoded.hasSuffix("/") ? plain + "/" : plain] ?? documents[plain] else {
            return ClientResponse(status: 404, headers: [:], url: request.url, body: .empty)
        }
        let type = found.type.isEmpty ? "application/octet-stream" : found.type
        return ClientResponse(status: 200, headers: ["Content-Type": type], url: request.url, body: ByteStream(found.bytes))
    }
}
