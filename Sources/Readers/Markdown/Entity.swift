/// Character references of HTML, as Markdown has them in text: those with numbers, and the names that people write.
enum Entity {
    /// What an entity such as `&amp;` or `&#x27;` stands for; itself where its name is not known.
    static func decoded(_ entity: String) -> String {
        let name = entity.utf8.dropFirst().dropLast()
        guard name.first == UInt8(ascii: "#") else { return names[String(Substring(name))] ?? entity }
        let digits = name.dropFirst()
        let isHexadecimal = digits.first.map { $0 | 0x20 } == UInt8(ascii: "x")
        let number = UInt32(Substring(isHexadecimal ? digits.dropFirst() : digits), radix: isHexadecimal ? 16 : 10)
        // CommonMark, 2.5: what is no character, and zero, is the replacement character.
        guard let number, number != 0, let scalar = Unicode.Scalar(number) else { return "\u{FFFD}" }
        return String(Character(scalar))
    }

    private static let names: [String: String] = [
        "amp": "&", "lt": "<", "gt": ">", "quot": "\"", "apos": "'", "nbsp": "\u{A0}", "copy": "©", "reg": "®", "trade": "™",
        "hellip": "…", "mdash": "—", "ndash": "–", "lsquo": "‘", "rsquo": "’", "ldquo": "“", "rdquo": "”", "laquo": "«",
        "raquo": "»", "bull": "•", "middot": "·", "times": "×", "divide": "÷", "plusmn": "±", "deg": "°", "micro": "µ",
        "para": "¶", "sect": "§", "dagger": "†", "larr": "←", "rarr": "→", "uarr": "↑", "darr": "↓", "harr": "↔",
        "rArr": "⇒", "lArr": "⇐", "le": "≤", "ge": "≥", "ne": "≠", "asymp": "≈", "infin": "∞", "check": "✓", "cross": "✗",
        "star": "☆", "hearts": "♥", "euro": "€", "pound": "£", "yen": "¥", "cent": "¢", "frac12": "½", "frac14": "¼",
        "sup2": "²", "sup3": "³", "auml": "ä", "ouml": "ö", "uuml": "ü", "Auml": "Ä", "Ouml": "Ö", "Uuml": "Ü", "szlig": "ß",
        "eacute": "é", "egrave": "è", "agrave": "à", "ccedil": "ç", "ntilde": "ñ", "aring": "å", "oslash": "ø", "aelig": "æ",
        "lbrace": "{", "rbrace": "}", "lbrack": "[", "rbrack": "]", "vert": "|", "bsol": "\\", "num": "#", "ast": "*",
        "lowbar": "_", "grave": "`", "colon": ":", "commat": "@", "Tab": "\t", "NewLine": "\n", "ensp": "\u{2002}",
        "emsp": "\u{2003}", "thinsp": "\u{2009}", "zwj": "\u{200D}", "zwnj": "\u{200C}", "shy": "\u{AD}",
    ]
}
