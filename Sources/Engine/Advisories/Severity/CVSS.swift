internal import SavePlatform

/// Scores of vulnerabilities, computed from their vectors (first.org/cvss).
enum CVSS {
    /// From 0 to 10; nil for what is no vector of a known version.
    static func score(_ vector: String) -> Double? {
        guard vector.utf8.count <= 512 else { return nil }
        switch version(vector) {
        case 3: return CVSS3(vector)?.baseScore
        case 4: return CVSS4(vector)?.score
        default: return nil
        }
    }

    /// 3 or 4; 0 for what is none of them.
    static func version(_ vector: String) -> Int {
        let bytes = vector.utf8
        if bytes.starts(with: "CVSS:3.0/".utf8) || bytes.starts(with: "CVSS:3.1/".utf8) { return 3 }
        return bytes.starts(with: "CVSS:4.0/".utf8) ? 4 : 0
    }

    /// The metrics of a vector behind its version; nil where one is malformed or there twice.
    static func metrics(_ vector: String) -> [String: String]? {
        var metrics: [String: String] = [:]
        for field in vector.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).dropFirst() {
            let parts = field.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false).map { String(Substring($0)) }
            guard parts.count == 2, !parts[0].isEmpty, metrics.updateValue(parts[1], forKey: parts[0]) == nil else { return nil }
        }
        return metrics
    }
}
