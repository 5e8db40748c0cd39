import SaveRepositories
import Testing

/// License expressions of SPDX, and which of them a rule means.
@Suite struct LicenseExpressionTests {
    /// Whether a file under the expression can be used under these licences alone.
    private func isSatisfied(_ text: String, by names: [String]) throws -> Bool {
        let patterns = names.compactMap(LicensePattern.init)
        #expect(patterns.count == names.count)
        return try #require(LicenseExpression(text), "\(text)").isSatisfied { term in patterns.contains { $0.covers(term) } }
    }

    @Test(arguments: [
        ("MIT", ["MIT"], true), ("mit", ["MIT"], true), ("MIT", ["ISC"], false), ("MIT OR GPL-3.0-only", ["MIT"], true),
        ("MIT AND GPL-3.0-only", ["MIT"], false), ("MIT AND GPL-3.0-only", ["MIT", "GPL-*"], true),
        // AND binds closer than OR, whichever comes first.
        ("MIT OR ISC AND BSD-2-Clause", ["MIT"], true), ("MIT OR ISC AND BSD-2-Clause", ["ISC"], false),
        ("ISC AND BSD-2-Clause OR MIT", ["MIT"], true), ("(MIT OR ISC) AND BSD-2-Clause", ["MIT"], false),
        ("(MIT OR ISC) AND BSD-2-Clause", ["ISC", "BSD-2-Clause"], true), ("mit or isc and x", ["MIT"], true),
        // WITH binds closer than AND, and an exception permits more.
        ("MIT AND GPL-2.0-only WITH Classpath-exception-2.0", ["MIT", "GPL-2.0-only"], true),
        ("GPL-2.0-only WITH Classpath-exception-2.0", ["GPL-2.0-only WITH classpath-exception-2.0"], true),
        ("GPL-2.0-only", ["GPL-2.0-only WITH Classpath-exception-2.0"], false),
        ("GPL-2.0-only WITH other", ["GPL-2.0-only WITH Classpath-exception-2.0"], false),
        // The older names of the licences of GNU.
        ("GPL-2.0", ["GPL-2.0-only"], true), ("GPL-2.0+", ["GPL-2.0-or-later"], true), ("GPL-2.0+", ["GPL-2.0-only"], false),
        ("GPL-3.0-or-later", ["GPL-3.0+"], true), ("LGPL-2.1", ["GPL-*"], false), ("AGPL-3.0-only", ["AGPL-3.0"], true),
        ("Apache-2.0+", ["Apache-2.0"], true), ("Apache-2.0", ["Apache-2.0+"], false), ("Apache-2.0+", ["Apache-2.0+"], true),
        ("GPL-3.0-only", ["gpl-*"], true), ("LicenseRef-Acme-1", ["LicenseRef-Acme-1"], true),
        ("DocumentRef-x:LicenseRef-y", ["DocumentRef-x:LicenseRef-y"], true), ("((MIT))", ["MIT"], true),
        ("(MIT)AND(ISC)", ["MIT", "ISC"], true),
    ]) func `an expression is satisfied as SPDX says`(_ text: String, _ names: [String], _ expected: Bool) throws {
        #expect(try isSatisfied(text, by: names) == expected)
    }

    @Test(arguments: [
        "", " ", "()", "(MIT", "MIT)", "MIT OR", "OR MIT", "MIT AND OR ISC", "MIT ISC", "MIT License", "MIT/ISC", "MIT, ISC",
        "SEE LICENSE IN LICENSE.md", "MIT WITH", "WITH x", "MIT WITH (x)", "(MIT) WITH x", "MIT WITH x+", "+", "MIT++", "M+IT",
        "-MIT",
        "MIT\u{0}", "MIT\nOR ISC", "MÏT", "AND", "not", "MIT OR AND", "MIT WITH x WITH y",
        String(repeating: "(", count: 33) + "MIT" + String(repeating: ")", count: 33),
        String(repeating: "(", count: 2000), String(repeating: "a", count: 2049),
        String(repeating: "MIT OR ", count: 300) + "MIT",
    ]) func `what is no expression is none`(_ text: String) {
        // A word by itself is a name, whether SPDX has it or not.
        #expect((LicenseExpression(text) == nil) == (text != "not"), "\(text)")
    }

    @Test func `brackets as deep as allowed, and as many alternatives as fit, are read`() throws {
        let deep = String(repeating: "(", count: 32) + "MIT" + String(repeating: ")", count: 32)
        #expect(try isSatisfied(deep, by: ["MIT"]))
        #expect(try isSatisfied(String(repeating: "X OR ", count: 400) + "MIT", by: ["MIT"]))
    }

    @Test func `a rule names a licence, or the beginning of names`() {
        for text in ["MIT", "GPL-*", "unknown", "GPL-2.0-only WITH Classpath-exception-2.0", "Apache-2.0+"] {
            #expect(LicensePattern(text) != nil, "\(text)")
        }
        for text in ["", "*", "MIT OR ISC", "GPL-*-only", "GPL-2.0-only WITH x*", "MIT License", "(MIT)*", "MIT AND *"] {
            #expect(LicensePattern(text) == nil, "\(text)")
        }
    }
}
