import SaveAccess
import SaveDigest
import SavePlatform
import SaveStorage
import Testing

struct AccessAPIKeyTests {
    private let serverKey = [UInt8](repeating: 7, count: 32)

    private func issue() throws -> (text: String, record: KeyRecord) {
        try APIKey.issue(for: .robot("ci"), at: Timestamp(seconds: 1), serverKey: serverKey)
    }

    @Test func `a key has a prefix, a public id and a checksum, and no two are the same`() throws {
        let keys = try (0..<200).map { _ in try issue() }
        #expect(Set(keys.map(\.text)).count == 200)
        for key in keys {
            #expect(key.text.utf8.count == 54)
            #expect(key.text.hasPrefix("sav_" + key.record.id))
            #expect(APIKey.parse(Array(key.text.utf8))?.id == key.record.id)
        }
    }

    @Test func `what is stored does not give the key away and depends on the server's key`() throws {
        let key = try issue()
        #expect(key.record.hash == APIKey.hash(Array(key.text.utf8), serverKey: serverKey))
        #expect(key.record.hash != APIKey.hash(Array(key.text.utf8), serverKey: [UInt8](repeating: 8, count: 32)))
        #expect(!"\(key.record)".contains(key.text.dropFirst(16).prefix(32)))
    }

    @Test func `a key with any letter changed is no key`() throws {
        let bytes = Array(try issue().text.utf8)
        for index in bytes.indices {
            var changed = bytes
            changed[index] = changed[index] == UInt8(ascii: "x") ? UInt8(ascii: "y") : UInt8(ascii: "x")
            #expect(APIKey.parse(changed) == nil, "at \(index)")
        }
        #expect(APIKey.parse(bytes.dropLast()) == nil)
        #expect(APIKey.parse(bytes + [65]) == nil)
        #expect(APIKey.parse([UInt8]()) == nil)
    }
}
