import SaveHTTP
import SavePlatform
import SaveStorage
import SaveTestKit
import Synchronization

extension AccessWorld {
    /// For each project a policy, about nothing that there is; a waiver of it that `developer` asked for; and something that it once
    /// refused, in a repository that everybody may read where they may read the project's.
    func addPolicies() async throws {
        let now = clock.platform.now()
        let made = try await store.write { writing in
            try writing.projects().map { project in
                var match = PolicyMatch()
                match.packages = ["nothing"]
                let policy = try writing.put(
                    PolicyRecord(
                        name: "rule", scope: .project(project.id), action: .deny, match: match, created: now, updated: now))
                let waiver = try writing.put(
                    WaiverRecord(
                        project: project.id, policy: policy.id, package: "pkg:pypi/nothing@1.0", reason: "needed",
                        until: now.adding(seconds: 86_400), state: .requested, requestedBy: "developer", created: now,
                        updated: now)
                )
                let proxy = try writing.repositories().first { $0.projectID == project.id && $0.name == "pypi-proxy" }
                let subject = RefusalSubject(
                    repository: proxy?.id ?? 0, policy: policy.id, package: "nothing", version: "1.0")
                let refusal = try writing.put(RefusalRecord(subject: subject, refused: now))
                return (project.name, policy: policy.id, waiver: waiver.id, refusal: refusal.id)
            }
        }
        keys.withLock { keys in
            for (project, policy, waiver, refusal) in made {
                keys["policy of \(project)"] = String(policy)
                keys["waiver of \(project)"] = String(waiver)
                keys["refusal of \(project)"] = String(refusal)
            }
        }
    }
}
