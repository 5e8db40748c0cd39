internal import SavePlatform

/// The publisher of a file, as PEP 740's provenance says it: read out of the certificate that an attestation came with.
///
/// Its issuer writes into it what it knows of the build (Fulcio, "oid-info"). Nothing of it is verified here: the reader of the
/// provenance compares it with the certificate, once that is verified.
struct AttestationPublisher: Equatable {
    /// A publisher object of a kind that readers know.
    let json: JSONObject

    /// nil for an identity that provenance has no kind of publisher for.
    init?(_ certificate: IdentityCertificate) {
        switch certificate.text(.issuer) {
        case "https://token.actions.githubusercontent.com":
            guard let (repository, workflow) = Self.build(certificate, at: "https://github.com/", "/.github/workflows/") else {
                return nil
            }
            json = ["kind": "GitHub", "repository": .string(repository), "workflow": .string(workflow), "environment": .null]
        case "https://gitlab.com":
            guard let (repository, path) = Self.build(certificate, at: "https://gitlab.com/", "//") else { return nil }
            json = [
                "kind": "GitLab", "repository": .string(repository), "workflow_filepath": .string(path), "environment": .null,
            ]
        case "https://accounts.google.com":
            guard let email = certificate.email else { return nil }
            json = ["kind": "Google", "email": .string(email)]
        case "https://oidc.circleci.com":
            guard let signer = certificate.text(.buildSigner),
                let rest = Self.rest(of: signer, behind: "https://circleci.com/api/v2/projects/"),
                let (project, pipeline) = Self.split(rest, at: "/pipeline-definitions/")
            else { return nil }
            json = [
                "kind": "CircleCI", "project_id": .string(project), "pipeline_definition_id": .string(pipeline),
                "vcs_origin": JSONValue(certificate.text(.sourceRepository)), "vcs_ref": JSONValue(certificate.text(.sourceRef)),
            ]
        default: return nil
        }
    }

    /// The repository and the file that tells how it is built: the latter's URL is `<repository><mark><file>@<commit or ref>`.
    private static func build(
        _ certificate: IdentityCertificate, at host: String, _ mark: String
    ) -> (repository: String, file: String)? {
        guard let url = certificate.text(.sourceRepository), let repository = rest(of: url, behind: host),
            let config = certificate.text(.buildConfig).flatMap({ rest(of: $0, behind: url + mark) })
        else { return nil }
        for revision in [certificate.text(.sourceDigest), certificate.text(.sourceRef)].compactMap(\.self) {
            let ending = "@" + revision
            if config.utf8.count > ending.utf8.count, config.utf8.suffix(ending.utf8.count).elementsEqual(ending.utf8) {
                return (repository, String(Substring(config.utf8.dropLast(ending.utf8.count))))
            }
        }
        return nil
    }

    private static func rest(of text: String, behind start: String) -> String? {
        guard text.utf8.starts(with: start.utf8), text.utf8.count > start.utf8.count else { return nil }
        return String(Substring(text.utf8.dropFirst(start.utf8.count)))
    }

    private static func split(_ text: String, at mark: String) -> (String, String)? {
        let parts = text.split(separator: mark, omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2, parts.allSatisfy({ !$0.utf8.isEmpty }) else { return nil }
        return (parts[0], parts[1])
    }
}
