import SaveHTTP
import SavePlatform
import SaveRepositories
import Synchronization

/// A rule that a test makes and changes. At first it allows everything.
final class SwitchedPolicy: FilePolicy {
    private let rule = Mutex<(@Sendable (PackageFacts) -> FileVerdicts)>({ _ in .same(.allowed) })
    private let asked = Mutex(0)

    /// How often it was asked.
    var count: Int { asked.withLock { $0 } }

    func verdicts(on package: PackageFacts) async throws -> FileVerdicts {
        asked.withLock { $0 += 1 }
        return rule.withLock { $0 }(package)
    }

    func decide(_ verdicts: @escaping @Sendable (PackageFacts) -> FileVerdicts) { rule.withLock { $0 = verdicts } }

    static let error = SaveError(.blocked, "the file is kept back by a test: end the test")

    static func withholding(_ presentation: Withholding.Presentation) -> Withholding {
        Withholding(by: "tested", error, finding: "a test keeps it back", presentation: presentation)
    }

    /// Withholds the one file of this name, whatever sidecar of it is asked for.
    func withhold(_ filename: String, _ presentation: Withholding.Presentation = .omitted, until: Timestamp? = nil) {
        decide { _ in
            .each { file in
                file.path.filename == filename ? .withheld(Self.withholding(presentation), until: until) : .allowed
            }
        }
    }
}
