import Crypto
import StructuredJSON

/// Repositories in memory, served as the Hugging Face Hub, ModelScope and Ollama's registry serve them.
struct FakeHub: Sendable {
    static let commit = "0123456789abcdef0123456789abcdef01234567"
    static let repository = "org/repo"

    var files: [String: [UInt8]]
    /// Files under this size are in git and have no SHA-256 in the listing, as small ones do.
    var largeFrom = 100

    static func sha256(_ bytes: [UInt8]) -> String {
        SHA256.hash(data: bytes).map { byte in
            let digits = String(byte, radix: 16)
            return digits.count == 1 ? "0" + digits : digits
        }.joined()
    }

    /// A file that begins like a GGUF file, different for each seed.
    static func gguf(_ count: Int = 10_000, seed: Int = 1) -> [UInt8] {
        Array("GGUF".utf8) + (4..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ seed &* 7) }
    }

    /// What the usual server answers.
    func reply(_ request: WireRequest) -> WireReply {
        let path = request.path
        if path.hasPrefix("/api/models/\(Self.repository)/revision/") {
            return .json(#"{"id": "org/repo", "sha": "\#(Self.commit)"}"#)
        }
        if path.hasPrefix("/api/models/\(Self.repository)/tree/\(Self.commit)") {
            return .json(tree(Array(files.keys.sorted())))
        }
        let resolve = "/\(Self.repository)/resolve/\(Self.commit)/"
        if path.hasPrefix(resolve), let file = files[String(path.dropFirst(resolve.count))] {
            return Self.content(file, for: request)
        }
        return .answer(404, headers: ["X-Error-Code: RepoNotFound"])
    }

    /// Entries of a tree, with a folder among them as real ones have.
    func tree(_ paths: [String]) -> String {
        let entries = paths.map { path -> JSONValue in
            let bytes = files[path] ?? []
            var entry: JSONObject = [
                "type": "file", "oid": "f00d", "size": .integer(bytes.count), "path": .string(path),
            ]
            if bytes.count >= largeFrom {
                entry["lfs"] = [
                    "oid": .string(Self.sha256(bytes)), "size": .integer(bytes.count),
                    "pointerSize": 134,
                ]
            }
            return .object(entry)
        }
        let folder: JSONValue = ["type": "directory", "oid": "f00d", "size": 0, "path": "folder"]
        return JSONValue.array([folder] + entries).serialized()
    }

    /// A file, or the range of it that is asked for; `If-Range` is kept to.
    static func content(
        _ bytes: [UInt8], for request: WireRequest, tag: String = "\"v1\""
    ) -> WireReply {
        let fields = ["ETag: \(tag)", "Accept-Ranges: bytes"]
        let isCurrent = request.header("If-Range").map { $0 == tag } ?? true
        guard let start = request.rangeStart, isCurrent else {
            return .answer(200, bytes, headers: fields)
        }
        guard start < bytes.count else {
            return .answer(416, headers: ["Content-Range: bytes */\(bytes.count)"])
        }
        let range = "Content-Range: bytes \(start)-\(bytes.count - 1)/\(bytes.count)"
        return .answer(206, Array(bytes[start...]), headers: fields + [range])
    }
}
