internal import SaveAccess
internal import SaveHTTP
internal import SavePlatform
internal import SaveStorage

/// What the clients of a repository need with a new key in it, to be copied as it is: a key is shown once.
enum KeySnippets {
    /// - Parameter user: the account that the key is for, where that is not the reader's own.
    static func html(_ key: String, for repository: Repository, as user: String? = nil, _ call: PageCall) async -> HTML {
        let setUp = await SetUp(of: repository, call, as: user)
        let clients = setUp.clients.filter { client in
            setUp.examples.contains { $0.client == client && Words.contains("KEY", in: setUp.text(of: $0)) }
        }
        guard !clients.isEmpty else { return "" }
        let parts = clients.enumerated().map { place, client -> HTML in
            """
            <details\(place == 0 ? " open" : "" as HTML)><summary>\(client)</summary><ol class="steps">
            \(RepositoryPage.steps(setUp, client, key: key, call))
            </ol></details>
            """
        }
        return "<p>What clients need for \(repository.record.coordinates), with the key in it:</p>\(parts)"
    }
}
