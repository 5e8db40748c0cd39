package import SavePlatform

/// Decides which addresses the server may dial: public ones, and what `outbound_allow` lists.
///
/// Names are never trusted for what they resolve to; the client asks again for the very address it is about to dial.
package struct AddressGuard: Sendable {
    private let names: Set<String>
    private let ranges: [AddressRange]

    /// Reads the entries of `outbound_allow`: host names, addresses and CIDR ranges.
    ///
    /// - Throws: `invalidConfiguration` for an entry that is none of them.
    package init(allow: [String] = []) throws {
        var names: Set<String> = [], ranges: [AddressRange] = []
        for entry in allow {
            if let range = AddressRange(entry) {
                ranges.append(range)
            } else if !entry.isEmpty, entry.utf8.allSatisfy({ ASCII.isAlphanumeric($0) || "-._".utf8.contains($0) }) {
                names.insert(Self.canonical(entry))
            } else {
                throw SaveError(
                    .invalidConfiguration, "outbound_allow: '\(entry)' is not a host name, an address or a CIDR range",
                    details: ["key": "outbound_allow"])
            }
        }
        self.names = names
        self.ranges = ranges
    }

    /// Whether `address`, which `host` resolved to, may be dialled.
    package func allows(_ address: IPAddress, of host: String) -> Bool {
        if names.contains(Self.canonical(host)) { return true }
        let forms = [address, address.embeddedIPv4].compactMap { $0 }
        if ranges.contains(where: { range in forms.contains(where: range.contains) }) { return true }
        return !forms.contains { form in Self.refused.contains { $0.contains(form) } }
    }

    /// Whether a host may be asked for without knowing its address, because a proxy resolves it: all names but the local
    /// machine's, and addresses by the same rule as when they are dialled.
    package func allowsByName(_ host: String) -> Bool {
        if let address = IPAddress(host: host) { return allows(address, of: host) }
        let name = Self.canonical(host)
        // RFC 6761, 6.3: localhost and every name below it is the loopback address.
        return names.contains(name) || !(name == "localhost" || name.hasSuffix(".localhost"))
    }

    /// The error for a host that may not be dialled. It names the key, and no address that was not in the URL.
    package static func refusal(of host: String) -> SaveError {
        SaveError(
            .upstreamForbidden,
            "\(host) is not at a public address; outbound_allow must list the host or its network to allow it",
            details: ["host": host, "key": "outbound_allow"])
    }

    private static func canonical(_ host: String) -> String {
        let name = ASCII.lowercased(host)
        return name.utf8.last == UInt8(ascii: ".") ? String(name.dropLast()) : name
    }

    /// Not globally reachable by IANA's special-purpose registries (RFC 6890 and its updates), and clouds' own services.
    private static let refused: [AddressRange] = [
        // "This network", private, shared (CGNAT), loopback, link-local, protocol assignments, benchmarks, multicast, reserved.
        "0.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16",
        "192.0.0.0/24", "198.18.0.0/15", "224.0.0.0/4", "240.0.0.0/4",
        // A cloud's metadata service outside of the link-local range.
        "168.63.129.16/32",
        // Unspecified, loopback, local NAT64, discard, Teredo, unique local, link-local, site-local, multicast.
        "::/128", "::1/128", "64:ff9b:1::/48", "100::/64", "2001::/32", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8",
    ].compactMap(AddressRange.init)
}
