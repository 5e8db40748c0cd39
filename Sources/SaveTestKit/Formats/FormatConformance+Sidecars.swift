internal import SaveDigest
internal import SavePlatform

/// The rules of `EmbeddedMetadata`.
extension FormatConformance {
    func sidecars(_ format: any RepositoryFormat) -> [String] {
        guard let format = format as? any RepositoryFormat & EmbeddedMetadata else { return [] }
        var found: [String] = []
        for (key, listing) in indexes {
            for file in listing.assets {
                guard let sidecar = format.embeddedSidecar(of: file) else { continue }
                if sidecar.sidecarOf != file.path {
                    found.append("\(sidecar.path): is not marked as the sidecar of \(file.path)")
                }
                if sidecar.package != file.package { found.append("\(sidecar.path): belongs to another package than its file") }
                if sidecar.origin != nil { found.append("\(sidecar.path): is said to be upstream") }
                if format.file(ofSidecar: sidecar.path) != file.path {
                    found.append("\(sidecar.path): does not lead to its file")
                }
                if format.file(ofSidecar: file.path) != nil { found.append("\(file.path): is taken for a sidecar") }
                found += reading(format, file)
                found += announcing(format, file, sidecar, on: key)
            }
        }
        return found
    }

    /// Bytes that are not there yet, and bytes of anything.
    private func reading(_ format: any RepositoryFormat & EmbeddedMetadata, _ file: AssetRecord) -> [String] {
        struct NotHere: Error {}
        var found: [String] = []
        do {
            _ = try format.readSidecar(of: file, in: FileBytes(size: 1000) { _, _ in throw NotHere() })
            found.append("\(file.path): a sidecar is read without looking at the file")
        } catch is NotHere {
        } catch {
            found.append("\(file.path): an error of the bytes comes out as \(error)")
        }
        for bytes in Self.hostileDocuments {
            let whole = FileBytes(size: Int64(bytes.count)) { offset, count in Array(bytes[Int(offset)..<Int(offset) + count]) }
            do {
                _ = try format.readSidecar(of: file, in: whole)
                found.append("\(file.path): a sidecar is read out of anything")
            } catch {
                let code = (error as? SaveError)?.code
                if code != .invalidRequest && code != .upstreamInvalid {
                    found.append("\(file.path): a bad file throws \(error)")
                }
            }
        }
        return found
    }

    /// What a page announces is what another proxy reads from it.
    private func announcing(
        _ format: any RepositoryFormat & EmbeddedMetadata, _ file: AssetRecord, _ sidecar: AssetRecord, on key: IndexKey
    ) -> [String] {
        let digest = Checksum(.sha256, hex: String(repeating: "ab", count: 32)).map { [$0] } ?? []
        let context = RenderContext(basePath: "/x/project/repository/")
        var found: [String] = []
        for checksums in [digest, [], nil] {
            var announced = file
            format.announceSidecar([], in: &announced)
            format.announceSidecar(checksums, in: &announced)
            for type in offers(of: key, format) {
                guard let page = try? format.render(key, as: type, from: Listing(assets: [announced]), context: context) else {
                    continue
                }
                let document = UpstreamDocument(
                    url: "https://save.example.com/x/project/repository/simple/x/", contentType: page.type.value,
                    bytes: page.bytes)
                let read = (try? format.listing(from: document, for: key))?.assets.first { $0.sidecarOf != nil }
                let place = "\(file.path) as \(page.type)"
                if (read != nil) != (checksums != nil) { found.append("\(place): another announcement is read than was made") }
                if let read, read.path != sidecar.path { found.append("\(place): the sidecar is read as \(read.path)") }
                if let read, let checksums, read.checksums != checksums {
                    found.append("\(place): other checksums of the sidecar are read than were announced")
                }
            }
        }
        return found
    }
}
