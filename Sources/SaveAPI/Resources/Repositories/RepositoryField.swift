internal import SaveAccess
internal import SavePlatform
internal import SaveStorage

/// A field of a repository: what requests may send of it, what answers show, and where its record keeps it. The rules for requests,
/// the change of a record, the representation, the schemas of both, and what the audit trail tells of a change are made of it.
struct RepositoryField: Sendable {
    let name: String
    /// The kinds of repositories that have it.
    let kinds: [RepositoryKind]
    /// What a request may send; nil where no request sets it.
    let rule: FieldRule?
    /// What answers show; nil where they do not.
    let schema: Schema?
    /// Whether the record of a new repository in the audit trail tells that it is true.
    let isToldOfNew: Bool
    /// What the audit trail compares before and after a change; nil for secrets, and for what follows from other things.
    let read: (@Sendable (RepositoryRecord) -> JSONValue)?
    /// What answers show where that is not what `read` gives.
    let show: (@Sendable (APICall, Repository) -> JSONValue)?
    /// Changes a record by a value that fits the rule; nil where that takes more than the two: see `RepositoryDraft`.
    let write: (@Sendable (inout RepositoryRecord, JSONValue) throws -> Void)?

    /// A field that requests send and the record keeps as it is.
    init<Value: FieldValue>(
        _ path: any WritableKeyPath<RepositoryRecord, Value> & Sendable, of kinds: [RepositoryKind] = RepositoryKind.allCases,
        _ rule: FieldRule, isForManagers: Bool = false, isToldOfNew: Bool = false
    ) {
        self.init(
            rule, of: kinds, schema: isForManagers ? rule.answer.forManagers : rule.answer, isToldOfNew: isToldOfNew,
            read: { $0[keyPath: path].json },
            write: { record, value in
                if let value = Value(json: value) { record[keyPath: path] = value }
            })
    }

    /// A field that requests send.
    init(
        _ rule: FieldRule, of kinds: [RepositoryKind] = RepositoryKind.allCases, schema: Schema?, isToldOfNew: Bool = false,
        read: (@Sendable (RepositoryRecord) -> JSONValue)? = nil,
        show: (@Sendable (APICall, Repository) -> JSONValue)? = nil,
        write: (@Sendable (inout RepositoryRecord, JSONValue) throws -> Void)? = nil
    ) {
        name = rule.name
        self.kinds = kinds
        self.rule = rule
        self.schema = schema
        self.isToldOfNew = isToldOfNew
        self.read = read
        self.show = show
        self.write = write
    }

    /// A field that only answers have.
    init(
        inAnswers name: String, of kinds: [RepositoryKind], schema: Schema,
        show: (@Sendable (APICall, Repository) -> JSONValue)? = nil
    ) {
        self.name = name
        self.kinds = kinds
        self.schema = schema
        self.show = show
        rule = nil
        isToldOfNew = false
        read = nil
        write = nil
    }

    /// Whether answers show it to those who manage the repository only.
    var isForManagers: Bool { schema?.isOptional ?? false }
}

extension FieldRule {
    /// What answers show of such a value: its type, without the limits of what is taken.
    var answer: Schema { isNullable ? rule.answer.orNull : rule.answer }
}

extension ValueRule {
    fileprivate var answer: Schema {
        switch self {
        case .text, .form, .secret: .text
        case .boolean: .flag
        case .integer(let range): range.lowerBound < 0 ? Schema(["type": "integer"]) : .count
        case .choice(let choices): .choice(choices)
        case .time: .time
        case .list(let rule, _): .list(of: rule.answer)
        case .trueOrList(let rule, _): .trueOrList(of: rule.answer)
        case .object, .record: .object
        }
    }
}

extension Schema {
    /// What is shown to those who manage the repository.
    var forManagers: Schema { ifAny.described("For those who manage the repository.") }
}
