internal import SaveAccess
package import SaveHTTP
internal import SavePlatform
package import SaveStorage

/// Gives what policies refuse small numbers, and the reasons a link by which people find out more: `…/ui/why/17`.
///
/// A number is made when a page or a file is judged for a client, in one transaction for all that have none yet. It is the same for
/// a version of a package as long as its repository and its policy are there, or until a great many newer ones were made. A question makes
/// none.
package struct RefusalNumbers: Sendable {
    private let store: any MetadataStore
    private let clock: PlatformClock
    private let log: Log
    /// What links begin with; empty where that follows from each request.
    private let address: String

    /// Numbers that are kept: older ones are forgotten.
    package static let kept: Int64 = 500_000
    /// Numbers in one transaction: others wait for its end.
    private static let maxNoted = 1000
    /// From here on all numbers of a package are read at once.
    private static let maxSingle = 8

    package init(store: any MetadataStore, clock: PlatformClock, log: Log, address: PublicAddress?) {
        self.store = store
        self.clock = clock
        self.log = log
        self.address = address?.text ?? ""
    }

    /// The link to what is known of a refusal. Without an address of the server it is a path.
    func link(_ number: Int64) -> String { "\(address)/ui/why/\(number)" }

    /// The numbers of some refusals in one repository; of what has none where it cannot be made, none.
    ///
    /// - Parameter keepsNew: whether numbers are made.
    func numbers(of subjects: Set<RefusalSubject>, keepsNew: Bool) async -> [RefusalSubject: Int64] {
        guard !subjects.isEmpty else { return [:] }
        do {
            let known = try await store.read { try Self.known(subjects, $0) }
            return keepsNew ? await adding(subjects, to: known) : known
        } catch {
            return none(error)
        }
    }

    /// The numbers that the refusals of a package have.
    func numbers(ofPackage package: PackageID?, in repository: Int64) async -> [RefusalSubject: Int64] {
        guard let name = package?.name else { return [:] }
        do {
            let records = try await store.read { try $0.refusals(repository, package: name) }
            return Dictionary(records.map { ($0.subject, $0.id) }, uniquingKeysWith: { $1 })
        } catch {
            return none(error)
        }
    }

    /// Some numbers, and those that are made for refusals without one.
    func adding(_ subjects: Set<RefusalSubject>, to known: [RefusalSubject: Int64]) async -> [RefusalSubject: Int64] {
        var known = known
        let fresh = subjects.filter { known[$0] == nil }.sorted { $0.version < $1.version }
        let now = clock.now()
        do {
            for start in stride(from: 0, to: fresh.count, by: Self.maxNoted) {
                let some = fresh[start..<min(start + Self.maxNoted, fresh.count)]
                let made = try await store.write { writing in
                    let made = try some.map { try writing.put(RefusalRecord(subject: $0, refused: now)) }
                    if let newest = made.map(\.id).max(), newest > Self.kept {
                        try writing.deleteRefusals(through: newest - Self.kept)
                    }
                    return made
                }
                for record in made { known[record.subject] = record.id }
            }
            return known
        } catch {
            return none(error)
        }
    }

    private func none(_ error: any Error) -> [RefusalSubject: Int64] {
        log.sparsely(.error, "refusals have no numbers", ["error": "\(error)"])
        return [:]
    }

    private static func known(
        _ subjects: Set<RefusalSubject>, _ reading: any MetadataReading
    ) throws -> [RefusalSubject: Int64] {
        var known: [RefusalSubject: Int64] = [:]
        if subjects.count > maxSingle, let first = subjects.first, !first.package.isEmpty {
            for record in try reading.refusals(first.repository, package: first.package) { known[record.subject] = record.id }
            return known
        }
        for subject in subjects { known[subject] = try reading.refusal(of: subject)?.id }
        return known
    }
}

extension FileVerdict {
    /// What a policy refuses by this verdict; nil where none does.
    ///
    /// - Parameters:
    ///   - file: nil where the package as a whole is refused.
    ///   - package: what the verdict is about.
    func subject(_ file: AssetRecord?, of package: PackageFacts) -> RefusalSubject? {
        guard let policy = withholding?.decision?.policy else { return nil }
        let repository = package.repository.record.id
        guard let file else {
            return package.id.map { RefusalSubject(repository: repository, policy: policy, package: $0.name) }
        }
        let name = (file.package ?? package.id)?.name ?? ""
        guard !name.isEmpty, let version = file.version else {
            return RefusalSubject(repository: repository, policy: policy, package: name, path: file.path.text)
        }
        return RefusalSubject(repository: repository, policy: policy, package: name, version: version)
    }
}
