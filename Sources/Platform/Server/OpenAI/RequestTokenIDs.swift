package import StructuredJSON

extension JSONLimits {
    /// A body's: more values than any client's tools, messages and biases together, token ids not counted.
    package static let requestBody = JSONLimits(maximumValues: 1 << 18)
}

extension JSONReader {
    /// Most token ids of a request: more than a body of the usual limit can hold of a real vocabulary.
    static let mostTokenIDs = 1 << 22

    var tooManyTokenIDs: JSONError {
        invalid("is one token id more than the \(Self.mostTokenIDs) of a request")
    }

    /// The token ids of an array, at least one; whether a model knows them is the engine's to say.
    ///
    /// `most` is how many the request may still hold.
    mutating func tokenIDs(most: Int = mostTokenIDs) throws(JSONError) -> [Int] {
        var tokens: [Int] = []
        try array { reader, _ throws(JSONError) in
            guard tokens.count < most else { throw reader.tooManyTokenIDs }
            tokens.append(try reader.int(in: 0...Int.max))
        }
        guard !tokens.isEmpty else { throw invalid("must hold at least one token id") }
        return tokens
    }
}

extension JSONField {
    /// The members of a body, one of them read by `read` and without a tree of it: token ids come by the million.
    ///
    /// - Throws: also where that member is absent or null.
    init(
        body: [UInt8], except name: String,
        read: (inout JSONReader) throws(JSONError) -> Void
    ) throws(JSONError) {
        var members = JSONObject()
        var isRead = false
        var reader = try JSONReader(body, limits: .requestBody)
        try reader.object { reader, member throws(JSONError) in
            if member == name, reader.next != .word {
                try read(&reader)
                isRead = true
            } else {
                members[member] = try reader.field().value
            }
        }
        try reader.end()
        self.init(.object(members))
        guard isRead else {
            _ = try self[name].present()
            throw self[name].invalid("must not be true or false", .wrongType)
        }
    }
}
