package import SavePlatform

/// When a key was last used, and from where.
///
/// Not a part of the key's record: a use changes nothing about what the key may do, and is written at other times.
package struct KeyUse: Sendable, Equatable {
    /// The public part of the key's text.
    package var key: String
    package var time: Timestamp
    /// The client's address, as people write it.
    package var address: String

    package init(key: String, time: Timestamp, address: String) {
        self.key = key
        self.time = time
        self.address = address
    }
}
