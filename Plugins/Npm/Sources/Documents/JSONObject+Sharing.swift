internal import SavePlatform

extension JSONObject {
    /// An object that is equal to this one, in one storage with what an earlier one says as well.
    func sharing(_ earlier: JSONObject) -> JSONObject {
        guard self != earlier else { return earlier }
        return JSONObject(
            members.enumerated().map { index, member in
                guard let other = earlier.member(member.key, likelyAt: index) else { return (member.key, member.value) }
                return (other.key, member.value.sharing(other.value))
            })
    }

    /// The member of a key, which is mostly where it was.
    private func member(_ key: String, likelyAt index: Int) -> Member? {
        if members.indices.contains(index), ASCII.isEqual(members[index].key, key) { return members[index] }
        return members.first { ASCII.isEqual($0.key, key) }
    }
}

extension JSONValue {
    fileprivate func sharing(_ earlier: JSONValue) -> JSONValue {
        switch (self, earlier) {
        case (.object(let object), .object(let other)): .object(object.sharing(other))
        default: self == earlier ? earlier : self
        }
    }
}
