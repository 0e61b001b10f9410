import StructuredJSON

/// Addresses and answers of ModelScope.
enum ModelScope {
    static let endpoint = "https://modelscope.cn"

    static func revision(_ name: ModelName) -> String { name.revision ?? "master" }

    static func listingURL(_ endpoint: String, _ name: ModelName) -> String {
        let revision = PercentCoding.encode(revision(name))
        return "\(endpoint)/api/v1/models/\(name.repository)/repo/files"
            + "?Revision=\(revision)&Recursive=true"
    }

    static func fileURL(_ endpoint: String, _ name: ModelName, _ path: RepositoryPath) -> String {
        "\(endpoint)/api/v1/models/\(name.repository)/repo?Revision="
            + "\(PercentCoding.encode(revision(name)))&FilePath=\(PercentCoding.encode(path.text))"
    }

    /// The whole listing: `{"Code": 200, "Success": true, "Data": {"Files": [...]}}`.
    static func files(_ bytes: [UInt8], from what: String) throws(HubError) -> [RemoteFile] {
        try Answers.reading(what) {
            let answer = try Answers.json(bytes, from: what)
            if try answer["Success"].ifPresent?.bool() == false {
                let reason = try answer["Message"].ifPresent?.string() ?? "no reason given"
                throw HubError(.notFound, "\(what) refuses: \(RepositoryPath.printable(reason))")
            }
            let entries = try answer["Data"]["Files"].array()
            return try entries.filter { try $0["Type"].string() != "tree" }.map { entry in
                let hash = try entry["Sha256"].ifPresent?.string() ?? ""
                return RemoteFile(
                    path: try RepositoryPath(try entry["Path"].string()),
                    size: try Answers.size(entry["Size"]),
                    sha256: hash.isEmpty ? nil : try Answers.sha256(entry["Sha256"]))
            }
        }
    }
}
