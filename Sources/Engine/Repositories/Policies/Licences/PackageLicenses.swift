internal import SavePlatform
internal import SaveStorage
internal import Synchronization

/// The licences of the versions of a package, as far as they are known.
struct PackageLicenses: Sendable {
    private struct Question: Hashable {
        let policy: Int64
        /// nil where it is not known.
        let license: String?
    }

    /// Most files of a package are under one licence: what a policy says of it is found out once.
    private final class Memory: Sendable {
        let findings = Mutex<[Question: String?]>([:])
    }

    private let ofFiles: [AssetPath: String]
    private let ofVersions: [String: String]
    private let expressions: [String: LicenseExpression]
    private let memory = Memory()

    /// - Parameter found: what files say of their licence, in the order in which they count for their version.
    init(_ found: [(file: AssetRecord, text: String)]) {
        var files: [AssetPath: String] = [:], versions: [String: String] = [:]
        var expressions: [String: LicenseExpression] = [:]
        for (file, text) in found {
            guard let expression = expressions[text] ?? LicenseExpression(text) else { continue }
            expressions[text] = expression
            files[file.path.plain] = text
            if let version = file.version, versions[version] == nil { versions[version] = text }
        }
        (ofFiles, ofVersions, self.expressions) = (files, versions, expressions)
    }

    /// Why a policy is about a file; nil where it is not.
    ///
    /// What denies or warns is about files that cannot be used without one of its licences, and what allows about those that can be
    /// used under its licences alone.
    func finding(_ policy: PolicyRecord, on file: AssetRecord) -> String? {
        let license = ofFiles[file.path.plain] ?? file.version.flatMap { ofVersions[$0] }
        let question = Question(policy: policy.id, license: license)
        if let known = memory.findings.withLock({ $0[question] }) { return known }
        let finding = Self.finding(policy, license.flatMap { expressions[$0] })
        memory.findings.withLock { $0[question] = .some(finding) }
        return finding
    }

    private static func finding(_ policy: PolicyRecord, _ expression: LicenseExpression?) -> String? {
        let names = policy.match.licenses ?? []
        guard let expression else {
            return names.contains { ASCII.isEqual(ASCII.lowercased($0), LicensePattern.unknown) }
                ? "has no licence that is known" : nil
        }
        let patterns = names.compactMap(LicensePattern.init)
        func isNamed(_ term: LicenseTerm) -> Bool { patterns.contains { $0.covers(term) } }
        let holds = policy.action == .allow ? expression.isSatisfied(by: isNamed) : !expression.isSatisfied { !isNamed($0) }
        return holds ? "is under \(PolicyFinding.bounded(expression.text, 60))" : nil
    }
}
