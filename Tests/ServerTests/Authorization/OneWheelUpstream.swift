internal import Foundation
import SaveDigest
import SaveHTTP
import SavePlatform
import SaveTestKit

/// An upstream with one wheel and one file, which counts nothing.
struct OneWheelUpstream: HTTPClient {
    func send(_ request: ClientRequest) async throws -> ClientResponse {
        let wheel = AccessWorld.wheel
        let (type, bytes): (String, [UInt8])
        switch request.url.dropFirst(AccessWorld.upstream.count) {
        case "":
            (type, bytes) = ("text/html", Array("<!DOCTYPE html><html><body><a href=\"demo/\">demo</a></body></html>".utf8))
        case "demo/":
            (type, bytes) = (
                "text/html",
                Array("<!DOCTYPE html><html><body><a href=\"/f/\(wheel.filename)\">\(wheel.filename)</a></body></html>".utf8)
            )
        case "demo":
            let dist: JSONObject = [
                "tarball": .string(AccessWorld.upstream + "f/demo.tgz"),
                "integrity": .string("sha256-" + Data(Hex.decode(Digest.hex(AccessWorld.tarball)) ?? []).base64EncodedString()),
            ]
            let packument: JSONValue = [
                "name": "demo", "dist-tags": ["latest": "1.0.0"],
                "versions": ["1.0.0": ["name": "demo", "version": "1.0.0", "dist": .object(dist)]],
            ]
            (type, bytes) = ("application/json", packument.bytes)
        case "-/v1/search?text=demo&size=20&from=0":
            let search: JSONValue = ["objects": [["package": ["name": "demo", "version": "1.0.0"]]], "total": 1]
            (type, bytes) = ("application/json", search.bytes)
        case "config.json":
            let places: JSONValue = ["dl": .string(AccessWorld.upstream + "f/{crate}.tgz"), "api": "http://upstream.test"]
            (type, bytes) = ("application/json", places.bytes)
        case "de/mo/demo":
            let line: JSONValue = ["name": "demo", "vers": "1.0.0", "cksum": .string(Digest.hex(AccessWorld.tarball))]
            (type, bytes) = ("text/plain", line.bytes)
        case "api/v1/crates?q=demo&per_page=10":
            let search: JSONValue = ["crates": [["name": "demo", "max_version": "1.0.0"]], "meta": ["total": 1]]
            (type, bytes) = ("application/json", search.bytes)
        case "f/demo.tgz": (type, bytes) = ("application/octet-stream", AccessWorld.tarball)
        case "files/\(Digest.hex(AccessWorld.tarball))": (type, bytes) = ("application/octet-stream", AccessWorld.tarball)
        case "go.test/demo/@v/list": (type, bytes) = ("text/plain", Array("v1.0.0\n".utf8))
        case "go.test/demo/@v/v1.0.0.info": (type, bytes) = ("application/json", Array(#"{"Version":"v1.0.0"}"#.utf8))
        case "go.test/demo/@v/v1.0.0.mod": (type, bytes) = ("text/plain", Array("module go.test/demo\n".utf8))
        case "go.test/demo/@v/v1.0.0.zip": (type, bytes) = ("application/zip", AccessWorld.goZip("demo", "v1.0.0"))
        case "demo/maven/demo/maven-metadata.xml":
            let text = "<metadata><versioning><versions><version>1.0</version></versions></versioning></metadata>"
            (type, bytes) = ("application/xml", Array(text.utf8))
        case "demo/maven/demo/1.1-SNAPSHOT/maven-metadata.xml":
            let file = "<snapshotVersion><extension>jar</extension><value>1.1-SNAPSHOT</value></snapshotVersion>"
            let text = "<metadata><versioning><snapshotVersions>\(file)</snapshotVersions></versioning></metadata>"
            (type, bytes) = ("application/xml", Array(text.utf8))
        case "demo/maven/demo/1.0/demo-1.0.pom": (type, bytes) = ("application/xml", Array("text".utf8))
        case "v2/demo/tags/list": (type, bytes) = ("application/json", Array(#"{"tags":["v1"]}"#.utf8))
        case "v2/demo/manifests/v1", "v2/demo/manifests/sha256:\(Digest.hex(AccessWorld.image("v1")))":
            (type, bytes) = (AccessWorld.manifestType, AccessWorld.image("v1"))
        case "v2/demo/blobs/sha256:\(Digest.hex(AccessWorld.tarball))":
            (type, bytes) = ("application/octet-stream", AccessWorld.tarball)
        case "v2/demo/referrers/sha256:\(Digest.hex(AccessWorld.tarball))":
            (type, bytes) = ("application/json", Array(#"{"manifests":[]}"#.utf8))
        case "a/b.txt": (type, bytes) = ("text/plain", Array("text".utf8))
        case "f/\(wheel.filename)": (type, bytes) = ("application/octet-stream", wheel.bytes)
        default: return ClientResponse(status: 404, headers: [:], url: request.url, body: .empty)
        }
        return ClientResponse(status: 200, headers: ["Content-Type": type], url: request.url, body: ByteStream(bytes))
    }
}

/// Crates, as a registry has them and as they are published.
extension AccessWorld {
    /// The file of a version of a crate.
    static func crateFile(_ name: String, _ version: String) -> [UInt8] {
        let manifest = "[package]\nname = \"\(name)\"\nversion = \"\(version)\"\n"
        return FixtureTar([.init("\(name)-\(version)/Cargo.toml", manifest)]).bytes
    }

    /// What publishes it.
    static func crate(_ version: String, of name: String = "demo") -> [UInt8] {
        let description: JSONObject = ["name": .string(name), "vers": .string(version)]
        let parts = [JSONValue.object(description).bytes, crateFile(name, version)]
        return parts.flatMap { part in (0..<4).map { UInt8(truncatingIfNeeded: part.count >> (8 * $0)) } + part }
    }
}
