internal import SaveDigest
internal import SavePlatform

/// Index pages in HTML (PEP 503 with its additions up to API 1.4, where PEP 833 froze it).
enum HTMLPage {
    /// uv gives up a page for a digest that it does not know, so only the ones that every client knows go into a fragment.
    private static let fragments: [DigestAlgorithm] = [.sha256, .sha512, .sha384, .md5]

    static func project(_ page: SimplePage) -> [UInt8] {
        var writer = PageWriter(capacity: 1024 + page.files.count * 512)
        writer.write(
            "<!DOCTYPE html>\n<html>\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"pypi:repository-version\" content=\"")
        writer.write(page.apiVersion)
        writer.write("\">\n")
        if let status = page.status {
            writer.write("<meta name=\"pypi:project-status\" content=\"")
            writer.write(plain: status.marker.rawValue)
            writer.write("\">\n")
            if let reason = status.reason {
                writer.write("<meta name=\"pypi:project-status-reason\" content=\"")
                writer.write(html: reason)
                writer.write("\">\n")
            }
        }
        writer.write("<title>Links for ")
        writer.write(html: page.package.name)
        writer.write("</title>\n</head>\n<body>\n<h1>Links for ")
        writer.write(html: page.package.name)
        writer.write("</h1>\n")
        for file in page.files { write(file, of: page, to: &writer) }
        writer.write("</body>\n</html>\n")
        return writer.bytes
    }

    private static func write(_ record: AssetRecord, of page: SimplePage, to writer: inout PageWriter) {
        let filename = record.path.filename
        let facts = FileFacts(record.attributes)
        writer.write("<a href=\"")
        writer.write(fileURL: filename, of: page.package)
        if let checksum = SimplePage.checksum(record, among: fragments) {
            writer.write("#")
            writer.write(plain: checksum.algorithm.rawValue)
            writer.write("=")
            writer.write(plain: checksum.hex)
        }
        writer.write("\"")
        if let requirement = facts.requiresPython {
            writer.write(" data-requires-python=\"")
            writer.write(html: requirement)
            writer.write("\"")
        }
        if let metadata = facts.coreMetadata {
            writer.write(" data-core-metadata=\"")
            write(metadata, to: &writer)
            writer.write("\" data-dist-info-metadata=\"")
            write(metadata, to: &writer)
            writer.write("\"")
        }
        if let withdrawal = record.withdrawn {
            writer.write(" data-yanked=\"")
            writer.write(html: withdrawal.reason)
            writer.write("\"")
        }
        if let provenance = facts.provenance {
            writer.write(" data-provenance=\"")
            writer.write(html: provenance)
            writer.write("\"")
        }
        // Not standard, but read by uv: HTML has no other place for them.
        if let size = record.size {
            writer.write(" data-size=\"")
            writer.write(size)
            writer.write("\"")
        }
        if let published = record.published {
            writer.write(" data-upload-time=\"")
            writer.write(published)
            writer.write("\"")
        }
        writer.write(">")
        writer.write(html: filename)
        writer.write("</a><br>\n")
    }

    private static func write(_ metadata: CoreMetadata, to writer: inout PageWriter) {
        if let checksum = metadata.checksum {
            writer.write("sha256=")
            writer.write(plain: checksum.hex)
        } else {
            writer.write("true")
        }
    }
}

extension PageWriter {
    /// The way from `simple/<package>/` to a file, relative: right behind every proxy and under every name of the host.
    mutating func write(fileURL filename: String, of package: PackageID) {
        write("../../packages/")
        write(plain: package.name)
        write("/")
        write(urlSegment: filename)
    }
}
