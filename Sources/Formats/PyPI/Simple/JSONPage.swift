internal import SaveDigest
internal import SavePlatform

/// Index pages in JSON (PEP 691, 700, 714, 740, 752, 792). No key that clients read is ever null: they read the inner type directly. Of
/// `namespaces`, which only repositories with namespaces have, PEP 752 wants it.
enum JSONPage {
    /// Names that Python's `hashlib` knows, best first.
    private static let hashes: [DigestAlgorithm] = [.sha256, .sha512, .sha384, .md5, .sha224, .sha1]

    static func project(_ page: SimplePage, _ namespaces: Namespaces) -> [UInt8] {
        // 1.5 wants all that came before it.
        let hasNamespaces = page.hasSizes && !namespaces.isEmpty
        var writer = PageWriter(capacity: 1024 + page.files.count * 640 + page.versions.count * 16)
        writer.write("{\"meta\":{\"api-version\":\"")
        writer.write(hasNamespaces ? "1.5" : page.apiVersion)
        writer.write("\"")
        writer.write(serial: page.serial)
        writer.write("},\"name\":")
        writer.write(json: page.package.name)
        if let status = page.status {
            writer.write(",\"project-status\":")
            writer.write(json: status.json)
        }
        if hasNamespaces {
            writer.write(",\"namespaces\":")
            writer.write(json: namespaces.value(of: page.package))
        }
        if page.hasSizes {
            writer.write(",\"versions\":[")
            for (index, version) in page.versions.enumerated() {
                if index > 0 { writer.write(",") }
                writer.write(json: version)
            }
            writer.write("]")
        }
        writer.write(",\"files\":[")
        // A line for each file: some proxies between here and the client do not survive a line of megabytes.
        for (index, file) in page.files.enumerated() {
            writer.write(index > 0 ? ",\n" : "\n")
            write(file, of: page, to: &writer)
        }
        writer.write("\n]}\n")
        return writer.bytes
    }

    private static func write(_ record: AssetRecord, of page: SimplePage, to writer: inout PageWriter) {
        let filename = record.path.filename
        let facts = FileFacts(record.attributes)
        writer.write("{\"filename\":")
        writer.write(json: filename)
        writer.write(",\"url\":\"")
        writer.write(fileURL: filename, of: page.package)
        writer.write("\",\"hashes\":{")
        if let checksum = SimplePage.checksum(record, among: hashes) {
            writer.write("\"")
            writer.write(plain: checksum.algorithm.rawValue)
            writer.write("\":\"")
            writer.write(plain: checksum.hex)
            writer.write("\"")
        }
        writer.write("}")
        if let requirement = facts.requiresPython {
            writer.write(",\"requires-python\":")
            writer.write(json: requirement)
        }
        if page.hasSizes, let size = record.size {
            writer.write(",\"size\":")
            writer.write(size)
            if let published = record.published {
                writer.write(",\"upload-time\":\"")
                writer.write(published)
                writer.write("\"")
            }
        }
        writeYank(record.withdrawn, to: &writer)
        // Not also under PEP 658's older key: pip from 22.3 to 23.0 reads a string there and ends with a traceback at what PEP 691
        // says the value is. Clients that know PEP 714's key read that one, and the others read the wheel.
        if let metadata = facts.coreMetadata {
            writer.write(",\"core-metadata\":")
            write(metadata, to: &writer)
        }
        if let provenance = facts.provenance {
            writer.write(",\"provenance\":")
            writer.write(json: provenance)
        }
        writer.write("}")
    }

    /// `true` where there is no reason: pip takes an empty string for "not yanked".
    private static func writeYank(_ withdrawal: Withdrawal?, to writer: inout PageWriter) {
        writer.write(",\"yanked\":")
        guard let withdrawal else { return writer.write("false") }
        if withdrawal.reason.utf8.isEmpty {
            writer.write("true")
        } else {
            writer.write(json: withdrawal.reason)
        }
    }

    private static func write(_ metadata: CoreMetadata, to writer: inout PageWriter) {
        guard let checksum = metadata.checksum else { return writer.write("true") }
        writer.write("{\"sha256\":\"")
        writer.write(plain: checksum.hex)
        writer.write("\"}")
    }
}
