/// The formats of this server: filled before it listens, a constant from then on.
public struct FormatRegistry: Sendable {
    /// The version of the contract between the platform and formats.
    public static let contract = 1

    /// A format and where it came from.
    package struct Entry: Sendable {
        package let type: any RepositoryFormat.Type
        package let origin: FormatOrigin

        package var descriptor: FormatDescriptor { type.descriptor }
    }

    private var entriesByID: [String: Entry] = [:]

    public init() {}

    /// Adds a format.
    ///
    /// - Throws: `invalidConfiguration` for a malformed, reserved or taken id, for another contract version, and for a format
    ///   that cannot be made without settings.
    public mutating func register(_ format: any RepositoryFormat.Type, from origin: FormatOrigin = .compiledIn) throws {
        let descriptor = format.descriptor
        let id = Array(descriptor.id.utf8)
        let isWord = id.dropFirst().allSatisfy { (97...122).contains($0) || ASCII.isDigit($0) || $0 == 95 }
        guard id.count >= 2, id.count <= 32, (97...122).contains(id[0]), isWord else {
            throw SaveError(.invalidConfiguration, "'\(descriptor.id)' is not a format id: ^[a-z][a-z0-9_]{1,31}$")
        }
        guard !ResourceName.reserved.contains(descriptor.id) else {
            throw SaveError(.invalidConfiguration, "the format id '\(descriptor.id)' is reserved")
        }
        guard descriptor.contract == Self.contract else {
            throw SaveError(
                .invalidConfiguration,
                "the format '\(descriptor.id)' was written for contract \(descriptor.contract); this server has \(Self.contract)")
        }
        guard entriesByID[descriptor.id] == nil else {
            throw SaveError(.invalidConfiguration, "two formats have the id '\(descriptor.id)'")
        }
        do {
            _ = try format.init(settings: [:])
        } catch {
            throw SaveError(
                .invalidConfiguration,
                "the format '\(descriptor.id)' cannot be made: \((error as? SaveError)?.message ?? "\(error)")",
                underlying: error)
        }
        entriesByID[descriptor.id] = Entry(type: format, origin: origin)
    }

    /// The formats, ordered by id.
    package var entries: [Entry] { entriesByID.sorted { $0.key < $1.key }.map(\.value) }

    /// The descriptors, ordered by id.
    public var descriptors: [FormatDescriptor] { entries.map(\.descriptor) }

    /// The format of an id.
    public func type(_ id: String) -> (any RepositoryFormat.Type)? { entriesByID[id]?.type }

    /// The format whose id an undecoded path begins with; nil where there is none.
    func descriptor(ofPath path: ArraySlice<UInt8>) -> FormatDescriptor? {
        guard path.first == UInt8(ascii: "/") else { return nil }
        let id = path.dropFirst().prefix { $0 != UInt8(ascii: "/") }
        return type(String(decoding: id, as: UTF8.self))?.descriptor
    }

    /// A format with a repository's settings.
    ///
    /// - Throws: `invalidRequest` for an unknown id, and what the format's initializer throws.
    public func make(_ id: String, settings: JSONObject) throws -> any RepositoryFormat {
        guard let type = type(id) else { throw SaveError.invalid("format", "there is no format '\(id)'") }
        return try type.init(settings: settings)
    }
}
