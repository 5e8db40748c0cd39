internal import SavePlatform

/// `@v/list`: the versions that the go command chooses among, one for each line.
///
/// A line may have the version's time behind it, as the go command reads it, so that a proxy of this server knows how old a version is.
/// Upstreams mostly have the versions alone.
enum VersionList {
    /// Versions that are refused or withdrawn are not there, so that the go command takes the newest that it gets. Pseudo-versions
    /// are never listed (Go Modules Reference, "GOPROXY protocol").
    static func document(_ versions: [KnownVersion], as type: MediaType) -> Document {
        var bytes: [UInt8] = []
        for known in versions where !known.version.isPseudo && known.withdrawal == nil {
            bytes += known.version.text.utf8
            if let time = known.time { bytes += " \(time.rfc3339)".utf8 }
            bytes.append(0x0A)
        }
        return Document(type: type, bytes: bytes)
    }

    /// The files of an upstream's list. A list without lines is one: of a module without tagged versions.
    ///
    /// - Throws: `upstreamInvalid` where no line of it is a version.
    static func listing(of module: ModulePath, in document: UpstreamDocument) throws -> Listing {
        var assets: [AssetRecord] = []
        var hasLines = false
        var seen: Set<String> = []
        for line in document.bytes.split(whereSeparator: { $0 == 0x0A || $0 == 0x0D }) {
            let words = line.split(whereSeparator: { $0 == 0x20 || $0 == 0x09 }).map { String(decoding: $0, as: UTF8.self) }
            guard let word = words.first else { continue }
            hasLines = true
            guard let version = ModuleVersion(word), module.takes(version), !version.isPseudo, seen.insert(version.text).inserted
            else { continue }
            let time = words.dropFirst().first.flatMap(Timestamp.init(rfc3339:))
            assets += try UpstreamFile.records(module, version, time)
        }
        guard !hasLines || !assets.isEmpty else {
            throw SaveError(.upstreamInvalid, "the upstream's list has no version of '\(module.text)': check remote_url")
        }
        // What has neither files nor attributes, an upstream does not have.
        return Listing(assets: assets, attributes: assets.isEmpty ? [untagged: true] : [:])
    }

    /// An attribute of a module whose list is empty.
    static let untagged = "untagged"
}

/// The files that upstreams have of every version.
enum UpstreamFile {
    /// - Parameter time: what a list says; a pseudo-version says its time itself.
    static func records(_ module: ModulePath, _ version: ModuleVersion, _ time: Timestamp?) throws -> [AssetRecord] {
        try [ModuleFile.Kind.zip, .mod, .info].map { kind in
            var record = try ModuleFile(module, version, kind).record()
            record.published = version.time ?? time
            return record
        }
    }
}

/// A version as a listing has it.
struct KnownVersion {
    let version: ModuleVersion
    let record: AssetRecord

    /// In whole seconds, as the go command writes times.
    var time: Timestamp? { version.time ?? record.published.map { Timestamp(seconds: $0.seconds) } }
    var withdrawal: Withdrawal? { record.withdrawn }
    /// What the upstream was asked for when it named the version; nil for one that it lists.
    var query: String? { record.attributes[Self.queryKey]?.string }

    static let queryKey = "query"

    /// The versions of a listing, the oldest first.
    static func all(in listing: Listing) -> [KnownVersion] {
        let assets = listing.assets
        var versions: [(version: ModuleVersion, place: Int)] = []
        for place in assets.indices where assets[place].sidecarOf == nil {
            guard let version = assets[place].version.flatMap({ ModuleVersion($0) }) else { continue }
            versions.append((version, place))
        }
        // Records are large: what is sorted is where they are.
        let order = versions.indices.map { (key: versions[$0].version.key, number: $0) }
            .sorted { $0.key.lexicographicallyPrecedes($1.key) }
        return order.map { KnownVersion(version: versions[$0.number].version, record: assets[versions[$0.number].place]) }
    }
}

extension [KnownVersion] {
    /// The version that `@latest` means: the newest release, else the newest pre-release, else the newest pseudo-version.
    var latest: KnownVersion? {
        last { $0.version.isRelease } ?? last { !$0.version.isPseudo } ?? last
    }
}
