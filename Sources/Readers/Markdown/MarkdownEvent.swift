/// A part of a document, as a reader comes to it.
public enum MarkdownEvent: Sendable, Equatable {
    case begin(MarkdownElement)
    /// The end of the last element that is not ended.
    case end
    /// Text, with entities decoded; line ends in a block of code are part of it.
    case text(String)
    /// A line that the author ended on purpose.
    case lineBreak
    /// Where the text goes on in another line, which means nothing.
    case softBreak
}

/// What a document is made of. Elements are in each other, and each ends.
public enum MarkdownElement: Sendable, Equatable {
    case paragraph, quote, rule
    /// 1 to 6.
    case title(level: Int)
    case bullets
    /// A list whose first item has this number.
    case numbers(from: Int)
    /// nil for an item that is no task.
    case item(isDone: Bool?)
    /// A block of code.
    case code
    case table, head, body, row
    /// A cell of the head.
    case headingCell(MarkdownAlignment)
    case cell(MarkdownAlignment)
    case emphasis, strong, deleted
    /// Code within text.
    case word
    /// The address as it is written: whatever somebody wrote, `javascript:` as well.
    case link(to: String)
    /// The same; what is in it is what is said in place of the image.
    case image(at: String)
}

/// Where the text of a cell stands.
public enum MarkdownAlignment: Sendable, Equatable { case none, left, centre, right }

/// Why a document was not read to its end.
public enum MarkdownError: Error, Sendable, Equatable {
    /// It is, or becomes, larger than a document that somebody wrote for people.
    case tooLarge
    case tooDeep
    case outOfMemory
}
