import CKernels

/// Rows of a step that one adapter changes.
package struct UpdatedRows {
    package let update: LowRankUpdate
    package let rows: Range<Int>

    package init(_ update: LowRankUpdate, rows: Range<Int>) {
        self.update = update
        self.rows = rows
    }
}

// Low-rank adapters: rows of several in one step, as in Punica (Chen 2023) and S-LoRA (Sheng 2023).
extension Compute {
    /// Adds to the rows of every part what its update makes of the same rows of the input; other rows keep their bits.
    ///
    /// `t = factor * A x`, rounded once for the sum and once for the factor; then each output number takes its terms
    /// `B[j][k] * t[k]` one after another. A row's result depends on the row and its update only. All parts are two
    /// regions of work.
    ///
    /// - `parts`: their rows do not overlap.
    /// - `inner`: room for the results of A: a row for each of the input's, as long as the largest `rank`.
    package func add(
        _ parts: [UpdatedRows], of x: Matrix, by inner: Matrix, to output: Matrix
    ) {
        guard !parts.isEmpty else { return }
        for part in parts {
            let update = part.update
            precondition(
                part.rows.lowerBound >= 0
                    && part.rows.upperBound <= min(x.rows, inner.rows, output.rows),
                "more rows than there are")
            precondition(x.columns == update.down.columns, "input rows have another length")
            precondition(update.rank <= inner.columns, "more results than there is room for")
            precondition(
                update.targets.allSatisfy {
                    $0.column >= 0 && $0.column + $0.up.rows <= output.columns
                }, "beyond the output row")
        }
        let down = UpdatePlans(
            parts.indices.map { UpdatePlans.Product(part: $0, w: parts[$0].update.down) },
            rows: { parts[$0].rows }, on: self)
        team.run(chunks: down.chunks) { chunk in
            let (product, plan) = down.product(of: chunk)
            let work = plan.work(chunk, of: product.w)
            multiply(work, of: product.w, x, quantized: nil, into: inner)
            scale(work, of: parts[product.part].update, inner)
        }
        let up = UpdatePlans(
            parts.indices.flatMap { part in
                parts[part].update.targets.indices.map {
                    UpdatePlans.Product(
                        part: part, target: $0, w: parts[part].update.targets[$0].up)
                }
            }, rows: { parts[$0].rows }, on: self)
        team.run(chunks: up.chunks) { chunk in
            let (product, plan) = up.product(of: chunk)
            add(
                plan.work(chunk, of: product.w),
                of: parts[product.part].update.targets[product.target], inner, to: output)
        }
    }

    /// Multiplies the results of a chunk of A by their target's factor.
    private func scale(_ work: ProductPlan.Work, of update: LowRankUpdate, _ inner: Matrix) {
        let segment = update.down.segments[work.segment]
        let factor = update.targets[work.segment].factor
        let end = min(
            work.column + work.panels.count * WeightMatrix.panelRows,
            segment.firstRow + segment.rows)
        for row in work.rows {
            let values = unsafe inner.row(row)
            for column in work.column..<end {
                unsafe values[column] *= factor
            }
        }
    }

    private func add(
        _ work: ProductPlan.Work, of target: LowRankUpdate.Target, _ inner: Matrix,
        to output: Matrix
    ) {
        let segment = target.up.segments[work.segment]
        let firstRow = work.panels.lowerBound * WeightMatrix.panelRows
        var product = unsafe berth_product(
            panels: target.up.panel(work.panels.lowerBound, of: segment),
            panel_count: work.panels.count,
            rows: min(work.panels.count * WeightMatrix.panelRows, segment.rows - firstRow),
            columns: target.up.columns, tokens: work.rows.count, blocks: nil,
            input: inner.row(work.rows.lowerBound) + target.place, input_stride: inner.stride,
            output: output.row(work.rows.lowerBound) + target.column + work.column,
            output_stride: output.stride)
        unsafe kernels.pointee.add_product(&product)
    }
}

/// The products of all parts as one region of work.
private struct UpdatePlans {
    struct Product {
        /// Index of the part, and of its target for B.
        let part: Int
        var target = 0
        let w: WeightMatrix
    }

    private let products: [Product]
    private let plans: [ProductPlan]
    let chunks: Int

    init(_ products: [Product], rows: (Int) -> Range<Int>, on compute: Compute) {
        self.products = products
        let tile = unsafe compute.kernels.pointee.tile
        let time = products.reduce(0) { sum, product in
            sum
                + ProductPlan.nanoseconds(
                    product.w, product.w.segments.indices, rows: rows(product.part).count)
        }
        let chunkTime = ProductPlan.chunkNanoseconds(of: time, threads: compute.threads)
        var plans: [ProductPlan] = []
        plans.reserveCapacity(products.count)
        var chunks = 0
        for product in products {
            let plan = ProductPlan(
                product.w, segments: product.w.segments.indices, rows: rows(product.part),
                tile: tile, chunkNanoseconds: chunkTime, firstChunk: chunks)
            plans.append(plan)
            chunks = plan.chunks.upperBound
        }
        self.plans = plans
        self.chunks = chunks
    }

    /// The product whose chunk this is.
    func product(of chunk: Int) -> (Product, ProductPlan) {
        var (low, high) = (0, plans.count)
        while high - low > 1 {
            let middle = (low + high) / 2
            if plans[middle].chunks.lowerBound <= chunk { low = middle } else { high = middle }
        }
        return (products[low], plans[low])
    }
}
