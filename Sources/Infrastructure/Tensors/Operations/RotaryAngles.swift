#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Which two dimensions of a head turn together.
package enum RotaryPairing: Sendable {
    /// Dimensions 2i and 2i + 1.
    case adjacent
    /// Dimensions i and i + half the rotated length.
    case halves
}

/// Cosines and sines of every row's position, computed once a step and used by every layer.
@safe package final class RotaryAngles: @unchecked Sendable {
    /// Most rows.
    package let rows: Int
    /// Rotated pairs of a head.
    package let pairs: Int
    let cosines: Matrix
    let sines: Matrix

    package init(rows: Int, pairs: Int) {
        self.rows = rows
        self.pairs = pairs
        cosines = Matrix(rows: rows, columns: pairs)
        sines = Matrix(rows: rows, columns: pairs)
    }

    /// Fills one row a position.
    ///
    /// Angles are computed in double precision: at position 100,000 a float32 angle is off by half a degree.
    ///
    /// - `frequencies`: radians per position, one a pair.
    package func update(positions: [Int], frequencies: [Double]) {
        precondition(positions.count <= rows, "more rows than there is room for")
        precondition(frequencies.count == pairs, "a frequency for every pair")
        for (row, position) in positions.enumerated() {
            if row > 0, positions[row - 1] == position {
                copy(row - 1, to: row)
                continue
            }
            cosines.withMutableRow(row) { cosines in
                sines.withMutableRow(row) { sines in
                    for pair in 0..<pairs {
                        let angle = Double(position) * frequencies[pair]
                        cosines[pair] = Float(cos(angle))
                        sines[pair] = Float(sin(angle))
                    }
                }
            }
        }
    }

    private func copy(_ source: Int, to target: Int) {
        for matrix in [cosines, sines] {
            matrix.withRow(source) { from in
                matrix.withMutableRow(target) { into in
                    for pair in 0..<pairs {
                        into[pair] = from[pair]
                    }
                }
            }
        }
    }
}
