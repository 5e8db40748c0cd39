internal import SavePlatform

/// Thrown by a law of a conformance suite when a store breaks it.
package struct LawViolation: Error, Sendable, CustomStringConvertible {
    package let description: String
    package init(_ description: String) { self.description = description }
}

/// Goes on only if a condition holds.
func require(_ condition: Bool, _ what: String) throws {
    guard condition else { throw LawViolation(what) }
}

/// Goes on only if two values are equal.
func require<Value: Equatable>(_ found: Value, is expected: Value, _ what: String) throws {
    guard found == expected else { throw LawViolation("\(what): found \(found), expected \(expected)") }
}

/// Goes on only if a piece of work fails with one of some codes.
func require(
    _ codes: SaveError.Code..., from what: String, _ work: () async throws -> Void
) async throws {
    do {
        try await work()
    } catch let error as SaveError {
        guard codes.contains(error.code) else {
            throw LawViolation("\(what): failed with \(error), expected \(codes.map(\.rawValue))")
        }
        return
    }
    throw LawViolation("\(what): did not fail, expected \(codes.map(\.rawValue))")
}
