internal import SaveAdvisories
internal import SavePlatform
internal import SaveStorage

/// Why a policy is about a file, as people are told: `foo 1.0 is 2 days old, policy cooldown-7d; allowed after 2026-12-02`.
struct PolicyFinding {
    enum Age {
        case since(Timestamp)
        case firstSeen(Timestamp)
        case unknown
    }

    /// The file, or the package.
    let subject: String
    private let policy: String
    /// What the policy's author says, where nothing else tells what is to be done.
    private let advice: String
    /// What an advisory makes of the file.
    var state: String?
    var age: Age?
    var now = Timestamp(seconds: 0)
    var allowedAfter: Timestamp?
    /// The ids of those for which the policy is about the file.
    var advisories: [String] = []

    init(of subject: String, by policy: PolicyRecord) {
        self.subject = subject
        self.policy = policy.name
        // It is made for each file that is judged: no more is looked at than is shown, and a little to see that there is more.
        let start = policy.description.utf8.prefix(Self.maxAdvice + 4).prefix { $0 != 0x0A && $0 != 0x0D }
        advice = Self.bounded(String(decoding: start, as: UTF8.self), Self.maxAdvice)
    }

    /// A version of a package, or a file that belongs to none.
    static func subject(_ file: AssetRecord) -> String {
        guard let package = file.package else { return bounded(file.path.filename, 60) }
        return bounded(package.name, 60) + (file.version.map { " " + bounded($0, 30) } ?? "")
    }

    static func state(_ advisory: Advisory) -> String {
        if advisory.isMalware { return "is malware (\(bounded(advisory.id, 30)))" }
        return "has \(advisory.severity.map { "a \($0.name)" } ?? "an") advisory (\(bounded(advisory.id, 30)))"
    }

    /// The sentence without who refuses what.
    var text: String {
        let end = allowedAfter.map { "; allowed after \(moment($0))" } ?? (advice.isEmpty ? "" : "; \(advice)")
        return "\(subject) \(state ?? ageText ?? "is not allowed"), policy \(policy)\(end)"
    }

    func decision(by policy: PolicyRecord) -> PolicyDecision {
        PolicyDecision(
            policy: policy.id, name: policy.name, action: policy.action, isDryRun: policy.isDryRun,
            reason: policy.action == .deny ? "Blocked by Save: \(text)" : text, allowedAfter: allowedAfter, advisories: advisories
        )
    }

    /// When the text has another age in it.
    var nextAge: Timestamp? {
        guard state == nil, let start else { return nil }
        let unit = age(from: start) < Self.day ? Self.hour : Self.day
        return start.adding(seconds: (age(from: start) / unit + 1) * unit)
    }

    private static let maxAdvice = 80

    // MARK: Words

    private static let hour: Int64 = 3600
    private static let day: Int64 = 86_400

    private var start: Timestamp? {
        switch age {
        case .since(let time), .firstSeen(let time): time
        case .unknown, nil: nil
        }
    }

    /// Seconds; none for what the future brings.
    private func age(from start: Timestamp) -> Int64 {
        max(0, now.seconds.subtractingReportingOverflow(start.seconds).partialValue)
    }

    private var ageText: String? {
        switch age {
        case nil: nil
        case .unknown: "has no time of publication"
        case .since(let start): "is \(words(start)) old"
        case .firstSeen(let start): "was first seen \(words(start)) ago"
        }
    }

    private func words(_ start: Timestamp) -> String {
        let seconds = age(from: start)
        if seconds < Self.hour { return "less than an hour" }
        let (count, unit) = seconds < Self.day ? (seconds / Self.hour, "hour") : (seconds / Self.day, "day")
        return "\(count) \(unit)\(count == 1 ? "" : "s")"
    }

    /// The day, and the time where that is sooner than in a day.
    private func moment(_ time: Timestamp) -> String {
        let full = Timestamp(seconds: time.seconds).rfc3339
        return time.seconds.subtractingReportingOverflow(now.seconds).partialValue < Self.day ? full : String(full.prefix(10))
    }

    static func bounded(_ text: String, _ limit: Int) -> String {
        guard text.utf8.count > limit else { return text }
        let bytes = Array(text.utf8.prefix(limit - 2))
        // No character is cut in two: the byte behind the end must begin one.
        let end = bytes.lastIndex { $0 & 0xC0 != 0x80 } ?? 0
        return String(decoding: bytes[..<min(end, limit - 3)], as: UTF8.self) + "..."
    }
}
