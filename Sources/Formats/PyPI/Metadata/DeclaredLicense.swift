public import SavePlatform

extension PyPIFormat: LicenseDeclaring {
    public func license(of file: AssetRecord, sidecar: [UInt8]?) -> String? {
        guard let sidecar else { return file.attributes[PyPIAttribute.license]?.string }
        return DeclaredLicense.expression(in: sidecar)
    }
}

/// The licence that core metadata declare, as a license expression of SPDX.
enum DeclaredLicense {
    /// `License-Expression` (PEP 639), else the classifiers, else what stands in `License`, which is mostly prose.
    ///
    /// Several classifiers may mean a choice or all of them: as that is not known, all count.
    static func expression(in metadata: [UInt8]) -> String? {
        let headers = MetadataHeaders(metadata)
        if let expression = headers.values("license-expression").first { return MetadataHeaders.unfolded(expression) }
        let classified = headers.values("classifier").compactMap(name)
        if !classified.isEmpty { return classified.joined(separator: " AND ") }
        return headers.values("license").first.map(MetadataHeaders.unfolded)
    }

    /// The licence of a classifier; nil for other classifiers, and for those that name none.
    private static func name(_ classifier: String) -> String? {
        let levels = classifier.utf8.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: true).map {
            UploadForm.trimmed(String(Substring($0)))
        }
        guard levels.count > 1, levels.first == "License", let last = levels.last, last != "OSI Approved", !last.utf8.isEmpty
        else {
            return nil
        }
        if let known = known[last] { return known }
        // A name of its own, by which a rule can mean it.
        let slug = last.utf8.map { ASCII.isAlphanumeric($0) || $0 == UInt8(ascii: ".") ? $0 : UInt8(ascii: "-") }
        let parts = slug.split(separator: UInt8(ascii: "-")).map { String(decoding: $0, as: UTF8.self) }
        return parts.isEmpty ? nil : "LicenseRef-" + parts.joined(separator: "-")
    }

    /// Classifiers with the name that SPDX has. Those without a version are taken for what they nearly always mean, as indexes and
    /// tools do; the GNU licences without one are under any version.
    private static let known: [String: String] = [
        "Academic Free License (AFL)": "AFL-3.0",
        "Apache Software License": "Apache-2.0",
        "Artistic License": "Artistic-2.0",
        "BSD License": "BSD-3-Clause",
        "Boost Software License 1.0 (BSL-1.0)": "BSL-1.0",
        "CC0 1.0 Universal (CC0 1.0) Public Domain Dedication": "CC0-1.0",
        "CMU License (MIT-CMU)": "MIT-CMU",
        "Common Development and Distribution License 1.0 (CDDL-1.0)": "CDDL-1.0",
        "Eclipse Public License 1.0 (EPL-1.0)": "EPL-1.0",
        "Eclipse Public License 2.0 (EPL-2.0)": "EPL-2.0",
        "European Union Public Licence 1.0 (EUPL 1.0)": "EUPL-1.0",
        "European Union Public Licence 1.1 (EUPL 1.1)": "EUPL-1.1",
        "European Union Public Licence 1.2 (EUPL 1.2)": "EUPL-1.2",
        "GNU Affero General Public License v3": "AGPL-3.0-only",
        "GNU Affero General Public License v3 or later (AGPLv3+)": "AGPL-3.0-or-later",
        "GNU Free Documentation License (FDL)": "GFDL-1.1-or-later",
        "GNU General Public License (GPL)": "GPL-1.0-or-later",
        "GNU General Public License v2 (GPLv2)": "GPL-2.0-only",
        "GNU General Public License v2 or later (GPLv2+)": "GPL-2.0-or-later",
        "GNU General Public License v3 (GPLv3)": "GPL-3.0-only",
        "GNU General Public License v3 or later (GPLv3+)": "GPL-3.0-or-later",
        "GNU Lesser General Public License v2 (LGPLv2)": "LGPL-2.0-only",
        "GNU Lesser General Public License v2 or later (LGPLv2+)": "LGPL-2.0-or-later",
        "GNU Lesser General Public License v3 (LGPLv3)": "LGPL-3.0-only",
        "GNU Lesser General Public License v3 or later (LGPLv3+)": "LGPL-3.0-or-later",
        "GNU Library or Lesser General Public License (LGPL)": "LGPL-2.0-or-later",
        "Historical Permission Notice and Disclaimer (HPND)": "HPND",
        "ISC License (ISCL)": "ISC",
        "MIT License": "MIT",
        "MIT No Attribution License (MIT-0)": "MIT-0",
        "Mozilla Public License 1.0 (MPL)": "MPL-1.0",
        "Mozilla Public License 1.1 (MPL 1.1)": "MPL-1.1",
        "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
        "Mulan Permissive Software License v2 (MulanPSL-2.0)": "MulanPSL-2.0",
        "Open Software License 3.0 (OSL-3.0)": "OSL-3.0",
        "Python Software Foundation License": "PSF-2.0",
        "The Unlicense (Unlicense)": "Unlicense",
        "Universal Permissive License (UPL)": "UPL-1.0",
        "Zero-Clause BSD (0BSD)": "0BSD",
        "Zope Public License": "ZPL-2.1",
        "zlib/libpng License": "Zlib",
    ]
}
