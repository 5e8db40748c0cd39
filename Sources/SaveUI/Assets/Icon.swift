internal import SaveHTTP

/// The mark of Save: a box.
enum Icon {
    /// Inside a page, in the colour of the text around it.
    static let inline: HTML = """
        <svg viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" stroke-linejoin="round" aria-hidden="true">\
        <path d="M12 2 3 6.5v11L12 22l9-4.5v-11z"/><path d="m3 6.5 9 4.5 9-4.5M12 11v11"/></svg>
        """

    /// As a file, for the browser's own use.
    static let file = """
        <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="none" stroke="#0b8f6e" stroke-width="2" \
        stroke-linejoin="round"><path d="M12 2 3 6.5v11L12 22l9-4.5v-11z"/><path d="m3 6.5 9 4.5 9-4.5M12 11v11"/></svg>
        """
}
