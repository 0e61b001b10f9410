import Crypto
import NIOHTTP1

/// Asks a source what a repository holds.
struct Catalogue {
    /// The chosen files with their addresses, and what the manifest says of their origin.
    struct Found: Sendable {
        var files: ModelFiles
        var revision: String?
        /// The address of the repository, for people.
        var source: String
    }

    let client: HubClient
    let settings: HubSettings
    let name: ModelName
    let credentials: Credentials?
    let notice: (String) -> Void

    private var endpoint: String { settings.endpoint(name) }
    private var host: String { WebAddress(endpoint)?.host ?? endpoint }

    func find() async throws -> Found {
        switch name.source {
        case .huggingFace: try await huggingFace()
        case .modelScope: try await modelScope()
        case .ollama: try await ollama()
        case .address: try address()
        }
    }

    private func huggingFace() async throws -> Found {
        let (answer, _) = try await document(HuggingFace.revisionURL(endpoint, name))
        let commit = try HuggingFace.commit(answer, from: host)
        var listing: [RemoteFile] = []
        var next: String? = HuggingFace.treeURL(endpoint, name, commit: commit)
        var pages = 0
        while let url = next {
            let (page, headers) = try await document(url)
            listing += try HuggingFace.files(page, from: host)
            pages += 1
            guard pages <= Answers.maximumPages, listing.count <= Answers.maximumFiles else {
                throw HubError(.badAnswer, "the listing of \(name) does not end")
            }
            next = headers.first(name: "Link").flatMap(LinkHeader.next)
            if let following = next {
                // The token goes along, so a page elsewhere is not asked for.
                guard let here = WebAddress(url), let there = here.following(following),
                    there.origin == here.origin
                else {
                    throw HubError(.badAnswer, "\(host) continues its listing on another host")
                }
                next = there.full
            }
        }
        var files = try choose(listing)
        for index in files.files.indices {
            files.files[index].url = HuggingFace.fileURL(
                endpoint, name, commit: commit, files.files[index].path)
        }
        return Found(
            files: files, revision: commit, source: "\(endpoint)/\(name.repository)")
    }

    private func modelScope() async throws -> Found {
        let (answer, _) = try await document(ModelScope.listingURL(endpoint, name))
        let listing = try ModelScope.files(answer, from: host)
        guard listing.count <= Answers.maximumFiles else {
            throw HubError(.badAnswer, "the listing of \(name) does not end")
        }
        var files = try choose(listing)
        for index in files.files.indices {
            files.files[index].url = ModelScope.fileURL(endpoint, name, files.files[index].path)
        }
        return Found(
            files: files, revision: ModelScope.revision(name),
            source: "\(endpoint)/models/\(name.repository)")
    }

    private func ollama() async throws -> Found {
        let url = OllamaRegistry.manifestURL(endpoint, name)
        let (manifest, _) = try await document(
            url, headers: ["Accept": OllamaRegistry.manifestType])
        return Found(
            files: try OllamaRegistry.model(
                manifest, endpoint: endpoint, name: name, from: host),
            revision: SHA256Text.text(of: SHA256.hash(data: manifest)), source: url)
    }

    /// One file, or all parts of a split one: nothing is listed, so nothing is known before the first byte.
    private func address() throws -> Found {
        guard let address = name.address, let url = WebAddress(address.url),
            let last = url.path.split(separator: "/").last
        else {
            throw HubError(.invalidName, "\(name) is no address of a file")
        }
        let first = PercentCoding.decode(String(last))
        let part = GGUFName(Substring(first)).part
        guard part == nil || part?.number == 1 else {
            throw HubError(
                .invalidName,
                "\(first) is a part of a split model; give the address of the first part")
        }
        guard part == nil || address.sha256 == nil else {
            throw HubError(
                .invalidName, "a SHA-256 can be given for one file, and this model is split")
        }
        let files = try (1...(part?.count ?? 1)).map { number in
            let mark = "-00001-of-"
            let digits = String(number)
            let other = "-" + String(repeating: "0", count: 5 - digits.count) + digits + "-of-"
            let name = number == 1 ? first : first.replacing(mark, with: other)
            return RemoteFile(
                path: try RepositoryPath(name), size: nil, sha256: address.sha256,
                url: number == 1 ? address.url : address.url.replacing(mark, with: other))
        }
        let label = QuantizationLabel.label(in: files[0].path)
        return Found(
            files: ModelFiles(kind: .gguf, tag: "", quantization: label, files: files),
            revision: nil, source: name.repository)
    }

    private func choose(_ listing: [RemoteFile]) throws -> ModelFiles {
        let paths = Set(listing.map(\.path))
        guard paths.count == listing.count else {
            throw HubError(.badAnswer, "\(host) lists a file of \(name) twice")
        }
        return try FileChoice(name: name, listing: listing, memory: settings.memory).choose()
    }

    /// A short answer, with as many tries as it takes.
    private func document(
        _ url: String, headers: HTTPHeaders = [:]
    ) async throws -> (bytes: [UInt8], headers: HTTPHeaders) {
        var state = RetryState(settings.retries, what: host)
        while true {
            do {
                let answer = try await client.get(url, credentials: credentials, headers: headers)
                guard answer.status == 200 else {
                    throw StatusMeaning(
                        status: answer.status, headers: answer.headers, address: answer.address,
                        origin: WebAddress(url) ?? answer.address, name: name,
                        hasToken: credentials != nil
                    ).failure
                }
                return (try await client.read(answer, limit: Answers.maximumBytes), answer.headers)
            } catch let failure as TryFailure {
                switch state.failed(failure, received: 0, random: .random(in: 0..<1)) {
                case .giveUp(let error): throw error
                case .wait(let pause):
                    notice("\(failure.reason); trying again")
                    try await Task.sleep(for: pause)
                }
            }
        }
    }
}
