import CKernels

extension Compute {
    /// Writes every row's keys and values of one layer to its place in its sequence's page, as float16.
    ///
    /// Numbers beyond float16's range become its largest finite ones.
    ///
    /// - `keyColumn`: where the first head's key starts in a row of `keys`; heads follow each other.
    /// - `valueColumn`: likewise in `values`, which may be the same matrix.
    package func store(
        keys: Matrix, keyColumn: Int, values: Matrix, valueColumn: Int, layer: Int,
        batch: AttentionBatch, layout: KVPageLayout
    ) {
        let rows = batch.positions.count
        let dimension = layout.headDimension
        let width = layout.heads * dimension
        precondition(rows <= keys.rows && rows <= values.rows, "more rows than there are")
        precondition(keyColumn >= 0 && keyColumn + width <= keys.columns, "beyond the row")
        precondition(valueColumn >= 0 && valueColumn + width <= values.columns, "beyond the row")
        precondition(layer >= 0 && layer < layout.layers, "no such layer")
        let narrow = unsafe kernels.pointee.narrow
        inParallel(rows, cost: width) { range in
            for row in range {
                let page = unsafe batch.page(ofRow: row)
                let place = batch.positions[row] % layout.positions
                for head in 0..<layout.heads {
                    let key = unsafe keys.row(row) + keyColumn + head * dimension
                    let value = unsafe values.row(row) + valueColumn + head * dimension
                    let keyTarget = unsafe (page + layout.keyOffset(layer: layer, head: head))
                        .assumingMemoryBound(to: UInt16.self)
                    let valueTarget = unsafe (page + layout.valueOffset(layer: layer, head: head))
                        .assumingMemoryBound(to: UInt16.self)
                    unsafe narrow(key, dimension, keyTarget + place, layout.positions)
                    unsafe narrow(value, dimension, valueTarget + place * layout.valueStride, 1)
                }
            }
        }
    }

    /// Causal attention of every row's queries with the positions up to its own, by online softmax over pages.
    ///
    /// Query heads share key/value heads in groups (Ainslie et al. 2023). Needs the keys and values of all
    /// positions that are seen stored. Each page's part is computed by itself and joined in page order; pages
    /// wholly outside the window cost nothing.
    ///
    /// - `column`: where the first head's query starts in a row of `queries`.
    /// - `heads`: query heads, a multiple of `layout.heads`.
    /// - `window`: how many positions a row sees, its own included (Beltagy 2020); `nil` for all.
    /// - `scale`: what scores are multiplied by.
    /// - `output`: receives head after head, from column 0 on.
    package func attend(
        queries: Matrix, column: Int, heads: Int, layer: Int, batch: AttentionBatch,
        layout: KVPageLayout, window: Int? = nil, scale: Float, into output: Matrix
    ) {
        let rows = batch.positions.count
        let dimension = layout.headDimension
        precondition(rows <= queries.rows && rows <= output.rows, "more rows than there are")
        precondition(column >= 0 && column + heads * dimension <= queries.columns, "beyond the row")
        precondition(heads * dimension <= output.columns, "beyond the output row")
        precondition(heads > 0 && heads.isMultiple(of: layout.heads), "heads that share no keys")
        precondition(layer >= 0 && layer < layout.layers, "no such layer")
        precondition(window ?? 1 >= 1, "a window without the row's own position")
        let group = heads / layout.heads
        let scratchFloats = berth_attention_scratch(
            AttentionBatch.tileRows * group, dimension, layout.valueStride)
        let attend = unsafe kernels.pointee.attend
        team.run(chunks: batch.tiles.count * layout.heads) { chunk, worker in
            let tile = batch.tiles[chunk / layout.heads]
            let head = chunk % layout.heads
            let firstRow = tile.rows.lowerBound
            let offset = head * group * dimension
            unsafe batch.withPages(of: tile.sequence) { pages in
                var work = unsafe berth_attention(
                    pages: pages,
                    key_offset: layout.keyOffset(layer: layer, head: head),
                    value_offset: layout.valueOffset(layer: layer, head: head),
                    dimension: dimension,
                    value_dimension: dimension,
                    value_stride: layout.valueStride,
                    rows: tile.rows.count,
                    position: tile.position,
                    heads: group,
                    window: window ?? Int.max,
                    queries: queries.row(firstRow) + column + offset,
                    query_stride: queries.stride,
                    scale: scale,
                    output: output.row(firstRow) + offset,
                    output_stride: output.stride,
                    scratch: scratch(of: worker, floats: scratchFloats))
                unsafe attend(&work)
            }
        }
    }
}
