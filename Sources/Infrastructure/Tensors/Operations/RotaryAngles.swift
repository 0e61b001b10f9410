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
    /// - `magnitude`: what cosines and sines are multiplied by.
    package func update(
        positions: [Int], frequencies: [Double], magnitude: Double = 1, on compute: Compute
    ) {
        precondition(positions.count <= rows, "more rows than there is room for")
        precondition(frequencies.count == pairs, "a frequency for every pair")
        compute.inParallel(positions.count, cost: 40 * pairs) { range in
            for row in range {
                cosines.withMutableRow(row) { cosines in
                    sines.withMutableRow(row) { sines in
                        for pair in 0..<pairs {
                            let angle = Double(positions[row]) * frequencies[pair]
                            cosines[pair] = Float(cos(angle) * magnitude)
                            sines[pair] = Float(sin(angle) * magnitude)
                        }
                    }
                }
            }
        }
    }
}
