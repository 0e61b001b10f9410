/// What to pull: a source, a repository in it, and which of its models.
package struct ModelName: Sendable, Hashable, CustomStringConvertible {
    /// Where models come from.
    package enum Source: String, Sendable, CaseIterable {
        case huggingFace = "hf.co"
        case modelScope = "modelscope.cn"
        case ollama = "ollama.com"
        /// One file at an address.
        case address = "url"
    }

    package var source: Source
    /// `ORG/REPO`; of Ollama `NAMESPACE/NAME`; of an address the address without query and fragment.
    package var repository: String
    /// Which model of the repository: a quantization, `safetensors`, a file's name, or Ollama's tag.
    package var selector: String?
    /// A branch, tag or commit; `nil` is the source's main branch.
    package var revision: String?
    /// Of an address: everything needed to fetch it, and the hash that was given with it.
    package var address: Address?

    package struct Address: Sendable, Hashable {
        /// With query, which may hold a signature: never shown, never stored.
        package var url: String
        package var sha256: String?
    }

    package init(
        source: Source, repository: String, selector: String? = nil, revision: String? = nil,
        address: Address? = nil
    ) {
        self.source = source
        self.repository = repository
        self.selector = selector
        self.revision = revision
        self.address = address
    }

    /// The full name, which ``init(parsing:)`` reads back.
    package var description: String {
        guard source != .address else { return repository }
        let which = selector.map { ":\($0)" } ?? ""
        let revision = revision.map { "@\($0)" } ?? ""
        return "\(source.rawValue)/\(repository)\(which)\(revision)"
    }

    /// Reads a name as a person types it or copies it from a browser.
    ///
    /// `ORG/REPO[:QUANT][@REVISION]` is Hugging Face; `hf.co/…`, `modelscope.cn/…` and `ollama.com/…` say where;
    /// `ollama:NAME[:TAG]`; an `https` address of a GGUF file, or of a page of one of those sites.
    package init(parsing text: String) throws(HubError) {
        guard text.utf8.count <= 2048, text.unicodeScalars.allSatisfy({ $0.value > 0x20 }) else {
            throw Self.unreadable(text, "a name has no spaces and at most 2048 bytes")
        }
        if let rest = Self.rest(of: text, after: ["ollama:"]) {
            self = try Self.ollama(rest, of: text)
        } else if text.lowercased().hasPrefix("http://") || text.lowercased().hasPrefix("https://")
        {
            self = try Self.address(text)
        } else if let rest = Self.rest(of: text, after: Self.huggingFaceHosts) {
            self = try Self.repository(.huggingFace, rest, of: text)
        } else if let rest = Self.rest(of: text, after: Self.modelScopeHosts) {
            self = try Self.repository(.modelScope, rest, of: text)
        } else if let rest = Self.rest(of: text, after: Self.ollamaHosts) {
            self = try Self.ollama(rest, of: text)
        } else {
            self = try Self.repository(.huggingFace, text, of: text)
        }
    }

    private static let huggingFaceHosts = ["hf.co/", "huggingface.co/", "hf-mirror.com/"]
    private static let modelScopeHosts = [
        "modelscope.cn/models/", "www.modelscope.cn/models/", "modelscope.cn/",
        "www.modelscope.cn/",
    ]
    private static let ollamaHosts = ["ollama.com/", "registry.ollama.ai/"]

    private static func rest(of text: String, after prefixes: [String]) -> String? {
        for prefix in prefixes where text.lowercased().hasPrefix(prefix) {
            return String(text.dropFirst(prefix.count))
        }
        return nil
    }

    // MARK: The forms

    /// `ORG/REPO[:SELECTOR][@REVISION]`.
    private static func repository(
        _ source: Source, _ rest: String, of text: String
    ) throws(HubError) -> ModelName {
        let (beforeRevision, revision) = cut(rest, at: "@")
        let (path, selector) = cut(beforeRevision, at: ":")
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2 else {
            let hint =
                parts.count == 1
                ? "did you mean ollama:\(rest), or ORGANIZATION/\(rest)?"
                : "a repository is ORGANIZATION/NAME, such as Qwen/Qwen3-0.6B-GGUF"
            throw unreadable(text, hint)
        }
        for part in parts { try check(part, "organization or repository", in: text) }
        if let selector { try check(selector, inFolders: true, "choice after the colon", in: text) }
        if let revision { try check(revision, inFolders: true, "revision", in: text) }
        return ModelName(
            source: source, repository: String(path), selector: selector, revision: revision)
    }

    /// `[NAMESPACE/]NAME[:TAG]`; the namespace `library` is Ollama's own.
    private static func ollama(_ rest: String, of text: String) throws(HubError) -> ModelName {
        let (path, tag) = cut(rest, at: ":")
        var parts = path.split(separator: "/", omittingEmptySubsequences: false)
        if parts.count == 1 { parts.insert("library", at: 0) }
        guard parts.count == 2 else {
            throw unreadable(text, "a model of Ollama is NAME:TAG or NAMESPACE/NAME:TAG")
        }
        for part in parts { try check(part, "namespace or name", in: text) }
        if let tag { try check(tag, "tag", in: text) }
        return ModelName(
            source: .ollama, repository: parts.joined(separator: "/"), selector: tag ?? "latest")
    }

    /// An address of a page of a known site is that site's model; any other is a file.
    private static func address(_ text: String) throws(HubError) -> ModelName {
        let (withoutFragment, fragment) = cut(text, at: "#")
        let (plain, _) = cut(withoutFragment, at: "?")
        guard let scheme = plain.firstRange(of: "://"),
            let site = try page(plain[scheme.upperBound...], text)
        else {
            return try file(plain, full: withoutFragment, fragment: fragment, of: text)
        }
        return site
    }

    /// `hf.co/ORG/REPO[/tree|blob|resolve/REVISION[/FILE]]` and its like; `nil` for another host.
    private static func page(_ rest: Substring, _ text: String) throws(HubError) -> ModelName? {
        let rest = String(rest)
        if let path = Self.rest(of: rest, after: ollamaHosts) { return try ollama(path, of: text) }
        let source: Source
        let path: String
        if let found = Self.rest(of: rest, after: huggingFaceHosts) {
            (source, path) = (.huggingFace, found)
        } else if let found = Self.rest(of: rest, after: modelScopeHosts) {
            (source, path) = (.modelScope, found)
        } else {
            return nil
        }
        let parts = path.split(separator: "/")
        guard parts.count > 2 else { return try repository(source, path, of: text) }
        guard parts.count > 3, ["tree", "blob", "resolve", "raw"].contains(parts[2]) else {
            return try repository(source, parts.prefix(2).joined(separator: "/"), of: text)
        }
        let isMain = ["main", "master"].contains(parts[3])
        let file = parts.dropFirst(4).joined(separator: "/")
        return try repository(
            source,
            parts.prefix(2).joined(separator: "/") + (file.isEmpty ? "" : ":\(file)")
                + (isMain ? "" : "@\(parts[3])"), of: text)
    }

    private static func file(
        _ plain: String, full: String, fragment: String?, of text: String
    ) throws(HubError) -> ModelName {
        guard let url = WebAddress(full), url.path.lowercased().hasSuffix(".gguf") else {
            throw unreadable(text, "an address must be that of a file whose name ends in .gguf")
        }
        guard !url.hasUserInformation else {
            throw HubError(
                .invalidName, "an address with a user or password in it is not taken; use a token")
        }
        var sha256: String?
        if let fragment {
            guard let hash = rest(of: fragment, after: ["sha256="]).map({ $0.lowercased() }),
                SHA256Text.isValid(hash)
            else {
                throw unreadable(text, "after # only sha256=HEX, 64 hexadecimal digits, may stand")
            }
            sha256 = hash
        }
        return ModelName(
            source: .address, repository: plain,
            address: Address(url: full, sha256: sha256))
    }

    // MARK: Checks

    private static func cut(_ text: String, at mark: Character) -> (String, String?) {
        guard let place = text.firstIndex(of: mark) else { return (text, nil) }
        return (String(text[..<place]), String(text[text.index(after: place)...]))
    }

    /// Names become parts of addresses and of folders, so only what is plain in both is taken.
    private static func check(
        _ name: some StringProtocol, inFolders: Bool = false, _ what: String, in text: String
    ) throws(HubError) {
        let isPlain = name.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"),
                UInt8(ascii: "_"), UInt8(ascii: "+"):
                true
            case UInt8(ascii: "/"): inFolders
            default: false
            }
        }
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        let isSafe = parts.allSatisfy { !$0.isEmpty && !$0.hasPrefix(".") && $0.utf8.count <= 128 }
        guard isPlain, isSafe, parts.count <= RepositoryPath.maximumDepth else {
            throw unreadable(
                text, "the \(what) may hold letters, digits, and . - _ + but not begin with a dot")
        }
    }

    private static func unreadable(_ text: String, _ why: String) -> HubError {
        HubError(.invalidName, "\(RepositoryPath.printable(address: text)) names no model: \(why)")
    }
}
