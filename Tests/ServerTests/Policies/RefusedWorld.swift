internal import Foundation
import SaveDigest
import SaveAccess
import SaveHTTP
import SavePlatform
import SaveStorage
import SaveTestKit
import Testing

/// The whole server in memory with one file of each format, hosted or upstream, and a policy that refuses it.
struct RefusedWorld {
    static let policy = "stolen-keys"
    let upstream = RefusedUpstream()
    let world: AccessWorld

    /// - Parameter isHosted: whether the file is hosted; else the upstream has it.
    init(isHosted: Bool) async throws {
        world = try await AccessWorld(upstream: upstream)
        for format in world.formats.descriptors where format.abilities.contains(.group) {
            let body =
                #"{"project":"open","name":"\#(format.id)-all","format":"\#(format.id)","repository_type":"group","#
                + #""members":["open/\#(format.id)-group"],"anonymous_read":true}"#
            try await expect(201, await world.change("POST", "/repos", as: .admin, body))
        }
        if isHosted { try await publish() }
    }

    /// Makes the policy: from now on the file is refused.
    func refuse(omitting: Bool = false) async throws {
        let body =
            #"{"name":"\#(Self.policy)","action":"deny","include_hosted":true,"match":{},"#
            + #""presentation":"\#(omitting ? "omit" : "yanked")"}"#
        try await expect(201, await world.change("POST", "/policies", as: .admin, body))
    }

    /// Takes all policies of the server back.
    func allow() async throws {
        for item in try await world.change("GET", "/policies?scope=server", as: .admin, "").items {
            let id = item.object?["id"]?.integer ?? 0
            try await expect(204, await world.change("DELETE", "/policies/\(id)", as: .admin, ""))
        }
    }

    func ask(_ method: String, _ target: String, _ headers: [(String, String)] = []) async throws -> APIAnswer {
        guard method == "POST" else {
            return try await APIAnswer(await world.send(method, target, as: .viewer, headers: headers))
        }
        let (type, body) =
            target.contains("/security/") ? ("application/json", "{}") : ("application/x-www-form-urlencoded", "x=1")
        return try await APIAnswer(await world.send(method, target, as: .viewer, Array(body.utf8), type: type, headers: headers))
    }

    private func expect(_ status: Int, _ answer: APIAnswer) throws {
        guard answer.status == status else { throw SaveError(.internalFailure, "\(answer.status): \(answer.text)") }
    }

    // MARK: - Publishing

    private func publish() async throws {
        let form = AccessWorld.form(RefusedFile.wheel, name: "stolen-keys")
        try await put("POST", "/pypi/open/pypi-hosted/", form.body, 200, type: form.type)
        try await put("PUT", "/raw/open/raw-hosted/a/stolen-keys.txt", RefusedFile.bytes, 201)
        try await put("PUT", "/notices/open/notices-hosted/a/stolen-keys.txt", RefusedFile.bytes, 201)
        try await put("PUT", "/chunks/open/chunks-hosted/files/\(Digest.hex(RefusedFile.bytes))", RefusedFile.bytes, 201)
        try await put("PUT", "/parcels/open/parcels-hosted/new", Self.parcel, 200)
        try await put("PUT", "/go/open/go-hosted/go.test/stolen-keys/@v/v1.0.0.zip", RefusedFile.goZip, 201)
        for file in ["1.0/stolen-keys-1.0.pom", "1.0/stolen-keys-1.0.jar", "1.1-SNAPSHOT/stolen-keys-1.1-SNAPSHOT.jar"] {
            let path = "stolen-keys/maven/stolen-keys/\(file)"
            try await put("PUT", "/maven/open/maven-hosted/\(path)", RefusedFile.bytes, 201)
        }
        guard await world.push(RefusedFile.image, of: RefusedFile.bytes, as: "stolen-keys", to: "/oci/open/oci-hosted/") else {
            throw SaveError(.internalFailure, "the image is not taken")
        }
        let crate = AccessWorld.crate("1.0.0", of: "stolen-keys")
        try await put("PUT", "/cargo/open/cargo-hosted/api/v1/crates/new", crate, 200)
        for name in RefusedFile.npmNames {
            try await put("PUT", "/npm/open/npm-hosted/\(name)", Self.npmDocument(name), 201, type: "application/json")
            let base = name.split(separator: "/").last.map(String.init) ?? name
            try await keep(
                RefusedFile.attestations, "\(name)/-/\(base)-1.0.0.attestations.json", of: "\(name)/-/\(base)-1.0.0.tgz",
                in: "npm-hosted")
        }
        let wheel = RefusedFile.wheel.filename
        try await keep(
            RefusedFile.provenance, "integrity/stolen-keys/1.0/\(wheel)/provenance", of: "packages/stolen-keys/\(wheel)",
            in: "pypi-hosted")
    }

    private func put(_ method: String, _ target: String, _ body: [UInt8], _ status: Int, type: String? = nil) async throws {
        try expect(status, try await APIAnswer(await world.send(method, target, as: .admin, body, type: type)))
    }

    /// Keeps what is said of a file, as a publish with attestations does.
    private func keep(_ bytes: [UInt8], _ path: String, of file: String, in name: String) async throws {
        let described = try AssetPath(file)
        let writer = try await world.blobs.begin()
        try await writer.write(bytes)
        try await writer.commit(expecting: nil) { blob in
            try await world.store.write { writing in
                guard let id = try writing.repositories().first(where: { $0.project == "open" && $0.name == name })?.id,
                    var asset = try writing.asset(id, described)
                else { throw SaveError(.internalFailure, "there is no \(file)") }
                if path.hasPrefix("integrity/") {
                    asset.record.attributes["has-provenance"] = true
                    try writing.put(asset)
                }
                var record = AssetRecord(
                    path: try AssetPath(path), package: asset.record.package, version: asset.record.version,
                    sidecarOf: described)
                record.size = blob.size
                record.checksums = [Checksum(.sha256, hex: blob.digest.hex)].compactMap(\.self)
                try writing.put(
                    StoredAsset(
                        repository: id, record: record, blob: blob.digest, size: blob.size, uploadedBy: nil,
                        created: asset.created))
            }
        }
    }

    private static var parcel: [UInt8] {
        let description = Array(#"{"name":"stolen-keys","version":"1.0"}"#.utf8)
        return [description, RefusedFile.bytes].flatMap { part in
            (0..<4).map { UInt8(truncatingIfNeeded: part.count >> (8 * $0)) } + part
        }
    }

    private static func npmDocument(_ name: String) -> [UInt8] {
        let file: JSONObject = ["data": .string(Data(RefusedFile.tarball(name)).base64EncodedString())]
        let document: JSONValue = [
            "name": .string(name), "dist-tags": ["latest": "1.0.0"],
            "versions": ["1.0.0": ["name": .string(name), "version": "1.0.0"]],
            "_attachments": .object(JSONObject([("\(name)-1.0.0.tgz", .object(file))])),
        ]
        return document.bytes
    }
}
