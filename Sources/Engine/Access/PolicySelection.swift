package import SavePlatform

/// The policies of a repository by the packages that they are about: found out once, so that those of a package are found without
/// looking at all names of all policies.
package struct PolicySelection: Sendable {
    /// In the order in which they are asked.
    private let policies: [RepositoryPolicy]
    /// Numbers of policies about every file.
    private let general: [Int]
    /// By the bytes of a name.
    private let exact: [[UInt8]: [Int]]
    /// By the bytes that names begin with, for each number of them.
    private let beginnings: [Int: [[UInt8]: [Int]]]

    /// - Parameter policies: in the order in which they are asked.
    package init(_ policies: [RepositoryPolicy]) {
        var general: [Int] = []
        var exact: [[UInt8]: [Int]] = [:]
        var beginnings: [Int: [[UInt8]: [Int]]] = [:]
        for (number, policy) in policies.enumerated() {
            guard let names = policy.packages else {
                general.append(number)
                continue
            }
            for name in Set(names) {
                var bytes = Array(name.utf8)
                if bytes.last == UInt8(ascii: "*") {
                    bytes.removeLast()
                    beginnings[bytes.count, default: [:]][bytes, default: []].append(number)
                } else {
                    exact[bytes, default: []].append(number)
                }
            }
        }
        self.policies = policies
        self.general = general
        self.exact = exact
        self.beginnings = beginnings
    }

    /// The policies about a package, in the order in which they are asked.
    ///
    /// - Parameter package: nil for files that belong to none.
    package func about(_ package: PackageID?) -> [RepositoryPolicy] {
        guard !policies.isEmpty else { return [] }
        var numbers = Set(general)
        if let name = package.map({ Array($0.name.utf8) }) {
            numbers.formUnion(exact[name] ?? [])
            for (length, found) in beginnings where length <= name.count {
                numbers.formUnion(found[Array(name.prefix(length))] ?? [])
            }
        }
        return numbers.count == policies.count ? policies : numbers.sorted().map { policies[$0] }
    }
}
