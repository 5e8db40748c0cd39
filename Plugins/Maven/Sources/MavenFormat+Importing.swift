public import SavePlatform

extension MavenFormat: DirectoryImporting {
    /// The files of a tree in the layout, such as the storage of another server or `~/.m2/repository`, without what is made here.
    public func upload(importing file: AssetPath) throws -> UploadPlan? {
        let segments = file.text.utf8.split(separator: UInt8(ascii: "/")).map { String(Substring($0)) }
        guard ChecksumName(segments) == nil, let found = MavenPath(segments[...]) else { return nil }
        return UploadPlan(path: file, package: found.package.id, status: 201)
    }
}

extension MavenFormat: UsageDescribing {
    public func usage(of url: String, takesUploads: Bool) -> [UsageExample] {
        var examples = [
            UsageExample(
                "Take everything from here",
                """
                <settings>
                  <mirrors><mirror><id>save</id><mirrorOf>*</mirrorOf><url>\(url)</url></mirror></mirrors>
                  <servers><server><id>save</id><username>USER</username><password>KEY</password></server></servers>
                  <profiles><profile><id>save</id><repositories><repository>
                    <id>central</id><url>\(url)</url><snapshots><enabled>true</enabled></snapshots>
                  </repository></repositories></profile></profiles>
                  <activeProfiles><activeProfile>save</activeProfile></activeProfiles>
                </settings>
                """, client: "mvn", file: "~/.m2/settings.xml"),
            UsageExample(
                "Take everything from here",
                """
                repositories {
                    maven { url '\(url)'; credentials { username 'USER'; password 'KEY' } }
                }
                """, client: "gradle", file: "build.gradle"),
            UsageExample(
                "Take everything from here",
                "<ivysettings><settings defaultResolver=\"save\"/><resolvers><ibiblio name=\"save\" m2compatible=\"true\" root=\"\(url)\"/></resolvers></ivysettings>",
                client: "ivy", file: "ivysettings.xml"),
        ]
        guard takesUploads else { return examples }
        examples.insert(
            UsageExample("Deploy a project", "mvn deploy -DaltDeploymentRepository=save::default::\(url)", client: "mvn"), at: 1)
        return examples
    }
}
