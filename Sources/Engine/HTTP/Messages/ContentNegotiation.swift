package import SavePlatform

/// Proactive negotiation (RFC 9110, 12.5): the client's `Accept` and `Accept-Encoding` against what there is.
package enum ContentNegotiation {
    /// The offer to send, or nil when the client accepts none.
    ///
    /// The highest quality wins. Between equals, a type that the client names beats one that only a wildcard matches; among
    /// named ones the first offer that is not the default wins, because who names more than one knows more than the
    /// default. No field, or only wildcards, gives the first offer. An offer that the client named by other means is what it
    /// gets.
    package static func choose(_ offers: [MediaType], accept: String?) -> MediaType? {
        if let given = offers.first(where: \.isGiven) { return given.chosen }
        guard let accept, !accept.isEmpty else { return offers.first }
        let ranges = parse(accept)
        guard !ranges.isEmpty else { return offers.first }
        var best: (offer: MediaType, quality: Int, isNamed: Bool, rank: Int)?
        for (index, offer) in offers.enumerated() {
            guard let match = bestMatch(for: offer, in: ranges), match.quality > 0 else { continue }
            // The default comes last among named types, and first among those a wildcard matches.
            let rank = match.isNamed ? (index == 0 ? offers.count : index) : index
            if let current = best {
                let order = (match.quality, match.isNamed ? 1 : 0, -rank)
                guard order > (current.quality, current.isNamed ? 1 : 0, -current.rank) else { continue }
            }
            best = (offer, match.quality, match.isNamed, rank)
        }
        return best?.offer
    }

    /// Whether a browser asks for something to look at: HTML is named, and nothing is liked better. Installers name types of
    /// their own first, and other programs none at all.
    package static func prefersHTML(_ accept: String?) -> Bool {
        let ranges = parse(accept ?? "")
        guard let quality = ranges.first(where: { $0.range == MediaType.html.essence })?.quality, quality > 0 else {
            return false
        }
        return ranges.allSatisfy { $0.quality <= quality && !$0.range.utf8.starts(with: "application/vnd.".utf8) }
    }

    /// Whether the client takes gzip.
    package static func acceptsGzip(_ acceptEncoding: ArraySlice<UInt8>?) -> Bool {
        guard let acceptEncoding, !acceptEncoding.isEmpty else { return false }
        // What nearly everyone sends begins with it and gives it no weight.
        if acceptEncoding.elementsEqual("gzip".utf8) || acceptEncoding.starts(with: "gzip,".utf8) { return true }
        let ranges = parse(String(decoding: acceptEncoding, as: UTF8.self))
        let match = ranges.first { $0.range == "gzip" } ?? ranges.first { $0.range == "*" }
        return (match?.quality ?? 0) > 0
    }

    private struct Range {
        let range: String
        /// Thousandths.
        let quality: Int
    }

    private static func bestMatch(for offer: MediaType, in ranges: [Range]) -> (quality: Int, isNamed: Bool)? {
        let named = ranges.filter { $0.range == offer.essence || offer.aliases.contains($0.range) }
        if let quality = named.map(\.quality).max() { return (quality, true) }
        let type = offer.essence.utf8.prefix { $0 != UInt8(ascii: "/") }
        let family = String(Substring(type)) + "/*"
        if let wide = ranges.first(where: { $0.range == family }) ?? ranges.first(where: { $0.range == "*/*" || $0.range == "*" })
        {
            return (wide.quality, false)
        }
        return nil
    }

    private static func parse(_ field: String) -> [Range] {
        field.utf8.split(separator: UInt8(ascii: ",")).prefix(100).compactMap { element in
            let parts = element.split(separator: UInt8(ascii: ";")).map { trimmed($0) }
            guard let range = parts.first, !range.isEmpty else { return nil }
            var quality = 1000
            for parameter in parts.dropFirst()
            where parameter.utf8.starts(with: "q=".utf8) || parameter.utf8.starts(with: "Q=".utf8) {
                quality = Self.quality(parameter.utf8.dropFirst(2))
            }
            return Range(range: ASCII.lowercased(range), quality: quality)
        }
    }

    private static func trimmed(_ text: Substring.UTF8View) -> String {
        var text = text
        while let first = text.first, first == 0x20 || first == 0x09 { text = text.dropFirst() }
        while let last = text.last, last == 0x20 || last == 0x09 { text = text.dropLast() }
        return String(Substring(text))
    }

    /// `0`, `0.`, `0.123`, `1.000`; anything else counts as zero, so that a malformed weight never wins.
    private static func quality(_ text: Substring.UTF8View) -> Int {
        guard let first = text.first, first == 48 || first == 49 else { return 0 }
        var value = Int(first - 48) * 1000
        var scale = 100
        for (index, byte) in text.dropFirst().enumerated() {
            if index == 0 {
                guard byte == UInt8(ascii: ".") else { return 0 }
                continue
            }
            guard ASCII.isDigit(byte), scale > 0 else { return 0 }
            value += Int(byte - 48) * scale
            scale /= 10
        }
        return min(value, 1000)
    }
}
