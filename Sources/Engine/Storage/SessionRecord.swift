package import SavePlatform

/// A person who is signed in with a browser. The secret that the browser has is never stored.
package struct SessionRecord: Sendable, Equatable {
    /// The SHA-256 of the secret, in hexadecimal digits.
    package var id: String
    package var username: String
    /// The SHA-256 of the password's encoded hash as it was at sign-in, in hexadecimal digits: a session ends with its password.
    package var credential: String
    package var created: Timestamp
    /// The last use, to the minute.
    package var used: Timestamp
    /// Where it began: the client's address, as people write it, and what the browser calls itself.
    package var address: String
    package var userAgent: String

    package init(
        id: String, username: String, credential: String, created: Timestamp, used: Timestamp, address: String, userAgent: String
    ) {
        self.id = id
        self.username = username
        self.credential = credential
        self.created = created
        self.used = used
        self.address = address
        self.userAgent = userAgent
    }
}
