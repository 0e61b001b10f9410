/// What somebody may have meant.
enum NearestName {
    /// The candidate with the fewest edits from a name; `nil` where none is like it.
    static func of(_ name: String, among candidates: [String]) -> String? {
        let ranked = candidates.map { (name: $0, distance: distance(name, $0)) }
        guard let nearest = ranked.min(by: { $0.distance < $1.distance }),
            nearest.distance * 2 <= max(name.utf8.count, 4)
        else { return nil }
        return nearest.name
    }

    /// Insertions, deletions, substitutions and swaps of neighbours (optimal string alignment).
    static func distance(_ one: String, _ other: String) -> Int {
        let (a, b) = (Array(one.lowercased().utf8.prefix(100)), Array(other.lowercased().utf8))
        var rows = [Array(0...b.count)]
        for i in a.indices {
            var row = [i + 1]
            for j in b.indices {
                var best = min(
                    rows[i][j] + (a[i] == b[j] ? 0 : 1), rows[i][j + 1] + 1, row[j] + 1)
                if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] {
                    best = min(best, rows[i - 1][j - 1] + 1)
                }
                row.append(best)
            }
            rows.append(row)
        }
        return rows[a.count][b.count]
    }

    /// `"a", "b" or "c"`.
    static func list(_ choices: [String]) -> String {
        let quoted = choices.map { "\"\($0)\"" }
        guard let last = quoted.last, quoted.count > 1 else { return quoted.joined() }
        return quoted.dropLast().joined(separator: ", ") + " or " + last
    }
}
