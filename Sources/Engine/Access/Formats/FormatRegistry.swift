package import SavePlatform

/// The format that a path belongs to, and what follows its id or its mount.
package struct FormatPlace: Sendable {
    package let descriptor: FormatDescriptor
    /// What is below the id or the mount, undecoded: `/<project>/<repository>/…`, a slash, or nothing.
    package let rest: ArraySlice<UInt8>
    /// Whether it begins with the format's mount, not with its id.
    package let isMounted: Bool
}

/// The formats of this server: filled before it listens, a constant from then on.
package struct FormatRegistry: Sendable {
    /// A format and where it came from.
    package struct Entry: Sendable {
        package let descriptor: FormatDescriptor
        package let origin: FormatOrigin
        package let type: IsolatedFormat<any RepositoryFormat.Type>
        /// What others call its packages, where these have versions with an order.
        package let ecosystem: Ecosystem?
    }

    /// What others call the packages of a format (`PackageVersioning`).
    package struct Ecosystem: Sendable, Hashable {
        /// In the OSV schema: `PyPI`.
        package let name: String
        /// In the URL of a package: `pypi`.
        package let purlType: String
    }

    private var entriesByID: [String: Entry] = [:]
    private let supervision: SupervisionRules

    /// A registry without formats.
    package init() { self.init(supervision: SupervisionRules()) }

    /// - Parameter supervision: for the formats that are loaded.
    package init(supervision: SupervisionRules) { self.supervision = supervision }

    /// Adds a format. One that is loaded takes the place of one that is compiled in and has the same id.
    ///
    /// - Throws: `invalidConfiguration` for a malformed, reserved or taken id or mount, for another contract version, and for a
    ///   format that cannot be made without settings; then the registry is as it was.
    package mutating func register(_ format: any RepositoryFormat.Type, from origin: FormatOrigin = .compiledIn) throws {
        var others = self
        if case .loaded = origin, case .compiledIn = entriesByID[format.descriptor.id]?.origin {
            others.entriesByID[format.descriptor.id] = nil
        }
        try others.add(format, from: origin)
        self = others
    }

    private mutating func add(_ format: any RepositoryFormat.Type, from origin: FormatOrigin) throws {
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
        if let owner = descriptors.first(where: { $0.mount.map { Self.overlap($0.path, descriptor.id) } ?? false }) {
            let how = owner.root == descriptor.id ? "is the mount" : "is above the mount '\(owner.root)'"
            throw SaveError(.invalidConfiguration, "the format id '\(descriptor.id)' \(how) of the format '\(owner.id)'")
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
        // Asked once, as the descriptor is: both are constants of the format.
        let ecosystem = (format as? any PackageVersioning.Type).map { Ecosystem(name: $0.ecosystem, purlType: $0.purlType) }
        entriesByID[descriptor.id] = Entry(descriptor: descriptor, origin: origin, type: type, ecosystem: ecosystem)
    }

    private func check(_ mount: FormatMount, of id: String) throws {
        let subject = "the mount '\(mount.path)' of the format '\(id)'"
        let segments = mount.path.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard (1...4).contains(segments.count), segments.allSatisfy(Self.isMountSegment) else {
            throw SaveError(.invalidConfiguration, "\(subject) is not of the form \(Self.mountForm)")
        }
        let first = segments[0]
        let begins = segments.count == 1 ? "is" : "begins with '\(first)', which is"
        guard !ResourceName.reserved.contains(first) else {
            throw SaveError(.invalidConfiguration, "\(subject) \(begins) reserved")
        }
        guard first != id else { throw SaveError(.invalidConfiguration, "\(subject) \(begins) its id") }
        guard entriesByID[first] == nil else {
            throw SaveError(.invalidConfiguration, "\(subject) \(begins) the id of another format")
        }
        for other in descriptors {
            guard let taken = other.mount?.path, Self.overlap(taken, mount.path) else { continue }
            let how =
                taken == mount.path
                ? "is the mount of the format '\(other.id)' already" : "overlaps the mount '\(taken)' of the format '\(other.id)'"
            throw SaveError(.invalidConfiguration, "\(subject) \(how)")
        }
        if let place = mount.pingPath {
            guard place != mount.path, (mount.path + "/").utf8.starts(with: (place + "/").utf8) else {
                throw SaveError(.invalidConfiguration, "\(subject) is not below '\(place)', where its clients ask first")
            }
            if let other = descriptors.first(where: { $0.mount?.pingPath == place }) {
                throw SaveError(
                    .invalidConfiguration, "\(subject) has clients that ask at '\(place)', as those of '\(other.id)' do")
            }
        }
        if let place = mount.tokenPath {
            guard mountNames(place), place != mount.path, place != mount.pingPath,
                !descriptors.contains(where: { Self.overlap($0.root, place) || $0.mount?.tokenPath == place })
            else {
                throw SaveError(
                    .invalidConfiguration,
                    "\(subject) has clients that get tokens at '\(place)', which is taken or no path of its form")
            }
        }
        for document in mount.documents.values + [mount.pingResponse].compactMap(\.self) {
            guard case .bytes(let bytes) = document.content, bytes.count <= Self.maxMountBytes else {
                throw SaveError(
                    .invalidConfiguration,
                    "\(subject) has an answer of its own that is made in pieces or has more than \(Self.maxMountBytes) bytes")
            }
        }
        for name in mount.documents.keys.sorted() where !(name.isEmpty ? mount.pingResponse == nil : Self.isMountSegment(name)) {
            let why =
                name.isEmpty ? "has two answers of its own" : "has a document '\(name)', which is not one segment of such a form"
            throw SaveError(.invalidConfiguration, "\(subject) \(why)")
        }
    }

    /// Whether a path is one that the server has no use for itself.
    private func mountNames(_ path: String) -> Bool {
        let segments = path.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard let first = segments.first, (1...4).contains(segments.count), segments.allSatisfy(Self.isMountSegment) else {
            return false
        }
        return !ResourceName.reserved.contains(first) && entriesByID[first] == nil
    }

    /// Whether one path is the other, or above it.
    private static func overlap(_ left: String, _ right: String) -> Bool {
        (left + "/").utf8.starts(with: (right + "/").utf8) || (right + "/").utf8.starts(with: (left + "/").utf8)
    }

    /// Of what a mount answers by itself: it is made for anyone who asks.
    private static let maxMountBytes = 1 << 20
    /// What ids look like.
    private static let wordForm = "^[a-z][a-z0-9_]{1,31}$"
    private static let mountForm = "^[a-z0-9._~-]{1,32}(/[a-z0-9._~-]{1,32}){0,3}$ without dot segments"

    /// Characters that no client and no proxy escapes (RFC 3986, 2.3), in the one spelling that there is of them.
    private static func isMountSegment(_ text: String) -> Bool {
        (1...32).contains(text.utf8.count) && text != "." && text != ".."
            && text.utf8.allSatisfy { (97...122).contains($0) || ASCII.isDigit($0) || "._~-".utf8.contains($0) }
    }

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

    /// The ecosystem of a format's packages; nil for a format that is not there and for one without.
    package func ecosystem(of id: String) -> Ecosystem? { entriesByID[id]?.ecosystem }

    /// The format whose packages belong to an ecosystem.
    package func entry(where isWanted: (Ecosystem) -> Bool) -> Entry? { entries.first { $0.ecosystem.map(isWanted) ?? false } }

    /// The format that an undecoded path begins with, by its id or its mount, and what is below that; nil where there is none.
    package func place(of path: ArraySlice<UInt8>) -> FormatPlace? {
        for entry in entriesByID.values {
            guard let (rest, isMounted) = entry.descriptor.place(of: path) else { continue }
            return FormatPlace(descriptor: entry.descriptor, rest: rest, isMounted: isMounted)
        }
        return nil
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
