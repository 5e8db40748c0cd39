package import SavePlatform

/// The part of a path by which a repository is read as it was: `/<format>/<project>/<repository>/+at/<time>/…` has the same paths
/// below it as the repository, and only files that were published by then (`PublishedBy`).
///
/// The time is RFC 3339, or a date, which is the start of that day in UTC. pip takes a date of `--uploaded-prior-to` for its start as
/// well. uv means the end of the day by one of `exclude-newer`: of today that would lie ahead, and what is found by then would not
/// be settled.
package enum AsOf {
    /// The segment before the time. Nothing that is published may begin with it.
    package static let marker = "+at"

    /// Seconds by which a client's clock may be ahead.
    private static let tolerance: Int64 = 60

    /// Whether a path at the top of a repository is taken.
    package static func takes(_ path: AssetPath) -> Bool {
        path.text.utf8.elementsEqual(marker.utf8) || path.text.utf8.starts(with: "\(marker)/".utf8)
    }

    /// Takes the time off a path.
    ///
    /// - Parameter below: the path below the repository.
    /// - Returns: nil where the repository is meant as it is.
    /// - Throws: `invalidRequest` for what is no time, and for one before 1970 or in the future.
    package static func split(_ below: RequestPath, now: Timestamp) throws -> (time: Timestamp, below: RequestPath)? {
        guard let first = below.segments.first, first.utf8.elementsEqual(marker.utf8) else { return nil }
        return (try time(below.segments.dropFirst().first ?? "", now: now), below.dropping(2))
    }

    /// How pages write it below the repository, with a slash at its end: `+at/2026-11-01/`.
    package static func path(of time: Timestamp) -> String {
        let text = time.rfc3339
        let midnight = "T00:00:00Z"
        return "\(marker)/\(text.utf8.suffix(midnight.utf8.count).elementsEqual(midnight.utf8) ? String(text.prefix(10)) : text)/"
    }

    private static func time(_ text: String, now: Timestamp) throws -> Timestamp {
        guard let time = Timestamp(rfc3339: text.utf8.count == 10 ? text + "T00:00:00Z" : text) else {
            throw refusal("'\(text.prefix(40))' is no time: write a date or RFC 3339")
        }
        guard time >= Timestamp(seconds: 0) else { throw refusal("the time is before 1970: write a later one") }
        guard time <= now.adding(seconds: tolerance) else {
            throw refusal(
                "\(time.rfc3339) has not come yet: leave out /\(marker)/ for what there is now, or write a time that is past")
        }
        return time
    }

    private static func refusal(_ text: String) -> SaveError {
        .invalid("time", "\(text), as in /\(marker)/2026-11-01/ or /\(marker)/2026-11-01T12:00:00Z/")
    }
}
