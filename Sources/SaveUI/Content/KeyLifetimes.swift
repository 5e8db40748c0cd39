internal import SavePlatform

/// When a new key ends, as forms offer it: what the server would refuse is no choice.
enum KeyLifetimes {
    /// Stands for the longest that the server allows, where that is none of the usual numbers of days.
    private static let longest = "longest"

    /// - Parameters:
    ///   - days: the usual numbers of days, the fewest first.
    ///   - limit: seconds that a key may last at most; nil where keys need no end.
    static func choices(_ days: [Int], limit: Int64?) -> [FormField.Choice] {
        let usual = days.map { FormField.Choice(String($0), "\(Figures.count($0)) days") }
        guard let limit else { return usual + [FormField.Choice("", "never")] }
        let allowed = zip(days, usual).filter { Int64($0.0) * 86_400 <= limit }.map(\.1)
        if days.contains(where: { Int64($0) * 86_400 == limit }) { return allowed }
        return allowed + [FormField.Choice(longest, "\(Figures.duration(limit)), the longest that this server allows")]
    }

    /// What a form has chosen before anybody looks at it: 90 days, or the longest of less.
    static func usual(_ choices: [FormField.Choice]) -> String {
        choices.first { $0.value == "90" }?.value ?? choices.last?.value ?? ""
    }

    /// The end that a form chose; nil for never.
    ///
    /// - Throws: `invalidRequest` for what the form does not offer.
    static func end(_ chosen: String, of days: [Int], _ call: PageCall) throws -> Timestamp? {
        let limit = call.context.maxKeyLifetime
        guard choices(days, limit: limit).contains(where: { $0.value == chosen }) else {
            throw SaveError.invalid("days", "choose when the key ends, as the form offers it")
        }
        let seconds = chosen == longest ? limit : Int64(chosen).map { $0 * 86_400 }
        return seconds.map { call.now.adding(seconds: $0) }
    }
}
