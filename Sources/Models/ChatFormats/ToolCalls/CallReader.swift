/// Reads calls of tools after the marker that opens them, byte by byte.
///
/// Until it has begun a call it owns nothing: on ``CallStep/failed`` everything since the marker is text after all.
protocol CallReader: Sendable {
    mutating func read(_ byte: UInt8, into parts: inout AnswerParts) -> CallStep
    /// The answer ends here; gives what can still be a call. `false` where what was read is text.
    mutating func finish(into parts: inout AnswerParts) -> Bool
}

/// What a byte means to a ``CallReader``.
enum CallStep {
    case more
    /// A call is complete and another may follow without a marker: what was read so far is settled.
    case settled
    /// All calls are complete with this byte.
    case done
    /// All calls were complete before this byte.
    case before
    /// This is no call.
    case failed
}

/// Names of tools that a parser can expect.
enum CallName {
    /// Longest head of a call (name, id and markers between) in bytes.
    static let headLimit = 512
    /// What can be in no name: all of it belongs to some format of calls.
    private static let forbidden = Set(" \t\r\n\"'{}()[]<>|,;=`".utf8)

    /// The name that these bytes are, if they can be one.
    static func checked(_ bytes: some BidirectionalCollection<UInt8>) -> String? {
        let name = bytes.trimmed
        guard !name.isEmpty, name.count <= 256 else { return nil }
        guard !name.contains(where: { $0 < 0x20 || forbidden.contains($0) }) else { return nil }
        return name.text
    }
}
