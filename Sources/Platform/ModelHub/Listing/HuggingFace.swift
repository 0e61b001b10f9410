import StructuredJSON

/// Addresses and answers of the Hugging Face Hub, and of mirrors that speak its protocol.
///
/// <https://huggingface.co/docs/hub/api>
enum HuggingFace {
    static let endpoint = "https://huggingface.co"

    /// Tells the commit behind a revision, so that all files come from one.
    static func revisionURL(_ endpoint: String, _ name: ModelName) -> String {
        let revision = PercentCoding.encode(name.revision ?? "main")
        return "\(endpoint)/api/models/\(name.repository)/revision/\(revision)"
    }

    static func commit(_ bytes: [UInt8], from what: String) throws(HubError) -> String {
        try Answers.reading(what) {
            let field = try Answers.json(bytes, from: what)["sha"]
            let sha = try field.string().lowercased()
            guard (7...64).contains(sha.utf8.count), sha.utf8.allSatisfy(\.isHexadecimal) else {
                throw field.invalid("must be a commit of hexadecimal digits")
            }
            return sha
        }
    }

    static func treeURL(_ endpoint: String, _ name: ModelName, commit: String) -> String {
        "\(endpoint)/api/models/\(name.repository)/tree/\(commit)?recursive=true"
    }

    static func fileURL(
        _ endpoint: String, _ name: ModelName, commit: String, _ path: RepositoryPath
    ) -> String {
        let path = PercentCoding.encode(path.text, keepingSlashes: true)
        return "\(endpoint)/\(name.repository)/resolve/\(commit)/\(path)"
    }

    /// One page of a tree.
    ///
    /// Large files carry the SHA-256 of their content; small ones only git's hash.
    static func files(_ bytes: [UInt8], from what: String) throws(HubError) -> [RemoteFile] {
        try Answers.reading(what) {
            let page = try Answers.json(bytes, from: what)
            return try page.array().filter { try $0["type"].string() == "file" }.map { entry in
                let large = entry["lfs"].ifPresent
                return RemoteFile(
                    path: try RepositoryPath(try entry["path"].string()),
                    size: try Answers.size(large?["size"] ?? entry["size"]),
                    sha256: try large.map { try Answers.sha256($0["oid"]) })
            }
        }
    }
}
