import CKernels
import Foundation

// A mixture of experts (Shazeer 2017): every token goes through a few of many feed-forward layers.
extension Compute {
    /// Chooses the experts of every token: those with the largest logits, of equal ones the first.
    ///
    /// Weights are the softmax over all experts.
    ///
    /// - `normalizesWeights`: whether the weights of the chosen are scaled to the sum of 1.
    package func route(
        _ logits: Matrix, rows: Int, normalizesWeights: Bool, into routing: ExpertRouting
    ) {
        precondition(rows <= logits.rows && rows <= routing.capacity, "more rows than there are")
        precondition(logits.columns == routing.experts, "another number of experts")
        let used = routing.used
        inParallel(rows, cost: 2 * routing.experts + 50 * used) { range in
            for row in range {
                unsafe choose(
                    logits.row(row), count: routing.experts, normalizesWeights: normalizesWeights,
                    used: used, chosen: routing.chosen + row * used,
                    weights: routing.weights.row(row))
            }
        }
        routing.sort(rows: rows, tile: unsafe kernels.pointee.tile)
    }

    /// Copies quantized tokens to their places.
    ///
    /// - `quantized`: as filled by ``quantize(_:rows:into:)`` for the routed rows.
    package func gather(
        _ quantized: QuantizedRows, by routing: ExpertRouting, into output: QuantizedRows
    ) {
        let tile = unsafe kernels.pointee.tile
        let source = quantized.filled
        precondition(
            source == .init(rows: routing.rows, columns: source.columns, tile: tile),
            "the input is not quantized for this")
        output.prepare(routing.filling(columns: source.columns, tile: tile))
        let count = source.blocks
        inParallel(routing.tiles.count, cost: routing.placesInTile * count * 3) { range in
            for index in range {
                let places = routing.tiles[index]
                for place in places {
                    let token = unsafe Int(routing.tokenAtPlace[place])
                    let first = token / tile * tile
                    let step = min(tile, source.rows - first)
                    var from = unsafe quantized.blocks + first * count + (token - first)
                    var to =
                        unsafe output.blocks + places.lowerBound * count
                        + (place - places.lowerBound)
                    for _ in 0..<count {
                        unsafe to.pointee = from.pointee
                        unsafe from += step
                        unsafe to += places.count
                    }
                }
            }
        }
    }

    /// Copies tokens to their places.
    package func gather(_ x: Matrix, by routing: ExpertRouting, into output: Matrix) {
        precondition(routing.rows <= x.rows && routing.places <= output.rows, "too few rows")
        precondition(x.columns <= output.columns, "beyond the row")
        inParallel(routing.places, cost: x.columns / 8) { range in
            for place in range {
                let token = unsafe Int(routing.tokenAtPlace[place])
                unsafe output.row(place).update(from: x.row(token), count: x.columns)
            }
        }
    }

    /// At every place, the product with the weights of its expert:
    /// `output[place][j] = sum over k of w[expert][j][k] * x[place][k]`.
    ///
    /// All experts' products are one region of work; the order in which one output number is summed is the same
    /// however it is cut.
    ///
    /// - `w`: the experts' rows one after another, each expert's made of equally many parts.
    /// - `x`: a row a place, for float weights; the first `w.columns` numbers of a row are read.
    /// - `quantized`: the same as filled by ``gather(_:by:into:)`` or ``gate(_:width:by:into:)``; required when
    ///   `w.needsQuantizedInput`.
    package func multiply(
        _ w: WeightMatrix, _ x: Matrix, quantized: QuantizedRows?, by routing: ExpertRouting,
        into output: Matrix
    ) {
        precondition(routing.places <= output.rows, "too few rows")
        precondition(
            w.rows.isMultiple(of: routing.experts)
                && w.segments.count.isMultiple(of: routing.experts), "another number of experts")
        precondition(w.rows / routing.experts <= output.columns, "beyond the output row")
        precondition(
            !w.needsFloatInput || (x.columns >= w.columns && routing.places <= x.rows),
            "input rows are too few or too short")
        let tile = unsafe kernels.pointee.tile
        if w.needsQuantizedInput {
            let wanted = routing.filling(columns: w.columns, tile: tile)
            precondition(quantized?.filled == wanted, "the input is not quantized for this")
        }
        let chunks = plan(w, by: routing, tile: tile)
        unsafe routing.plans.withUnsafeBufferPointer { plans in
            team.run(chunks: chunks) { chunk in
                let plan = unsafe plans[Self.plan(of: chunk, plans)]
                multiply(plan.work(chunk, of: w), of: w, x, quantized: quantized, into: output)
            }
        }
    }

    /// Cuts the products of all groups, and says into how many chunks.
    private func plan(_ w: WeightMatrix, by routing: ExpertRouting, tile: Int) -> Int {
        let parts = w.segments.count / routing.experts
        let time = routing.groups.reduce(0) { sum, group in
            let segments = group.expert * parts..<(group.expert + 1) * parts
            return sum + ProductPlan.nanoseconds(w, segments, rows: group.places.count)
        }
        let chunkTime = ProductPlan.chunkNanoseconds(of: time, threads: threads)
        routing.plans.removeAll(keepingCapacity: true)
        var chunks = 0
        for group in routing.groups {
            let plan = ProductPlan(
                w, segments: group.expert * parts..<(group.expert + 1) * parts, rows: group.places,
                tile: tile, chunkNanoseconds: chunkTime, firstChunk: chunks)
            routing.plans.append(plan)
            chunks = plan.chunks.upperBound
        }
        return chunks
    }

    /// The last plan that begins at a chunk or before it.
    private static func plan(of chunk: Int, _ plans: UnsafeBufferPointer<ProductPlan>) -> Int {
        var (low, high) = (0, plans.count)
        while high - low > 1 {
            let middle = (low + high) / 2
            if unsafe plans[middle].chunks.lowerBound <= chunk {
                low = middle
            } else {
                high = middle
            }
        }
        return low
    }

    /// SwiGLU's gate at every place, into the first half of its row; then quantized.
    ///
    /// - `width`: length of a half.
    /// - `quantized`: `nil` leaves the result as it is.
    package func gate(
        _ gateUp: Matrix, width: Int, by routing: ExpertRouting, into quantized: QuantizedRows?
    ) {
        precondition(routing.places <= gateUp.rows, "more rows than there are")
        precondition(2 * width <= gateUp.columns, "beyond the row")
        let tile = unsafe kernels.pointee.tile
        quantized?.prepare(routing.filling(columns: width, tile: tile))
        let count = quantized?.filled.blocks ?? 0
        let (gate, quantize) = unsafe (kernels.pointee.gate, kernels.pointee.quantize)
        inParallel(routing.tiles.count, cost: routing.placesInTile * width) { range in
            for index in range {
                let places = routing.tiles[index]
                for place in places {
                    let row = unsafe gateUp.row(place)
                    unsafe gate(row, row + width, width, row)
                    guard let quantized else { continue }
                    let target =
                        unsafe quantized.blocks + places.lowerBound * count
                        + (place - places.lowerBound)
                    unsafe quantize(row, width, target, places.count)
                }
            }
        }
    }

    /// Adds to every token what its experts made of it, times their weights, the heaviest first.
    package func addExperts(_ x: Matrix, by routing: ExpertRouting, to sum: Matrix) {
        precondition(routing.places <= x.rows && routing.rows <= sum.rows, "too few rows")
        precondition(sum.columns <= x.columns, "lengths differ")
        let addScaled = unsafe kernels.pointee.add_scaled
        let used = routing.used
        inParallel(routing.rows, cost: used * sum.columns / 8) { range in
            for token in range {
                let weights = unsafe routing.weights.row(token)
                for rank in 0..<used {
                    let place = unsafe Int(routing.placeOfChoice[token * used + rank])
                    unsafe addScaled(x.row(place), weights[rank], sum.columns, sum.row(token))
                }
            }
        }
    }
}

extension ExpertRouting {
    /// What rows quantized at their places are filled with.
    func filling(columns: Int, tile: Int) -> QuantizedRows.Filling {
        QuantizedRows.Filling(rows: places, columns: columns, tile: tile, isByExpert: true)
    }
}

/// The choice of one token's experts and their weights.
private func choose(
    _ logits: UnsafePointer<Float>, count: Int, normalizesWeights: Bool, used: Int,
    chosen: UnsafeMutablePointer<Int32>, weights: UnsafeMutablePointer<Float>
) {
    // Kept sorted while it grows; few logits are among the largest seen so far.
    var filled = 0
    for expert in 0..<count {
        // What is no number is chosen, so that it shows in the result.
        let logit = unsafe logits[expert].isNaN ? .infinity : logits[expert]
        guard unsafe filled < used || logit > weights[used - 1] else { continue }
        var rank = filled < used ? filled : used - 1
        while rank > 0, unsafe logit > weights[rank - 1] {
            unsafe weights[rank] = weights[rank - 1]
            unsafe chosen[rank] = chosen[rank - 1]
            rank -= 1
        }
        unsafe weights[rank] = logit
        unsafe chosen[rank] = Int32(expert)
        filled = min(filled + 1, used)
    }
    let largest = unsafe weights[0]
    func power(_ logit: Float) -> Double {
        exp(Double(logit - largest))
    }
    // Weights that are normalized need no sum over the others.
    let sum =
        normalizesWeights
        ? (0..<used).reduce(0) { unsafe $0 + power(weights[$1]) }
        : (0..<count).reduce(0) { unsafe $0 + power(logits[$1]) }
    for rank in 0..<used {
        unsafe weights[rank] = Float(power(weights[rank]) / sum)
    }
}
