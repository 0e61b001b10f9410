import CKernels

/// What happens to a product's sums before they are stored.
package enum ProductEnding: Sendable {
    case store
    /// The exact GELU (Hendrycks and Gimpel 2016), as ``Compute/gelu(_:rows:)``.
    case gelu
    /// Added to what the output holds.
    case accumulate

    fileprivate var identifier: berth_word_ending {
        switch self {
        case .store: BERTH_STORE
        case .gelu: BERTH_GELU
        case .accumulate: BERTH_ACCUMULATE
        }
    }
}

// Operations of encoders: products of rounded weights and activations, and attention in both directions.
extension Compute {
    /// Rounds rows to 13 bits, to nearest even, with a scale for every 128 values.
    package func round(_ x: Matrix, rows: Int, into output: WordRows) {
        precondition(rows <= x.rows, "more rows than there are")
        let round = unsafe kernels.pointee.words.round
        output.prepare(.init(rows: rows, columns: x.columns, tile: wordTile))
        inParallel(rows, cost: x.columns / 8) { range in
            for row in range {
                let (first, step) = unsafe output.place(ofRow: row)
                unsafe round(x.row(row), x.columns, first, step)
            }
        }
    }

    /// Layer norm (Ba, Kiros and Hinton 2016): `(x - mean) / sqrt(variance + epsilon) * weight + bias`.
    ///
    /// - `rows`: the first so many rows of both matrices; they may be the same matrix.
    /// - `rounded`: receives the result also as ``round(_:rows:into:)`` makes it.
    package func layerNorm(
        _ x: Matrix, rows: Int, weight: [Float], bias: [Float], epsilon: Float, into output: Matrix,
        rounded: WordRows? = nil
    ) {
        precondition(rows <= x.rows && rows <= output.rows, "more rows than there are")
        precondition(
            weight.count == x.columns && bias.count == x.columns && x.columns == output.columns,
            "lengths differ")
        let layerNorm = unsafe kernels.pointee.words.layer_norm
        let round = unsafe kernels.pointee.words.round
        rounded?.prepare(.init(rows: rows, columns: x.columns, tile: wordTile))
        unsafe weight.withUnsafeBufferPointer { weight in
            unsafe bias.withUnsafeBufferPointer { bias in
                guard let weight = weight.baseAddress, let bias = bias.baseAddress else { return }
                inParallel(rows, cost: x.columns / 2) { range in
                    for row in range {
                        let target = unsafe output.row(row)
                        unsafe layerNorm(x.row(row), weight, bias, epsilon, x.columns, target)
                        if let rounded {
                            let (first, step) = unsafe rounded.place(ofRow: row)
                            unsafe round(target, x.columns, first, step)
                        }
                    }
                }
            }
        }
    }

    /// `x * (1 + erf(x / sqrt 2)) / 2` of every number, in place; errs by less than 4e-7 times `x`.
    package func gelu(_ x: Matrix, rows: Int) {
        precondition(rows <= x.rows, "more rows than there are")
        let gelu = unsafe kernels.pointee.words.gelu
        inParallel(rows, cost: x.columns / 2) { range in
            for row in range {
                unsafe gelu(x.row(row), x.columns, x.row(row))
            }
        }
    }

    /// `output[row][j] = end(bias[j] + sum over k of w[j][k] * x[row][k])`.
    ///
    /// - `x`: rounded rows as long as `w` is wide; all that were rounded take part.
    package func multiply(
        _ w: WordMatrix, _ x: WordRows, ending: ProductEnding, into output: Matrix
    ) {
        let rows = x.filled.rows
        let tile = wordTile
        precondition(
            x.filled == .init(rows: rows, columns: w.columns, tile: tile),
            "the input is not rounded for this")
        precondition(rows <= output.rows && w.rows <= output.columns, "beyond the output")
        let blocks = x.filled.blocks
        let product = unsafe kernels.pointee.words.product
        // A range's input should stay in the second-level cache while the weights stream past.
        let rowBytes = blocks * MemoryLayout<berth_word_block>.stride
        let fitting = max(tile, (384 << 10) / rowBytes)
        let ranges = max(1, (rows + fitting / 2) / fitting)
        let rangeRows = ((rows + ranges - 1) / ranges + tile - 1) / tile * tile
        // Runs of panels of about 20 microseconds: whoever is held up takes fewer.
        let nanosecondsAPanel = max(
            w.panelBytes / 12, min(rows, rangeRows) * w.columns * 2 * WordMatrix.panelRows / 200)
        let atOnce = max(1, min(20_000 / max(1, nanosecondsAPanel), w.panels / (2 * threads)))
        let runs = (w.panels + atOnce - 1) / atOnce
        unsafe w.bias.withUnsafeBufferPointer { bias in
            guard let bias = bias.baseAddress else { return }
            team.run(chunks: (rows + rangeRows - 1) / max(1, rangeRows) * runs) { chunk in
                let firstRow = chunk / runs * rangeRows
                let firstPanel = chunk % runs * atOnce
                let panels = min(atOnce, w.panels - firstPanel)
                let column = firstPanel * WordMatrix.panelRows
                var work = unsafe berth_word_product(
                    panels: w.panel(firstPanel), panel_count: panels,
                    rows: min(panels * WordMatrix.panelRows, w.rows - column), blocks: blocks,
                    tokens: min(rangeRows, rows - firstRow), input: x.blocks + firstRow * blocks,
                    bias: bias + column, ending: ending.identifier,
                    output: output.row(firstRow) + column, output_stride: output.stride)
                unsafe product(&work)
            }
        }
    }

    /// Attention of every row with all rows of its text, in both directions.
    ///
    /// Queries and keys are rounded to 13 bits a head, values a dimension and 128 positions, and the softmax's
    /// weights to 1/4095.
    ///
    /// - `projected`: queries, keys and values side by side, each `heads * headDimension` wide.
    /// - `headDimension`: at most ``longestEncoderHead``.
    /// - `output`: receives head after head, from column 0 on.
    package func attend(
        _ projected: Matrix, heads: Int, headDimension: Int, batch: TextBatch, scale: Float,
        into output: Matrix
    ) {
        let width = heads * headDimension
        precondition(batch.rows <= projected.rows && batch.rows <= output.rows, "too many rows")
        precondition(3 * width <= projected.columns && width <= output.columns, "beyond the row")
        precondition(headDimension <= Self.longestEncoderHead, "too long a head")
        let attend = unsafe kernels.pointee.words.attend
        let longest = batch.texts.reduce(0) { max($0, $1.count) }
        let scratchBytes = berth_word_attention_scratch(longest, headDimension)
        let floats = scratchBytes / MemoryLayout<Float>.stride
        team.run(chunks: batch.tiles.count * heads) { chunk, worker in
            let tile = batch.tiles[chunk / heads]
            let column = chunk % heads * headDimension
            let text = unsafe projected.row(tile.text.lowerBound) + column
            var work = unsafe berth_word_attention(
                queries: projected.row(tile.rows.lowerBound) + column, keys: text + width,
                values: text + 2 * width, stride: projected.stride, rows: tile.rows.count,
                positions: tile.text.count, dimension: headDimension, scale: scale,
                output: output.row(tile.rows.lowerBound) + column, output_stride: output.stride,
                scratch: scratch(of: worker, floats: floats))
            unsafe attend(&work)
        }
    }

    /// Longest query and key of a head that ``attend(_:heads:headDimension:batch:scale:into:)`` takes.
    package static let longestEncoderHead = Int(BERTH_WORD_HEAD)

    private var wordTile: Int {
        unsafe kernels.pointee.words.tile
    }
}
