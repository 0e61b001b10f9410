/// Queries, keys and values of a step's rows in one layer, as a projection left them, and what happens to them
/// before attention: a norm of every head (Qwen 3), and rotary position embedding.
package struct ProjectedHeads {
    /// Queries, keys and values may stand in the same matrix; attention changes the first two.
    package let queries: Matrix
    package let keys: Matrix
    package let values: Matrix
    /// Where the first head's part of a row starts; heads follow each other.
    package let queryColumn: Int
    package let keyColumn: Int
    package let valueColumn: Int
    /// Query heads, a multiple of the key/value heads.
    package let heads: Int
    package var norms: Norms?
    package var rotation: Rotation?

    /// RMS norms of every query and key.
    package struct Norms: Sendable {
        /// As long as a head: a row for queries, and one for keys.
        let weights: Matrix
        let epsilon: Float

        package init(query: [Float], key: [Float], epsilon: Float) {
            precondition(query.count == key.count, "queries and keys of one length")
            weights = Matrix(rows: 2, columns: query.count)
            for (row, values) in [query, key].enumerated() {
                weights.withMutableRow(row) { row in
                    for index in values.indices {
                        row[index] = values[index]
                    }
                }
            }
            self.epsilon = epsilon
        }
    }

    /// A turn of the leading dimensions of every query and key (RoFormer, 2021).
    package struct Rotation {
        let angles: RotaryAngles
        let pairing: RotaryPairing

        /// - `angles`: of the same rows; its pairs may cover a part of a head only.
        package init(angles: RotaryAngles, pairing: RotaryPairing) {
            self.angles = angles
            self.pairing = pairing
        }
    }

    /// Queries, keys and values side by side in one matrix, from `column` on.
    package init(_ projected: Matrix, column: Int = 0, heads: Int, layout: KVPageLayout) {
        let keyColumn = column + heads * layout.headDimension
        self.init(
            queries: projected, queryColumn: column, keys: projected, keyColumn: keyColumn,
            values: projected, valueColumn: keyColumn + layout.heads * layout.headDimension,
            heads: heads)
    }

    package init(
        queries: Matrix, queryColumn: Int, keys: Matrix, keyColumn: Int, values: Matrix,
        valueColumn: Int, heads: Int
    ) {
        self.queries = queries
        self.queryColumn = queryColumn
        self.keys = keys
        self.keyColumn = keyColumn
        self.values = values
        self.valueColumn = valueColumn
        self.heads = heads
    }

    func check(rows: Int, layout: KVPageLayout) {
        let (dimension, width) = (layout.headDimension, layout.heads * layout.headDimension)
        precondition(heads > 0 && heads.isMultiple(of: layout.heads), "heads that share no keys")
        for (matrix, column, width) in [
            (queries, queryColumn, heads * dimension), (keys, keyColumn, width),
            (values, valueColumn, width),
        ] {
            precondition(rows <= matrix.rows, "more rows than there are")
            precondition(column >= 0 && column + width <= matrix.columns, "beyond the row")
        }
        if let norms {
            precondition(norms.weights.columns == dimension, "a norm as long as a head")
        }
        if let rotation {
            precondition(rows <= rotation.angles.rows, "more rows than there are angles")
            precondition(2 * rotation.angles.pairs <= dimension, "more pairs than a head has")
        }
    }
}
