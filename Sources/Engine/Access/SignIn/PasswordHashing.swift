/// Hashes passwords slowly, so that a stolen database does not give them away.
package protocol PasswordHashing: Sendable {
    /// An encoded hash with its parameters and salt. Takes tens of milliseconds on a thread of its own.
    func hash(_ password: [UInt8]) async throws -> String

    /// Whether a password is the one that was hashed. With `encoded` nil it takes the same time and answers false, so that
    /// an unknown user costs what a wrong password costs.
    ///
    /// - Throws: `busy` when too many checks wait already.
    func verify(_ password: [UInt8], against encoded: String?) async throws -> Bool
}
