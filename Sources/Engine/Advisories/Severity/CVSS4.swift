internal import SavePlatform

/// The score of a vector of version 4.0 (first.org/cvss/v4.0/specification-document, 8): the score of its macro vector, less by as much of
/// the way to the next lower ones as the vector is below the worst one of its own.
struct CVSS4 {
    let score: Double

    /// The values of the metrics that count, the worst first.
    private static let orders: [String: String] = [
        "AV": "NALP", "PR": "NLH", "UI": "NPA", "AC": "LH", "AT": "NP", "VC": "HLN", "VI": "HLN", "VA": "HLN", "SC": "SHLN",
        "SI": "SHLN", "SA": "SHLN", "CR": "HML", "IR": "HML", "AR": "HML", "E": "APU",
    ]
    private static let mandatory = ["AV", "AC", "AT", "PR", "UI", "VC", "VI", "VA", "SC", "SI", "SA"]

    /// The worst vectors of each level of a set of metrics, and how many steps there are from them to the best one.
    private struct Level {
        let worst: [String]
        let steps: Double
    }

    private static let first = [
        Level(worst: ["AV:N/PR:N/UI:N"], steps: 1),
        Level(worst: ["AV:A/PR:N/UI:N", "AV:N/PR:L/UI:N", "AV:N/PR:N/UI:P"], steps: 4),
        Level(worst: ["AV:P/PR:N/UI:N", "AV:A/PR:L/UI:P"], steps: 5),
    ]
    private static let second = [Level(worst: ["AC:L/AT:N"], steps: 1), Level(worst: ["AC:H/AT:N", "AC:L/AT:P"], steps: 2)]
    /// The third set with the sixth: by the level of the third, then of the sixth.
    private static let third = [
        [
            Level(worst: ["VC:H/VI:H/VA:H/CR:H/IR:H/AR:H"], steps: 7),
            Level(worst: ["VC:H/VI:H/VA:L/CR:M/IR:M/AR:H", "VC:H/VI:H/VA:H/CR:M/IR:M/AR:M"], steps: 6),
        ],
        [
            Level(worst: ["VC:L/VI:H/VA:H/CR:H/IR:H/AR:H", "VC:H/VI:L/VA:H/CR:H/IR:H/AR:H"], steps: 8),
            Level(
                worst: [
                    "VC:L/VI:H/VA:L/CR:H/IR:M/AR:H", "VC:L/VI:H/VA:H/CR:H/IR:M/AR:M", "VC:H/VI:L/VA:H/CR:M/IR:H/AR:M",
                    "VC:H/VI:L/VA:L/CR:M/IR:H/AR:H", "VC:L/VI:L/VA:H/CR:H/IR:H/AR:M",
                ], steps: 8),
        ],
        [Level(worst: [], steps: 10), Level(worst: ["VC:L/VI:L/VA:L/CR:H/IR:H/AR:H"], steps: 10)],
    ]
    private static let fourth = [
        Level(worst: ["SC:H/SI:S/SA:S"], steps: 6), Level(worst: ["SC:H/SI:H/SA:H"], steps: 5),
        Level(worst: ["SC:L/SI:L/SA:L"], steps: 4),
    ]

    /// nil for what is no such vector.
    init?(_ vector: String) {
        guard let given = CVSS.metrics(vector), Self.mandatory.allSatisfy({ given[$0] != nil }) else { return nil }
        var metrics: [String: String] = [:]
        for (name, order) in Self.orders {
            var value = given[name] ?? "X"
            // What is not defined counts as the worst; a modified metric takes the place of its own.
            if value == "X" { value = String(order.prefix(1)) }
            if let modified = given["M" + name], modified != "X" { value = modified }
            guard value.utf8.count == 1, order.contains(value), value != "S" || name != "SC" else { return nil }
            metrics[name] = value
        }
        guard given["SI"] != "S", given["SA"] != "S", given["SC"] != "S" else { return nil }
        if ["VC", "VI", "VA", "SC", "SI", "SA"].allSatisfy({ metrics[$0] == "N" }) {
            score = 0
            return
        }
        let levels = Self.levels { metrics[$0] ?? "" }
        guard let tenths = Self.tenths(levels) else { return nil }
        score = Self.score(metrics, levels, tenths)
    }

    /// The levels of the six sets.
    private static func levels(_ value: (String) -> String) -> [Int] {
        let isOpen = ["AV", "PR", "UI"].map { value($0) == "N" }
        let isHigh = ["VC", "VI", "VA"].map { value($0) == "H" }
        let first = isOpen.allSatisfy(\.self) ? 0 : isOpen.contains(true) && value("AV") != "P" ? 1 : 2
        let third = isHigh[0] && isHigh[1] ? 0 : isHigh.contains(true) ? 1 : 2
        let fourth = value("SI") == "S" || value("SA") == "S" ? 0 : ["SC", "SI", "SA"].contains { value($0) == "H" } ? 1 : 2
        let isWanted = zip(["CR", "IR", "AR"], isHigh).contains { value($0) == "H" && $1 }
        return [
            first, value("AC") == "L" && value("AT") == "N" ? 0 : 1, third, fourth,
            value("E") == "A" ? 0 : value("E") == "P" ? 1 : 2,
            isWanted ? 0 : 1,
        ]
    }

    private static func tenths(_ levels: [Int]) -> Double? {
        CVSS4Scores.tenths[levels.map(String.init).joined()].map(Double.init)
    }

    private static func score(_ metrics: [String: String], _ levels: [Int], _ tenths: Double) -> Double {
        func lower(_ sets: Int...) -> Double? {
            var levels = levels
            for set in sets { levels[set] += 1 }
            return self.tenths(levels)
        }
        // The third and the sixth set go down together.
        let third: Double? =
            switch (levels[2], levels[5]) {
            case (1, 1), (0, 1): lower(2)
            case (1, 0): lower(5)
            case (0, 0): [lower(5), lower(2)].compactMap(\.self).max()
            default: lower(2, 5)
            }
        let sets: [(next: Double?, level: Level?)] = [
            (lower(0), first[levels[0]]), (lower(1), second[levels[1]]), (third, Self.third[levels[2]][levels[5]]),
            (lower(3), fourth[levels[3]]), (lower(4), nil),
        ]
        var (sum, count) = (0.0, 0.0)
        for (next, level) in sets {
            guard let next else { continue }
            count += 1
            if let level { sum += (tenths - next) * distance(metrics, from: level.worst) / level.steps }
        }
        let value = min(max(tenths - (count > 0 ? sum / count : 0), 0), 100)
        // Half is rounded up; what is just below it by the machine's own error as well.
        return (value + 0.00001).rounded() / 10
    }

    /// How many steps a vector is below one of the worst ones that is nowhere better than it.
    private static func distance(_ metrics: [String: String], from worst: [String]) -> Double {
        for vector in worst {
            let steps = (CVSS.metrics("/" + vector) ?? [:]).map { name, value in
                place(of: metrics[name] ?? "", in: name) - place(of: value, in: name)
            }
            if steps.allSatisfy({ $0 >= 0 }) { return Double(steps.reduce(0, +)) }
        }
        return 0
    }

    private static func place(of value: String, in name: String) -> Int {
        (orders[name] ?? "").utf8.enumerated().first { $0.element == value.utf8.first }?.offset ?? 0
    }
}
