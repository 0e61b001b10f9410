/// What is known of a part of a file on disk.
package struct PartState: Sendable, Equatable {
    /// Bytes on disk.
    package var length: Int
    /// The entity tag of the answer that they came with; only strong ones are kept.
    package var entityTag: String?

    package init(length: Int, entityTag: String?) {
        self.length = length
        self.entityTag = entityTag
    }
}

/// What a server's answer says about the bytes that follow it.
package struct AnswerHead: Sendable, Equatable {
    package var status: Int
    package var contentLength: Int?
    /// Of `Content-Range`: the first byte and, where told, the whole size.
    package var rangeStart: Int?
    package var rangeTotal: Int?
    package var entityTag: String?
    /// The bytes are compressed, so that ranges and lengths are not those of the file.
    package var isEncoded: Bool

    package init(
        status: Int, contentLength: Int? = nil, rangeStart: Int? = nil, rangeTotal: Int? = nil,
        entityTag: String? = nil, isEncoded: Bool = false
    ) {
        self.status = status
        self.contentLength = contentLength
        self.rangeStart = rangeStart
        self.rangeTotal = rangeTotal
        self.entityTag = entityTag
        self.isEncoded = isEncoded
    }
}

/// Decides whether a download goes on where it stopped.
///
/// Pure functions of the part, what the listing promises, and the answer.
package struct ResumeDecision: Sendable {
    /// In bytes; `nil` where the source does not tell.
    package let expectedSize: Int?
    /// The whole will be compared with a hash that came from elsewhere.
    package let isVerified: Bool

    package init(expectedSize: Int?, isVerified: Bool) {
        self.expectedSize = expectedSize
        self.isVerified = isVerified
    }

    package enum Request: Sendable, Equatable {
        /// All bytes are there; only the hash is left to check.
        case nothing
        case whole
        /// From that byte on, unless the file is no longer the one with that entity tag.
        case rest(from: Int, ifRange: String?)
    }

    /// What to ask for.
    package func request(for part: PartState) -> Request {
        guard part.length > 0 else { return .whole }
        if let expectedSize {
            if part.length == expectedSize, isVerified { return .nothing }
            if part.length >= expectedSize { return .whole }
        }
        // Without a tag nothing says that the rest belongs to the part, except the hash in the end.
        guard part.entityTag != nil || isVerified else { return .whole }
        return .rest(from: part.length, ifRange: part.entityTag)
    }

    package enum Action: Sendable, Equatable {
        /// Keep the part and add what follows.
        case append
        /// What follows is the whole file: begin anew.
        case restart
        /// Throw the part away and ask again.
        case discard(String)
        case fail(TryFailure)
    }

    /// What to do with an answer to a request for the rest (`asked` > 0) or the whole (0).
    package func action(for head: AnswerHead, asked: Int, part: PartState) -> Action {
        switch head.status {
        case 200:
            if !head.isEncoded, let length = head.contentLength, let expectedSize,
                length != expectedSize
            {
                return .fail(.wrongBytes(wrongSize(length, expectedSize)))
            }
            return .restart
        case 206:
            guard asked > 0 else { return .fail(.connection("the server sent a part unasked")) }
            guard !head.isEncoded, head.rangeStart == asked else {
                return .discard("the server sent another range than was asked for")
            }
            if let ours = part.entityTag, let theirs = head.entityTag, ours != theirs {
                return .discard("the file changed on the server")
            }
            if let total = head.rangeTotal, let expectedSize, total != expectedSize {
                return .fail(.wrongBytes(wrongSize(total, expectedSize)))
            }
            return .append
        case 416:
            return asked > 0
                ? .discard("the server does not have the rest of the file")
                : .fail(.connection("the server refused the range"))
        default:
            return .fail(.connection("the server answered with status \(head.status)"))
        }
    }

    private func wrongSize(_ found: Int, _ expected: Int) -> HubError {
        HubError(
            .verificationFailed,
            "the server's file has \(found) bytes where the listing says \(expected); "
                + "it was replaced, or the mirror is damaged: try again later or another endpoint")
    }

    /// How many bytes may come at most; more are an error.
    package func limit(after head: AnswerHead) -> Int? {
        expectedSize ?? (head.isEncoded ? nil : head.rangeTotal ?? head.contentLength)
    }
}

extension AnswerHead {
    /// `bytes 100-199/200`, or `*` for what is not told.
    static func contentRange(_ text: String) -> (start: Int, total: Int?)? {
        guard text.lowercased().hasPrefix("bytes ") else { return nil }
        let parts = text.dropFirst(6).split(separator: "/")
        guard parts.count == 2,
            let start = parts[0].split(separator: "-").first.flatMap({ Int($0) }),
            start >= 0
        else { return nil }
        return (start, Int(parts[1]))
    }

    /// A tag that says that bytes are the same, not only that they mean the same.
    static func strong(_ entityTag: String?) -> String? {
        guard let entityTag, entityTag.hasPrefix("\""), entityTag.hasSuffix("\""),
            entityTag.utf8.count > 2, entityTag.utf8.count < 1024
        else { return nil }
        return entityTag
    }
}
