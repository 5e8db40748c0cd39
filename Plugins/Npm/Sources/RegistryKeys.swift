internal import SavePlatform

/// The public keys by which a registry signs its versions (npm documentation, "About registry signatures"): a proxy passes on those of its
/// upstream, whose signatures its packuments have. Save itself signs nothing.
enum RegistryKeys {
    static let member = "keys"
    /// Bytes of an upstream's document.
    private static let maxBytes: Int64 = 1 << 20
    /// npm makes text of these.
    private static let members = ["expires", "keyid", "keytype", "scheme", "key"]

    static func request(at base: String) -> UpstreamRequest {
        UpstreamRequest(url: base + "-/npm/v1/keys", accept: MediaType.json.value, maxSize: maxBytes)
    }

    /// - Throws: `upstreamInvalid`.
    static func listing(of document: UpstreamDocument) throws -> Listing {
        guard let keys = (try? JSONValue(parsing: document.bytes))?.object?[member]?.array else {
            throw SaveError(.upstreamInvalid, "the upstream's list of keys is none: check remote_url")
        }
        let known = keys.compactMap { key -> JSONValue? in
            guard let key = key.object, key["keyid"]?.string != nil, key["key"]?.string != nil else { return nil }
            return .object(JSONObject(members.compactMap { name in key[name].map { (name, $0) } }))
        }
        return Listing(attributes: [member: .array(known)])
    }

    /// The keys of several registries, each once.
    static func merged(_ said: [JSONObject]) -> JSONValue {
        var seen: Set<JSONValue> = []
        return .array(said.flatMap { $0[member]?.array ?? [] }.filter { seen.insert($0).inserted })
    }

    /// - Throws: `notFound` where there are none, which npm takes for a registry that does not sign.
    static func document(_ listing: Listing) throws -> Document {
        guard let keys = listing.attributes[member] else {
            throw SaveError(.notFound, "this registry signs nothing, and has no keys: check digests instead")
        }
        return Document(type: .json, bytes: JSONValue.object(JSONObject(member, keys)).bytes)
    }
}
