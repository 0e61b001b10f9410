import AsyncHTTPClient
import NIOCore
import NIOHTTP1

/// Brings one file to the disk, with as many tries as it takes.
struct FileTransfer {
    let client: HubClient
    let url: String
    let credentials: Credentials?
    let name: ModelName
    let file: RemoteFile
    let policy: RetryPolicy
    /// Bytes of this file on disk.
    let progress: (Int) -> Void
    /// Something that the person should know: a pause, a new beginning.
    let notice: (String) -> Void

    private var decision: ResumeDecision {
        ResumeDecision(expectedSize: file.size, isVerified: file.sha256 != nil)
    }

    /// Fills the part until it is complete and has the right size and hash.
    ///
    /// The part stays on disk whatever happens, except when its bytes are wrong.
    func run(into part: PartFile) async throws {
        var state = RetryState(policy, what: WebAddress(url)?.host ?? "the server")
        try part.hashWhatIsThere(progress: progress)
        progress(part.length)
        while true {
            let before = part.length
            do {
                try await attempt(part)
                try verify(part)
                return
            } catch let failure as TryFailure {
                if case .wrongBytes = failure { try part.restart() }
                let received = max(0, part.length - before)
                switch state.failed(failure, received: received, random: .random(in: 0..<1)) {
                case .giveUp(let error):
                    throw error
                case .wait(let pause):
                    notice("\(failure.reason); trying again\(Self.words(pause))")
                    try await Task.sleep(for: pause)
                }
            }
        }
    }

    private static func words(_ pause: Duration) -> String {
        let seconds = pause.components.seconds
        return seconds > 0 ? " in \(seconds) s" : ""
    }

    private func attempt(_ part: PartFile) async throws {
        var headers = HTTPHeaders()
        var asked = 0
        switch decision.request(for: part.state) {
        case .nothing: return
        case .whole: break
        case .rest(let from, let ifRange):
            asked = from
            headers.add(name: "Range", value: "bytes=\(from)-")
            if let ifRange { headers.add(name: "If-Range", value: ifRange) }
        }
        let answer = try await client.get(url, credentials: credentials, headers: headers)
        let head = AnswerHead(answer)
        if ![200, 206, 416].contains(answer.status) {
            throw StatusMeaning(
                status: answer.status, headers: answer.headers, address: answer.address,
                origin: WebAddress(url) ?? answer.address, name: name,
                hasToken: credentials != nil
            ).failure
        }
        switch decision.action(for: head, asked: asked, part: part.state) {
        case .append: break
        case .restart:
            if part.length > 0 { notice("\(answer.address.host) sends the whole file again") }
            try part.restart()
        case .discard(let reason):
            try part.restart()
            throw TryFailure.connection(reason)
        case .fail(let failure):
            throw failure
        }
        try part.note(entityTag: head.isEncoded ? nil : head.entityTag)
        try await receive(answer, decision.limit(after: head), part)
    }

    private func receive(
        _ answer: HubClient.Answer, _ limit: Int?, _ part: PartFile
    ) async throws {
        do {
            for try await buffer in answer.body {
                if let limit, part.length + buffer.readableBytes > limit {
                    throw TryFailure.wrongBytes(
                        HubError(
                            .verificationFailed,
                            "\(answer.address.host) sent more than the \(limit) bytes that \(file.path) has"
                        ))
                }
                try part.append(buffer.readableBytesView)
                progress(part.length)
            }
        } catch let error as HubError {
            // The disk, not the connection.
            throw error
        } catch {
            throw client.failure(error, answer.address)
        }
        if let limit, part.length < limit {
            throw TryFailure.connection(
                "\(answer.address.host) ended the answer \(limit - part.length) bytes early")
        }
    }

    private func verify(_ part: PartFile) throws {
        if let size = file.size, part.length != size {
            throw TryFailure.wrongBytes(
                HubError(
                    .verificationFailed,
                    "\(file.path) has \(part.length) bytes, but its listing says \(size)"))
        }
        if let sha256 = file.sha256, part.sha256 != sha256 {
            throw TryFailure.wrongBytes(
                HubError(
                    .verificationFailed,
                    "\(file.path) is not what its listing promises: its SHA-256 is \(part.sha256), not \(sha256); "
                        + "the mirror or a proxy changed it, or the repository is being changed"))
        }
        if file.path.name.lowercased().hasSuffix(".gguf"), part.beginning(4) != Array("GGUF".utf8) {
            throw TryFailure.wrongBytes(
                HubError(
                    .verificationFailed,
                    "\(file.path) is no GGUF file: it begins with "
                        + RepositoryPath.printable(
                            String(decoding: part.beginning(16), as: UTF8.self))
                        + "; a sign-in page may have come in its place"))
        }
    }
}

extension TryFailure {
    /// The failure in one line.
    var reason: String {
        switch self {
        case .connection(let reason), .unknownHost(let reason): reason
        case .busy(let status, _): "the server is busy (status \(status))"
        case .wrongBytes(let error), .final(let error): error.message
        }
    }
}

extension AnswerHead {
    init(_ answer: HubClient.Answer) {
        let headers = answer.headers
        let range = headers.first(name: "Content-Range").flatMap(AnswerHead.contentRange)
        let encoding = headers.first(name: "Content-Encoding")?.lowercased() ?? "identity"
        self.init(
            status: answer.status,
            contentLength: headers.first(name: "Content-Length").flatMap { Int($0) },
            rangeStart: range?.start, rangeTotal: range?.total,
            entityTag: AnswerHead.strong(headers.first(name: "ETag")),
            isEncoded: encoding != "identity" && !encoding.isEmpty)
    }
}
