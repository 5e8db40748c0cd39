internal import Glibc

/// The base score of a vector of version 3.0 or 3.1 (first.org/cvss/v3.1/specification-document, 7.1). Temporal and environmental metrics
/// are left out: they are about a place and a time.
struct CVSS3 {
    let baseScore: Double

    init?(_ vector: String) {
        guard let metrics = CVSS.metrics(vector), let scope = metrics["S"], scope == "C" || scope == "U",
            let attackVector = Self.weight(metrics["AV"], ["N": 0.85, "A": 0.62, "L": 0.55, "P": 0.2]),
            let complexity = Self.weight(metrics["AC"], ["L": 0.77, "H": 0.44]),
            let privileges = Self.weight(
                metrics["PR"], scope == "C" ? ["N": 0.85, "L": 0.68, "H": 0.5] : ["N": 0.85, "L": 0.62, "H": 0.27]),
            let interaction = Self.weight(metrics["UI"], ["N": 0.85, "R": 0.62]),
            let confidentiality = Self.impact(metrics["C"]), let integrity = Self.impact(metrics["I"]),
            let availability = Self.impact(metrics["A"])
        else { return nil }
        let base = 1 - (1 - confidentiality) * (1 - integrity) * (1 - availability)
        let impact = scope == "C" ? 7.52 * (base - 0.029) - 3.25 * pow(base - 0.02, 15) : 6.42 * base
        let exploitability = 8.22 * attackVector * complexity * privileges * interaction
        guard impact > 0 else {
            baseScore = 0
            return
        }
        baseScore = Self.roundedUp(min((scope == "C" ? 1.08 : 1) * (impact + exploitability), 10))
    }

    private static func weight(_ value: String?, _ weights: [String: Double]) -> Double? { value.flatMap { weights[$0] } }
    private static func impact(_ value: String?) -> Double? { weight(value, ["H": 0.56, "L": 0.22, "N": 0]) }

    /// The smallest number with one digit behind the point that is not less, as appendix A has it for machines that count in twos.
    private static func roundedUp(_ value: Double) -> Double {
        let whole = Int((value * 100_000).rounded())
        return whole % 10_000 == 0 ? Double(whole) / 100_000 : Double(whole / 10_000 + 1) / 10
    }
}
