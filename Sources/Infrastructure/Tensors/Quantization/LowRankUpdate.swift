/// What a low-rank adapter (LoRA, Hu 2021) adds to products that share their input: to some columns of the output
/// `scale * B * A * input`, where A has `rank` rows and B has `rank` columns.
///
/// Both factors are kept in float16, multiplied by the power of two that brings the largest number near the end of
/// that type's range: what was bfloat16 keeps its bits unless it is 2^29 times smaller than the largest, and float32 is
/// moved by at most 1/2048 of itself down to 2^-29 of the largest. Sums are float32.
package final class LowRankUpdate: Sendable {
    /// The two factors of one product, as float32.
    package struct Factors {
        /// Row after row: `[rank][columns]`.
        package let a: [Float]
        /// Row after row: `[rows][rank]`.
        package let b: [Float]
        package let rank: Int
        package let scale: Float
        /// Where the product's rows go in a row of the output.
        package let column: Int

        /// Lengths that are no multiples of `rank` are a mistake of the caller.
        package init(a: [Float], b: [Float], rank: Int, scale: Float, column: Int) {
            precondition(
                rank > 0 && a.count.isMultiple(of: rank) && b.count.isMultiple(of: rank),
                "factors of another rank")
            self.a = a
            self.b = b
            self.rank = rank
            self.scale = scale
            self.column = column
        }
    }

    /// One product that is adapted.
    struct Target: Sendable {
        /// B.
        let up: WeightMatrix
        /// Where the results of its A stand in a row of those of all.
        let place: Int
        /// What these are multiplied by.
        let factor: Float
        let column: Int
    }

    /// A of all targets, one above the other.
    let down: WeightMatrix
    let targets: [Target]

    /// Results of A that a row has.
    package var rank: Int {
        down.rows
    }

    /// Bytes of the packed factors, all of which an operation reads.
    package var byteCount: Int {
        targets.reduce(down.byteCount) { $0 + $1.up.byteCount }
    }

    /// Packs the factors, which are finite, on `compute`'s team.
    ///
    /// - `columns`: length of an input row.
    package init(_ factors: [Factors], columns: Int, compute: Compute) {
        precondition(
            !factors.isEmpty && factors.allSatisfy { $0.a.count == $0.rank * columns },
            "input rows have another length")
        var targets: [Target] = []
        var halves: [[Float16]] = []
        var place = 0
        for factors in factors {
            let (a, exponentA) = Self.halves(factors.a)
            let (b, exponentB) = Self.halves(factors.b)
            let rows = factors.b.count / factors.rank
            let up = Self.pack([(b, rows)], columns: factors.rank, compute)
            let exponent = -exponentA - exponentB
            targets.append(
                Target(
                    up: up, place: place,
                    factor: Float(
                        Double(factors.scale)
                            * Double(sign: .plus, exponent: exponent, significand: 1)),
                    column: factors.column))
            halves.append(a)
            place += factors.rank
        }
        self.targets = targets
        down = Self.pack(
            zip(halves, factors).map { ($0, $1.rank) }, columns: columns, compute)
    }

    /// Numbers times a power of two, and its exponent.
    private static func halves(_ values: [Float]) -> ([Float16], exponent: Int) {
        let largest = values.reduce(0) { max($0, $1.magnitude) }
        // 2^14 times less than 2: below the largest float16.
        let exponent = largest > 0 ? 14 - Int(largest.exponent) : 0
        // In two steps, as a power beyond float32's range is needed for the smallest.
        let (first, rest) = (exponent / 2, exponent - exponent / 2)
        let (one, other) = (
            Float(sign: .plus, exponent: first, significand: 1),
            Float(sign: .plus, exponent: rest, significand: 1)
        )
        return (values.map { Float16($0 * one * other) }, exponent)
    }

    private static func pack(
        _ parts: [(values: [Float16], rows: Int)], columns: Int, _ compute: Compute
    ) -> WeightMatrix {
        let all = parts.flatMap(\.values)
        return unsafe all.withUnsafeBytes { bytes in
            var start = 0
            let parts = parts.map { part in
                let end = start + 2 * part.values.count
                defer { start = end }
                return unsafe WeightPart(
                    type: .f16, rows: part.rows,
                    bytes: UnsafeRawBufferPointer(rebasing: bytes[start..<end]))
            }
            return WeightMatrix(parts: parts, columns: columns, compute: compute)
        }
    }
}
