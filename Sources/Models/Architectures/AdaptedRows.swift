import Tensors

/// Rows of a step that an adapter changes.
package struct AdaptedRows: Sendable {
    package let adapter: Adapter
    package let rows: Range<Int>

    package init(_ adapter: Adapter, rows: Range<Int>) {
        self.adapter = adapter
        self.rows = rows
    }
}

extension Workspace {
    /// Adds what a step's adapters make of the input of a product to its output.
    func adapt(
        _ output: Matrix, _ product: Adapter.Product, layer: Int = 0, of input: Matrix,
        rows: [AdaptedRows], on compute: Compute
    ) {
        guard !rows.isEmpty else { return }
        let parts = rows.compactMap { part in
            part.adapter.update(product, layer: layer).map { UpdatedRows($0, rows: part.rows) }
        }
        guard !parts.isEmpty else { return }
        let longest = parts.reduce(0) { max($0, $1.update.rank) }
        compute.add(parts, of: input, by: inner(columns: longest), to: output)
    }
}

extension ModelStep {
    /// Which of the output rows an adapter changes, by their places among them.
    var adaptedOutputs: [AdaptedRows] {
        guard !adapters.isEmpty else { return [] }
        var parts: [AdaptedRows] = []
        for (place, row) in outputRows.enumerated() {
            guard let adapter = adapters.first(where: { $0.rows.contains(row) })?.adapter else {
                continue
            }
            if let last = parts.last, last.adapter === adapter, last.rows.upperBound == place {
                parts[parts.count - 1] = AdaptedRows(
                    adapter, rows: last.rows.lowerBound..<place + 1)
            } else {
                parts.append(AdaptedRows(adapter, rows: place..<place + 1))
            }
        }
        return parts
    }
}
