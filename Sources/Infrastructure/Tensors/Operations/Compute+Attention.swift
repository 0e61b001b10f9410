import CKernels

extension Compute {
    /// Stores every row's keys and values of one layer in its sequence's page, and computes causal attention of
    /// its queries with the positions up to its own, by online softmax over runs of pages.
    ///
    /// Queries and keys are normalized and turned first, in place, as `projected` says. Numbers beyond the range of
    /// the cache's elements become its largest finite ones. Query heads share key/value heads in groups (Ainslie et
    /// al. 2023). Needs the keys and values of all earlier positions that are seen stored. Each run's part is
    /// computed by itself and joined in order; pages wholly outside the window cost nothing.
    ///
    /// - `window`: how many positions a row sees, its own included (Beltagy 2020); `nil` for all.
    /// - `scale`: what scores are multiplied by.
    /// - `output`: receives head after head, from column 0 on.
    package func attend(
        _ projected: ProjectedHeads, layer: Int, batch: AttentionBatch, layout: KVPageLayout,
        window: Int? = nil, scale: Float, into output: Matrix
    ) {
        let rows = batch.positions.count
        projected.check(rows: rows, layout: layout)
        precondition(rows <= output.rows, "more rows than there are")
        precondition(
            projected.heads * layout.headDimension <= output.columns, "beyond the output row")
        precondition(layer >= 0 && layer < layout.layers, "no such layer")
        precondition(window ?? 1 >= 1, "a window without the row's own position")
        let work = LayerAttention(
            compute: self, projected: projected, layer: layer, batch: batch, layout: layout,
            window: window ?? Int.max, scale: scale, output: output)
        let plan = batch.plan(
            .init(window: work.window, kvHeads: layout.heads, threads: threads))
        if batch.tilesAreApart, plan.splits.isEmpty {
            team.run(chunks: batch.tiles.count * layout.heads) { chunk, worker in
                let tile = batch.tiles[chunk / layout.heads]
                work.prepare(rows: tile.rows, head: chunk % layout.heads)
                work.attend(tile, head: chunk % layout.heads, worker: worker)
            }
            return
        }
        inParallel(rows, cost: 2 * (projected.heads + layout.heads) * layout.headDimension) {
            for head in 0..<layout.heads {
                work.prepare(rows: $0, head: head)
            }
        }
        let partialFloats = work.partialFloats(rows: 1)
        let partials = unsafe sharedScratch(
            floats: plan.partialRows * layout.heads * partialFloats)
        // Where a split tile's partial results of one head begin.
        func place(_ split: AttentionPlan.Split, head: Int) -> UnsafeMutablePointer<Float> {
            let rows = batch.tiles[split.tile].rows.count * split.runs.count
            return unsafe partials + (split.offset * layout.heads + rows * head) * partialFloats
        }
        team.run(chunks: plan.pieces.count * layout.heads) { chunk, worker in
            let piece = plan.pieces[chunk / layout.heads]
            let head = chunk % layout.heads
            let tile = batch.tiles[piece.tile]
            guard let part = piece.part else {
                work.attend(tile, head: head, worker: worker)
                return
            }
            let skipped = (part.runs.lowerBound - part.firstRun) * tile.rows.count
            unsafe work.attend(
                tile, head: head, worker: worker, runs: part.runs,
                partials: place(plan.splits[part.split], head: head) + skipped * partialFloats)
        }
        let joins = plan.splits.count * layout.heads
        let joinCost = joins == 0 ? 0 : plan.partialRows / plan.splits.count * partialFloats / 8
        inParallel(joins, cost: joinCost) { range in
            for index in range {
                let split = plan.splits[index / layout.heads]
                unsafe work.join(
                    batch.tiles[split.tile], head: index % layout.heads, runs: split.runs,
                    partials: place(split, head: index % layout.heads))
            }
        }
    }
}

/// The attention of one layer in one step.
private struct LayerAttention {
    let compute: Compute
    let projected: ProjectedHeads
    let layer: Int
    let batch: AttentionBatch
    let layout: KVPageLayout
    let window: Int
    let scale: Float
    let output: Matrix

    private var group: Int {
        projected.heads / layout.heads
    }

    private var dimension: Int {
        layout.headDimension
    }

    private var kernels: berth_attention_kernels {
        unsafe compute.kernels.pointee.attention
    }

    /// Normalizes and turns the queries and the key of one key/value head, and stores its key and value.
    func prepare(rows: Range<Int>, head: Int) {
        for row in rows {
            let key = unsafe projected.keys.row(row) + projected.keyColumn + head * dimension
            let value = unsafe projected.values.row(row) + projected.valueColumn + head * dimension
            let page = unsafe batch.page(ofRow: row).assumingMemoryBound(to: UInt8.self)
            var place = unsafe berth_cache_place(
                type: layout.elements.code,
                keys: page + layout.keyOffset(layer: layer, head: head),
                values: page + layout.valueOffset(layer: layer, head: head),
                dimension: dimension, value_dimension: dimension,
                place: batch.positions[row] % layout.positions)
            unsafe berth_await_place(&place)
            let queries = unsafe projected.queries.row(row) + projected.queryColumn
            for query in head * group..<(head + 1) * group {
                unsafe normalizeAndTurn(queries + query * dimension, row: row, isKey: false)
            }
            unsafe normalizeAndTurn(key, row: row, isKey: true)
            unsafe kernels.store(&place, key, value)
        }
    }

    private func normalizeAndTurn(_ head: UnsafeMutablePointer<Float>, row: Int, isKey: Bool) {
        if let norms = projected.norms {
            unsafe compute.kernels.pointee.normalize(
                head, norms.weights.row(isKey ? 1 : 0), norms.epsilon, dimension, head)
        }
        if let rotation = projected.rotation {
            var turn = unsafe berth_rotation(
                cosines: rotation.angles.cosines.row(row), sines: rotation.angles.sines.row(row),
                pairs: rotation.angles.pairs, adjacent: rotation.pairing == .adjacent)
            unsafe compute.kernels.pointee.rotate(&turn, head)
        }
    }

    /// Attention of a tile with one head, finished.
    func attend(_ tile: AttentionBatch.Tile, head: Int, worker: Int) {
        unsafe attend(tile, head: head, worker: worker, runs: 0..<0, partials: nil)
    }

    /// Attention with some runs, which leaves partial results.
    func attend(
        _ tile: AttentionBatch.Tile, head: Int, worker: Int, runs: Range<Int>,
        partials: UnsafeMutablePointer<Float>?
    ) {
        let floats = berth_attention_scratch(
            AttentionBatch.tileRows * group, dimension, dimension)
        let scratch = unsafe compute.scratch(of: worker, floats: floats)
        unsafe withWork(tile, head: head, scratch: scratch, runs: runs, partials: partials) {
            work in
            unsafe kernels.attend(&work)
        }
    }

    /// Joins the partial results of all runs.
    func join(
        _ tile: AttentionBatch.Tile, head: Int, runs: Range<Int>,
        partials: UnsafeMutablePointer<Float>
    ) {
        // Joining needs no scratch memory, so that any member may do it.
        unsafe withWork(tile, head: head, scratch: partials, runs: runs, partials: partials) {
            work in
            unsafe kernels.join(&work)
        }
    }

    /// Floats of the partial results of some rows with one head and run.
    func partialFloats(rows: Int) -> Int {
        berth_partial_floats(rows * group, dimension)
    }

    private func withWork(
        _ tile: AttentionBatch.Tile, head: Int, scratch: UnsafeMutablePointer<Float>,
        runs: Range<Int>, partials: UnsafeMutablePointer<Float>?,
        _ body: (inout berth_attention) -> Void
    ) {
        let row = tile.rows.lowerBound
        let offset = head * group * dimension
        unsafe batch.withPages(of: tile.sequence) { pages in
            var work = unsafe berth_attention(
                type: layout.elements.code,
                pages: pages,
                key_offset: layout.keyOffset(layer: layer, head: head),
                value_offset: layout.valueOffset(layer: layer, head: head),
                dimension: dimension,
                value_dimension: dimension,
                rows: tile.rows.count,
                position: tile.position,
                heads: group,
                window: window,
                queries: projected.queries.row(row) + projected.queryColumn + offset,
                query_stride: projected.queries.stride,
                scale: scale,
                output: output.row(row) + offset,
                output_stride: output.stride,
                scratch: scratch,
                partials: partials,
                first_run: runs.lowerBound,
                end_run: runs.upperBound)
            unsafe body(&work)
        }
    }
}
