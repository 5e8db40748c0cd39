package import SavePlatform

/// The formats of this server: filled before it listens, a constant from then on.
package struct FormatRegistry: Sendable {
    /// A format and where it came from.
    package struct Entry: Sendable {
        package let descriptor: FormatDescriptor
        package let origin: FormatOrigin
        package let type: IsolatedFormat<any RepositoryFormat.Type>
    }

    private var entriesByID: [String: Entry] = [:]
    /// The ids of formats by each first segment of URLs that is theirs: the id itself, and the mount.
    private var idsBySegment: [String: String] = [:]
    private let supervision: SupervisionRules

    /// A registry without formats.
    package init() { self.init(supervision: SupervisionRules()) }

    /// - Parameter supervision: for the formats that are loaded.
    package init(supervision: SupervisionRules) { self.supervision = supervision }

    /// Adds a format.
    ///
    /// - Throws: `invalidConfiguration` for a malformed, reserved or taken id or mount, for another contract version, and for a
    ///   format that cannot be made without settings.
    package mutating func register(_ format: any RepositoryFormat.Type, from origin: FormatOrigin = .compiledIn) throws {
        let descriptor = format.descriptor
        guard Self.isWord(descriptor.id) else {
            throw SaveError(.invalidConfiguration, "'\(descriptor.id)' is not a format id: \(Self.wordForm)")
        }
        guard !ResourceName.reserved.contains(descriptor.id) else {
            throw SaveError(.invalidConfiguration, "the format id '\(descriptor.id)' is reserved")
        }
        guard descriptor.contract == FormatDescriptor.currentContract else {
            throw SaveError(
                .invalidConfiguration,
                "the format '\(descriptor.id)' was written for contract \(descriptor.contract); this server has \(FormatDescriptor.currentContract)"
            )
        }
        guard entriesByID[descriptor.id] == nil else {
            throw SaveError(.invalidConfiguration, "two formats have the id '\(descriptor.id)'")
        }
        if let owner = idsBySegment[descriptor.id] {
            throw SaveError(.invalidConfiguration, "the format id '\(descriptor.id)' is the mount of the format '\(owner)'")
        }
        if let mount = descriptor.mount { try check(mount, of: descriptor.id) }
        do {
            _ = try format.init(settings: [:])
        } catch {
            throw SaveError(
                .invalidConfiguration,
                "the format '\(descriptor.id)' cannot be made: \((error as? SaveError)?.message ?? "\(error)")",
                underlying: error)
        }
        let type: IsolatedFormat<any RepositoryFormat.Type> =
            switch origin {
            case .compiledIn: IsolatedFormat(compiledIn: format)
            case .loaded: IsolatedFormat(format, loadedAs: descriptor.id, rules: supervision)
            }
        entriesByID[descriptor.id] = Entry(descriptor: descriptor, origin: origin, type: type)
        idsBySegment[descriptor.id] = descriptor.id
        if let mount = descriptor.mount { idsBySegment[mount.name] = descriptor.id }
    }

    private func check(_ mount: FormatMount, of id: String) throws {
        let subject = "the mount '\(mount.name)' of the format '\(id)'"
        guard Self.isWord(mount.name) else {
            throw SaveError(.invalidConfiguration, "\(subject) is not of the form \(Self.wordForm)")
        }
        guard !ResourceName.reserved.contains(mount.name) else {
            throw SaveError(.invalidConfiguration, "\(subject) is reserved")
        }
        guard mount.name != id else { throw SaveError(.invalidConfiguration, "\(subject) is its id") }
        if let owner = idsBySegment[mount.name] {
            let what = owner == mount.name ? "the id of another format" : "the mount of the format '\(owner)' already"
            throw SaveError(.invalidConfiguration, "\(subject) is \(what)")
        }
    }

    /// What ids and mounts look like.
    private static let wordForm = "^[a-z][a-z0-9_]{1,31}$"

    private static func isWord(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        let isLetter = { (byte: UInt8) in (97...122).contains(byte) }
        guard let first = bytes.first, bytes.count >= 2, bytes.count <= 32, isLetter(first) else { return false }
        return bytes.dropFirst().allSatisfy { isLetter($0) || ASCII.isDigit($0) || $0 == UInt8(ascii: "_") }
    }

    /// The formats, ordered by id.
    package var entries: [Entry] { entriesByID.sorted { $0.key < $1.key }.map(\.value) }

    /// The descriptors, ordered by id.
    package var descriptors: [FormatDescriptor] { entries.map(\.descriptor) }

    /// What the format of an id says of itself.
    package func descriptor(_ id: String) -> FormatDescriptor? { entriesByID[id]?.descriptor }

    /// The format of an id.
    ///
    /// - Throws: `invalidRequest` for an unknown id.
    package func type(_ id: String) throws -> IsolatedFormat<any RepositoryFormat.Type> {
        guard let entry = entriesByID[id] else { throw SaveError.invalid("format", "there is no format '\(id)'") }
        return entry.type
    }

    /// The format whose URLs begin with a segment, its id or its mount; nil where there is none.
    package func descriptor(ofSegment segment: String) -> FormatDescriptor? {
        idsBySegment[segment].flatMap { entriesByID[$0]?.descriptor }
    }

    /// The format that an undecoded path begins with; nil where there is none.
    package func descriptor(ofPath path: ArraySlice<UInt8>) -> FormatDescriptor? {
        guard path.first == UInt8(ascii: "/") else { return nil }
        let segment = path.dropFirst().prefix { $0 != UInt8(ascii: "/") }
        return descriptor(ofSegment: String(decoding: segment, as: UTF8.self))
    }

    /// A format with a repository's settings.
    ///
    /// - Throws: `invalidRequest` for an unknown id, and what the format's initializer throws.
    package func make(_ id: String, settings: JSONObject) async throws -> IsolatedFormat<any RepositoryFormat> {
        try await type(id).make { try $0.init(settings: settings) }
    }
}

/// Where a format came from.
package enum FormatOrigin: Sendable, Hashable {
    /// Named in the server's own list of formats.
    case compiledIn
    /// Loaded at start from the shared object at this path.
    case loaded(path: String)
}
