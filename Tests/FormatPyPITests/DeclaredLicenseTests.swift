import SavePlatform
import Testing

@testable import FormatPyPI

/// What metadata say of a file's licence.
@Suite struct DeclaredLicenseTests {
    @Test(arguments: [
        ("License-Expression: MIT OR Apache-2.0\nClassifier: License :: OSI Approved :: BSD License", "MIT OR Apache-2.0"),
        ("Classifier: License :: OSI Approved :: MIT License\nLicense: prose", "MIT"),
        (
            "Classifier: License :: OSI Approved :: MIT License\nClassifier: License :: OSI Approved :: Apache Software License",
            "MIT AND Apache-2.0"
        ),
        ("Classifier: License :: OSI Approved :: GNU Lesser General Public License v3 (LGPLv3)", "LGPL-3.0-only"),
        ("Classifier: License :: Other/Proprietary License", "LicenseRef-Other-Proprietary-License"),
        ("Classifier: License :: OSI Approved\nLicense: ISC", "ISC"), ("Classifier: Topic :: License :: MIT License", nil),
        ("License: Apache License\n  2.0", "Apache License 2.0"), ("License: UNKNOWN", nil), ("Summary: x", nil),
        ("Classifier: License :: ::", nil),
    ]) func `an expression counts first, then classifiers, then the old field`(_ fields: String, _ expected: String?) {
        let bytes = Array("Metadata-Version: 2.4\nName: foo\nVersion: 1\n\(fields)\n\nLicense-Expression: not this\n".utf8)
        #expect(DeclaredLicense.expression(in: bytes) == expected)
    }
}
