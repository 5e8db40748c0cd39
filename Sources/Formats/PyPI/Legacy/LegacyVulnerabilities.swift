internal import SavePlatform

/// `vulnerabilities` of the legacy JSON, in the members that the public index has: what `pip-audit` reads by default.
enum LegacyVulnerabilities {
    /// - Parameters:
    ///   - advisories: what the platform says of the package (`Listing.attributes`).
    ///   - version: the release that is shown, as the page spells it.
    static func json(_ advisories: JSONValue?, version: String) -> JSONValue {
        let affecting = (advisories?.array ?? []).compactMap(\.object).filter { advisory in
            (advisory["versions"]?.array ?? []).contains { $0.string.map { $0.utf8.elementsEqual(version.utf8) } ?? false }
        }
        return .array(affecting.map { .object(json($0)) })
    }

    private static func json(_ advisory: JSONObject) -> JSONObject {
        let id = advisory["id"]?.string ?? ""
        // Readers take what is no version for a damaged answer.
        let fixed = (advisory["fixed_versions"]?.array ?? []).compactMap(\.string).filter { Version($0) != nil }
        return [
            "aliases": advisory["aliases"] ?? [], "details": text(advisory["details"]),
            "fixed_in": .array(fixed.map(JSONValue.string)),
            "id": .string(id), "link": .string("https://osv.dev/vulnerability/" + id), "source": "osv",
            "summary": text(advisory["summary"]), "withdrawn": .null,
        ]
    }

    /// Nothing is null, as the public index has it: readers take the other text then.
    private static func text(_ value: JSONValue?) -> JSONValue {
        value?.string.map { $0.isEmpty ? .null : .string($0) } ?? .null
    }
}
