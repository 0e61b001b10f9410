/// Where the rows of several texts stand in one matrix: whole texts, one after the other, without padding.
package struct TextBatch: Sendable {
    /// Rows of every text, in order.
    package let texts: [Range<Int>]
    /// Rows of all texts.
    package let rows: Int
    /// Some rows of one text; the heaviest first.
    let tiles: [Tile]

    struct Tile {
        let rows: Range<Int>
        let text: Range<Int>
    }

    // Each tile rounds its text's keys and values anew, which costs little beside so many rows.
    private static let tileRows = 128

    /// - `lengths`: rows of every text; at least one each.
    package init(lengths: [Int]) {
        var texts: [Range<Int>] = []
        var tiles: [Tile] = []
        var first = 0
        for length in lengths {
            precondition(length > 0, "a text without tokens")
            let text = first..<first + length
            texts.append(text)
            for start in stride(from: first, to: text.upperBound, by: Self.tileRows) {
                let end = min(start + Self.tileRows, text.upperBound)
                tiles.append(Tile(rows: start..<end, text: text))
            }
            first = text.upperBound
        }
        self.texts = texts
        rows = first
        self.tiles = tiles.sorted { $0.rows.count * $0.text.count > $1.rows.count * $1.text.count }
    }
}
