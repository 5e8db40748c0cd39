public import SavePlatform

/// In a group, a tag is the first member's that has it: a fork that tags its own `latest` keeps the `beta` and `next` of its
/// upstream.
extension NpmFormat: PackageMerging {
    public func attributes(mergedFrom said: [JSONObject]) throws -> JSONObject {
        var attributes = JSONObject(mergedByKeyFrom: said)
        let tags = said.compactMap { $0[Packument.tagsKey]?.object }
        if !tags.isEmpty { attributes[Packument.tagsKey] = .object(JSONObject(mergedByKeyFrom: tags)) }
        if said.contains(where: { $0[RegistryKeys.member] != nil }) {
            attributes[RegistryKeys.member] = RegistryKeys.merged(said)
        }
        return attributes
    }
}

/// A version may be built and attested more than once.
extension NpmFormat: SidecarCombining {
    public func combined(_ stored: [UInt8], with new: [UInt8], in sidecar: AssetRecord) throws -> CombinedSidecar? {
        try Provenance.document(stored, adding: new).map { CombinedSidecar(bytes: $0.bytes, announcement: [:]) }
    }
}
