/// What somebody may have meant.
package enum NearestNames {
    /// The candidates, those first that hold the text or something like it; equals keep their order.
    package static func sorted(_ candidates: [String], like text: String) -> [String] {
        let wanted = Array(text.lowercased().utf8.prefix(200))
        let ranked = candidates.enumerated().map { index, name in
            let bytes = Array(name.lowercased().utf8.prefix(200))
            return (
                name: name, part: distance(wanted, bytes, within: true),
                whole: distance(wanted, bytes, within: false), index: index
            )
        }
        return ranked.sorted { ($0.part, $0.whole, $0.index) < ($1.part, $1.whole, $1.index) }
            .map(\.name)
    }

    /// Edits from one to the other (Levenshtein), or to the part of the other that is nearest.
    static func distance(_ a: [UInt8], _ b: [UInt8], within: Bool) -> Int {
        var row = within ? Array(repeating: 0, count: b.count + 1) : Array(0...b.count)
        for (i, byte) in a.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for (j, other) in b.enumerated() {
                let substituted = diagonal + (byte == other ? 0 : 1)
                diagonal = row[j + 1]
                row[j + 1] = min(substituted, row[j] + 1, diagonal + 1)
            }
        }
        return within ? row.min() ?? a.count : row[b.count]
    }
}
