internal import SavePlatform

/// The list of all projects, in pieces: of a large index it has over 40 MB.
enum RootPage {
    /// Bytes of a piece, about.
    private static let piece = 65_536

    static func pieces(_ listing: Listing, isJSON: Bool, hasNamespaces: Bool) -> DocumentPieces {
        let packages = listing.packages
        let serial = listing.serial
        return DocumentPieces(retaining: packages.byteCount) { place in
            // The place behind the last package is the end, and the one behind that is past it.
            guard place <= packages.count else { return nil }
            var writer = PageWriter(capacity: piece + 1024)
            if place == 0, isJSON {
                writer.write(hasNamespaces ? "{\"meta\":{\"api-version\":\"1.5\"" : "{\"meta\":{\"api-version\":\"1.4\"")
                writer.write(serial: serial)
                writer.write("},\"projects\":[")
            } else if place == 0 {
                writer.write(htmlHead)
            }
            while place < packages.count, writer.bytes.count < piece {
                if isJSON {
                    writeJSON(packages[place], isFirst: place == 0, to: &writer)
                } else {
                    writeHTML(packages[place], to: &writer)
                }
                place += 1
            }
            if place == packages.count {
                writer.write(isJSON ? "\n]}\n" : "</body>\n</html>\n")
                place += 1
            }
            return writer.bytes
        }
    }

    private static let htmlHead: StaticString =
        "<!DOCTYPE html>\n<html>\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"pypi:repository-version\" content=\"1.4\">\n<title>Simple index</title>\n</head>\n<body>\n"

    private static func writeJSON(_ package: PackageSummary, isFirst: Bool, to writer: inout PageWriter) {
        writer.write(isFirst ? "\n{\"name\":" : ",\n{\"name\":")
        writer.write(json: package.displayName)
        writer.write(serial: package.serial)
        writer.write("}")
    }

    private static func writeHTML(_ package: PackageSummary, to writer: inout PageWriter) {
        writer.write("<a href=\"")
        writer.write(urlSegment: package.id.name)
        writer.write("/\">")
        writer.write(html: package.displayName)
        writer.write("</a><br>\n")
    }
}
