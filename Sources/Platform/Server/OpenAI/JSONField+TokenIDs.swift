import StructuredJSON

extension JSONField {
    /// The token ids of an array, at least one; whether a model knows them is the engine's to say.
    func tokenIDs() throws(JSONError) -> [Int] {
        let items = try array()
        guard !items.isEmpty else { throw invalid("must hold at least one token id") }
        var tokens: [Int] = []
        tokens.reserveCapacity(items.count)
        for item in items {
            tokens.append(try item.int(in: 0...Int.max))
        }
        return tokens
    }
}
