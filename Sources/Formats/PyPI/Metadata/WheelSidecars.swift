internal import SaveDigest
public import SavePlatform

/// PEP 658: beside a wheel is its METADATA. A wheel carries it within it, so that it can be had where an upstream does not
/// serve it.
extension PyPIFormat: EmbeddedMetadata {
    public func embeddedSidecar(of file: AssetRecord) -> AssetRecord? {
        guard Self.isWheel(file.path), let path = try? PyPIPaths.sidecar(of: file.path) else { return nil }
        return AssetRecord(
            path: path, package: file.package, version: file.version, sidecarOf: file.path, contentType: MediaType.text.value)
    }

    public func file(ofSidecar path: AssetPath) -> AssetPath? {
        let ending = PyPIPaths.sidecarEnding.utf8
        guard path.text.utf8.suffix(ending.count).elementsEqual(ending) else { return nil }
        return try? AssetPath(String(Substring(path.text.utf8.dropLast(ending.count))))
    }

    public func readSidecar(of file: AssetRecord, in bytes: FileBytes) throws -> [UInt8] {
        guard let package = file.package, let wheel = DistributionFilename(file.path.filename, of: package), wheel.kind == .wheel
        else { throw SaveError.invalid("content", "content: this is not a wheel of the package") }
        let (metadata, path) = try DistributionReader.wheelMetadata(in: bytes, wheel)
        guard CoreMetadataFile.areAbout(wheel, metadata) else {
            throw SaveError.invalid("content", "content: \(path) has another name or version than the wheel")
        }
        return metadata
    }

    /// PEP 714: without the sidecar there is no attribute, since installers take any value to mean that there is one.
    public func announceSidecar(_ checksums: [Checksum]?, in file: inout AssetRecord) {
        let sha256 = checksums?[.sha256]
        file.attributes[PyPIAttribute.coreMetadata] = checksums.map { _ in
            (sha256.map(CoreMetadata.sha256) ?? .unverified).json
        }
    }

    private static func isWheel(_ path: AssetPath) -> Bool { path.text.utf8.suffix(4).elementsEqual(".whl".utf8) }
}
