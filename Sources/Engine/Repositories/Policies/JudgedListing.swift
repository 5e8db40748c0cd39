internal import SaveHTTP
internal import SavePlatform
internal import SaveStorage

/// The files of a package with the verdicts on them: what a page shows.
struct JudgedListing: Sendable {
    let files: [AssetRecord]
    let verdicts: FileVerdicts
    let package: PackageFacts
    /// nil where refusals have no numbers.
    let refusals: RefusalNumbers?

    /// How far a page has come.
    enum Step: Sendable {
        /// What it shows, and until when.
        case shown([AssetRecord], until: Timestamp?)
        /// Some of these refusals have no number yet. The verdict on each file; nil for sidecars.
        case lacking([FileVerdict?], Set<RefusalSubject>)
    }

    /// The whole package is refused.
    private var isWhole: Bool { verdicts.whole != nil && package.id != nil }

    /// What is shown, where all that it refuses has a number or gets none.
    func step(knowing numbers: [RefusalSubject: Int64]) -> Step {
        let judged = Self.judged(files, by: verdicts)
        guard refusals != nil, !package.isQuestion else { return shown(judged, numbers) }
        var subjects: Set<RefusalSubject> = []
        for place in judged.indices where judged[place]?.withholding != nil {
            if let subject = subject(judged, place) { subjects.insert(subject) }
        }
        return subjects.allSatisfy { numbers[$0] != nil } ? shown(judged, numbers) : .lacking(judged, subjects)
    }

    func shown(_ judged: [FileVerdict?], _ numbers: [RefusalSubject: Int64]) -> Step {
        var linked = judged
        if let refusals, !numbers.isEmpty {
            for place in judged.indices where judged[place]?.withholding != nil {
                linked[place] = judged[place]?.linked(by: numbers, isWhole ? nil : files[place], of: package, refusals)
            }
        }
        let (assets, until) = Self.shown(files, linked)
        return .shown(assets, until: until)
    }

    private func subject(_ judged: [FileVerdict?], _ place: Int) -> RefusalSubject? {
        judged[place]?.subject(isWhole ? nil : files[place], of: package)
    }

    private static func judged(_ files: [AssetRecord], by verdicts: FileVerdicts) -> [FileVerdict?] {
        files.map { $0.sidecarOf == nil ? verdicts($0) : nil }
    }

    /// What a page shows of files, and until when, without numbers.
    static func shown(_ files: [AssetRecord], by verdicts: FileVerdicts) -> ([AssetRecord], until: Timestamp?) {
        shown(files, judged(files, by: verdicts))
    }

    private static func shown(_ files: [AssetRecord], _ verdicts: [FileVerdict?]) -> ([AssetRecord], until: Timestamp?) {
        var assets = files
        var omitted: Set<AssetPath> = []
        var ends: Timestamp?
        for place in assets.indices {
            if let until = verdicts[place]?.until { ends = min(ends ?? until, until) }
            guard let withholding = verdicts[place]?.withholding else { continue }
            switch withholding.presentation {
            case .omitted: omitted.insert(assets[place].path)
            case .withdrawn: assets[place].withdrawn = Withdrawal(reason: withholding.error.message)
            case .unchanged: break
            }
        }
        if !omitted.isEmpty { assets.removeAll { omitted.contains($0.sidecarOf ?? $0.path) } }
        return (assets, ends)
    }
}

extension FileVerdict {
    func linked(
        by numbers: [RefusalSubject: Int64], _ file: AssetRecord?, of package: PackageFacts, _ refusals: RefusalNumbers
    ) -> FileVerdict {
        guard let number = subject(file, of: package).flatMap({ numbers[$0] }) else { return self }
        return linked(to: refusals.link(number))
    }
}
