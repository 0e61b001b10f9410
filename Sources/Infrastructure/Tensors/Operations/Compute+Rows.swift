import CKernels

// Operations that take every row by itself.
extension Compute {
    /// RMS norm (Zhang and Sennrich 2019): `x / sqrt(mean(x^2) + epsilon) * weight`.
    ///
    /// - `rows`: the first so many rows of both matrices; they may be the same matrix.
    /// - `weight`: as long as a row.
    /// - `quantized`: takes the results too, as ``quantize(_:rows:into:)`` would round them; a row that was just
    ///   written is still in the first-level cache.
    package func normalize(
        _ x: Matrix, rows: Int, weight: [Float], epsilon: Float, into output: Matrix,
        and quantized: QuantizedRows? = nil
    ) {
        precondition(rows <= x.rows && rows <= output.rows, "more rows than there are")
        precondition(weight.count == x.columns && x.columns <= output.columns, "lengths differ")
        let normalize = unsafe kernels.pointee.normalize
        let rounding = quantized.map { makeRounding(to: $0, rows: rows, columns: x.columns) }
        unsafe weight.withUnsafeBufferPointer { weight in
            guard let weight = weight.baseAddress else { return }
            inParallel(rows, cost: x.columns / (rounding == nil ? 4 : 2)) { range in
                for row in range {
                    let target = unsafe output.row(row)
                    unsafe normalize(x.row(row), weight, epsilon, x.columns, target)
                    unsafe rounding?.round(target, row: row)
                }
            }
        }
    }

    /// Rounds rows to 8 bits, to nearest even, with a scale for every 32 values (the largest becomes 127).
    package func quantize(_ x: Matrix, rows: Int, into output: QuantizedRows) {
        precondition(rows <= x.rows, "more rows than there are")
        let rounding = makeRounding(to: output, rows: rows, columns: x.columns)
        inParallel(rows, cost: x.columns / 4) { range in
            for row in range {
                unsafe rounding.round(x.row(row), row: row)
            }
        }
    }

    /// Makes room for the first `rows` rows of something.
    private func makeRounding(to output: QuantizedRows, rows: Int, columns: Int) -> Rounding {
        let tile = unsafe kernels.pointee.tile
        output.prepare(.init(rows: rows, columns: columns, tile: tile))
        return unsafe Rounding(output: output, kernels: kernels)
    }

    /// Adds a vector to a part of every row.
    package func addBias(_ bias: [Float], to x: Matrix, rows: Int, column: Int) {
        precondition(rows <= x.rows, "more rows than there are")
        precondition(column >= 0 && column + bias.count <= x.columns, "beyond the row")
        let add = unsafe kernels.pointee.add
        unsafe bias.withUnsafeBufferPointer { bias in
            guard let values = bias.baseAddress else { return }
            inParallel(rows, cost: bias.count / 8) { range in
                for row in range {
                    unsafe add(values, bias.count, x.row(row) + column)
                }
            }
        }
    }

    /// Adds the first `rows` rows of `x` to those of `sum`.
    package func add(_ x: Matrix, to sum: Matrix, rows: Int) {
        precondition(rows <= x.rows && rows <= sum.rows, "more rows than there are")
        precondition(x.columns == sum.columns, "lengths differ")
        let add = unsafe kernels.pointee.add
        inParallel(rows, cost: x.columns / 8) { range in
            for row in range {
                unsafe add(x.row(row), x.columns, sum.row(row))
            }
        }
    }

    /// SwiGLU's gate (Shazeer 2020): `silu(first half of a row) * (second half)`.
    ///
    /// - `width`: length of a half.
    /// - `quantized`: takes the results too, as ``quantize(_:rows:into:)`` would round them.
    package func gate(
        _ gateUp: Matrix, rows: Int, width: Int, into output: Matrix,
        and quantized: QuantizedRows? = nil
    ) {
        precondition(rows <= gateUp.rows && rows <= output.rows, "more rows than there are")
        precondition(2 * width <= gateUp.columns && width <= output.columns, "beyond the row")
        let gate = unsafe kernels.pointee.gate
        let rounding = quantized.map { makeRounding(to: $0, rows: rows, columns: width) }
        inParallel(rows, cost: width) { range in
            for row in range {
                let start = unsafe gateUp.row(row)
                let target = unsafe output.row(row)
                unsafe gate(start, start + width, width, target)
                unsafe rounding?.round(target, row: row)
            }
        }
    }
}

/// Where rows go that are rounded one by one.
@safe private struct Rounding {
    let output: QuantizedRows
    let kernels: UnsafePointer<berth_kernels>

    @unsafe func round(_ x: UnsafePointer<Float>, row: Int) {
        let filled = output.filled
        let start = row / filled.tile * filled.tile
        let target = unsafe output.blocks + start * filled.blocks + (row - start)
        unsafe kernels.pointee.quantize(
            x, filled.columns, target, min(filled.tile, filled.rows - start))
    }
}

extension QuantizedRows.Filling {
    /// Blocks of 32 in a row.
    var blocks: Int {
        let size = Int(BERTH_BLOCK)
        return (columns + size - 1) / size
    }
}
