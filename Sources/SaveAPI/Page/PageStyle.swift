internal import SaveHTTP

/// How the page of the API looks. The page's policy lets through exactly this text.
enum PageStyle {
    static let html: HTML = HTML(stringLiteral: text)

    static let text = """

        :root { color-scheme: light dark; --line: #8886; --soft: #8881; --link: #0b57d0; }
        @media (prefers-color-scheme: dark) { :root { --link: #8ab4f8; } }
        body { font: 1rem/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 78rem; padding: 0 1rem 4rem; }
        a { color: var(--link); }
        .skip { position: absolute; left: -99rem; }
        .skip:focus { left: 1rem; }
        code, pre { font-family: ui-monospace, monospace; font-size: 0.9em; overflow-wrap: anywhere; }
        pre { background: var(--soft); border: 1px solid var(--line); border-radius: 0.3rem; overflow-x: auto; padding: 0.6rem; }
        nav ul { columns: 22rem; list-style: none; padding: 0 0 0 1rem; margin: 0.3rem 0; }
        nav summary { cursor: pointer; font-weight: 600; }
        article { border-top: 1px solid var(--line); margin: 1.5rem 0; padding-top: 0.5rem; }
        article:target { outline: 2px solid var(--link); outline-offset: 0.5rem; }
        h3 { margin: 0.4rem 0; }
        .line { background: var(--soft); margin: 0.3rem 0; padding: 0.2rem 0.5rem; }
        table { border-collapse: collapse; margin: 0.8rem 0; width: 100%; }
        caption { font-weight: 600; text-align: left; }
        th, td { border: 1px solid var(--line); padding: 0.25rem 0.5rem; text-align: left; vertical-align: top; }

        """
}
