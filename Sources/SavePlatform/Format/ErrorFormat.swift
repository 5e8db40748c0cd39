/// How the clients of a format want to be told why a request was refused. The status, and the fields that go with it, are the
/// same for all.
public enum ErrorFormat: Sendable, Hashable {
    /// A line of text.
    case text
    /// A line of text. Who asks for JSON, or for what comes as JSON only, gets an object instead, with the status and the line in
    /// each of these members.
    case textOrJSON(members: [String])
    /// Always a JSON object, with the line in this member: clients that show nothing else. A change that went well is answered as
    /// an object, too, with a word about it in another member. Where the clients show a field of the answer as well, that is its
    /// name.
    case json(member: String, success: String, field: String? = nil)
}
