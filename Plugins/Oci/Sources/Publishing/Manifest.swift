internal import SaveDigest
internal import SavePlatform

/// A manifest or an index of images, of whatever type: what it refers to, and what is told of it (image-spec, manifest.md and image-index.md;
/// Docker's types of version 2.2 have the same members).
struct Manifest {
    /// As many bytes as clients can count on: "Registries SHOULD enforce some limit … at least 4 megabytes".
    static let maxBytes = 4 << 20
    /// References to different things: every page of an image is made of all records of its manifests. Images have up to some hundred layers.
    static let maxReferences = 5000
    /// Bytes of the annotations that lists of referrers show.
    static let maxAnnotations = 64 << 10

    /// Something that has to be there before the manifest, and where clients ask for it: as one of `blobs` or of `manifests`, or either.
    struct Reference: Hashable {
        let digest: ContentDigest
        let kinds: [String]
    }

    /// As it is served.
    let type: String
    /// What it refers to, once each, its subject left out: its config, its layers, its manifests. None of it is garbage.
    let references: [ContentDigest]
    /// What of that has to be there before it.
    let required: [Reference]
    /// The manifest that it is about, which need not be there.
    let subject: ContentDigest?
    let artifactType: String?
    let annotations: JSONObject?

    /// - Parameter contentType: the field that it was sent with.
    /// - Throws: `invalidRequest` naming `manifest`.
    init(_ bytes: [UInt8], contentType: String?) throws {
        guard let object = try? JSONValue(parsing: bytes).object else { throw Self.invalid("is no JSON object") }
        guard object["schemaVersion"]?.integer == 2 else {
            throw Self.invalid("has no schemaVersion 2: manifests of version 1 are not taken, push with a newer client")
        }
        let said = try object["mediaType"].map { value in
            guard let text = value.string else { throw Self.invalid("has a mediaType that is no text") }
            return text
        }
        let sent = contentType.map { MediaType($0).essence }
        guard let type = sent ?? said, Self.isType(type) else {
            throw Self.invalid("has no media type: send one as Content-Type")
        }
        guard said == nil || said.map({ ASCII.isEqual(MediaType($0).essence, type) }) == true else {
            throw Self.invalid("says in mediaType that it is another type than Content-Type says")
        }
        self.type = type
        let config = try object["config"].map { try Descriptor($0, in: "config") }
        let descriptors = try [config].compactMap(\.self) + Self.descriptors(object, ["layers", "manifests", "blobs"])
        references = Self.distinct(descriptors.map(\.digest))
        required = Self.distinct(
            descriptors.filter { !$0.isElsewhere }.map { Reference(digest: $0.digest, kinds: $0.kinds) })
        subject = try object["subject"].map { try Descriptor($0, in: "subject").digest }
        // "If the artifactType is empty or missing in the image manifest, the value of artifactType MUST be set to the config descriptor
        // mediaType value."
        artifactType = object["artifactType"]?.string.flatMap { $0.utf8.isEmpty ? nil : $0 } ?? config?.type
        annotations = object["annotations"]?.object
    }

    /// What a record keeps of it.
    ///
    /// - Throws: `invalidRequest` for more than that.
    var attributes: JSONObject {
        get throws {
            guard references.count <= Self.maxReferences else {
                throw Self.invalid("refers to more than \(Self.maxReferences) blobs and manifests: push it as several")
            }
            var attributes: JSONObject = ["references": .array(references.map { .string($0.text) })]
            guard let subject else { return attributes }
            attributes["subject"] = .string(subject.text)
            if let artifactType {
                guard artifactType.utf8.count <= 255 else { throw Self.invalid("has an artifactType of more than 255 bytes") }
                attributes["artifactType"] = .string(artifactType)
            }
            if let annotations {
                guard JSONValue.object(annotations).bytes.count <= Self.maxAnnotations else {
                    throw Self.invalid(
                        "has a subject and annotations of more than \(Self.maxAnnotations) bytes: put what is long into a blob")
                }
                attributes["annotations"] = .object(annotations)
            }
            return attributes
        }
    }

    /// Each once, in their order.
    private static func distinct<Element: Hashable>(_ elements: [Element]) -> [Element] {
        var seen: Set<Element> = []
        return elements.filter { seen.insert($0).inserted }
    }

    private static func descriptors(_ object: JSONObject, _ members: [String]) throws -> [Descriptor] {
        try members.flatMap { member -> [Descriptor] in
            guard let value = object[member], !value.isNull else { return [] }
            guard let list = value.array else { throw invalid("has '\(member)', which is no list") }
            return try list.map { try Descriptor($0, in: member) }
        }
    }

    /// `type/subtype` of RFC 6838, 4.2.
    private static func isType(_ text: String) -> Bool {
        let parts = text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        return parts.count == 2 && text.utf8.count <= 255
            && parts.allSatisfy { part in
                !part.isEmpty && part.allSatisfy { ASCII.isAlphanumeric($0) || "!#$&-^_.+".utf8.contains($0) }
            }
    }

    static func invalid(_ what: String) -> SaveError {
        SaveError(.invalidRequest, "manifest: \(what)", details: ["field": "manifest", "code": "MANIFEST_INVALID"])
    }
}

/// What a manifest says of something that it refers to (image-spec, descriptor.md).
private struct Descriptor {
    let digest: ContentDigest
    let type: String?
    /// Where clients ask for it.
    let kinds: [String]

    init(_ value: JSONValue, in member: String) throws {
        guard let object = value.object, let digest = object["digest"]?.string.flatMap(ContentDigest.init) else {
            throw Manifest.invalid("has an entry in '\(member)' without a digest: \(ContentDigest.malformed)")
        }
        self.digest = digest
        type = object["mediaType"]?.string
        guard member == "manifests" else {
            kinds = ["blobs"]
            return
        }
        // Caches of builds are indexes whose entries are layers and a config, told by their types.
        let isManifest = type.map { type in Self.manifestTypes.contains { ASCII.isEqual(MediaType(type).essence, $0) } } ?? true
        kinds = isManifest ? ["manifests"] : ["manifests", "blobs"]
    }

    private static let manifestTypes = [
        "application/vnd.oci.image.index.v1+json", "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.list.v2+json", "application/vnd.docker.distribution.manifest.v2+json",
    ]

    /// Layers that must not be given on, and are fetched from where they say that they are (image-spec, layer.md, "Non-Distributable Layers").
    var isElsewhere: Bool {
        guard let type else { return false }
        return type.utf8.starts(with: "application/vnd.oci.image.layer.nondistributable.".utf8)
            || type.utf8.starts(with: "application/vnd.docker.image.rootfs.foreign.".utf8)
    }
}
