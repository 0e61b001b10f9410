/// Passes over a whole vocabulary, sixteen numbers at a time; the only file here with pointers.
///
/// Sums and exponentials are spelled out in IEEE additions and multiplications, in an order that no optimizer may
/// change: every platform gives the same bits, so a seed gives the same text everywhere.
enum VectorPasses {
    /// Numbers that share a maximum or a sum.
    static let blockLength = 256

    private typealias Lanes = SIMD16<Float>

    /// Below this, a weight is lost in the rounding of any sum: e^-45 is 3e-20.
    private static let negligible: Float = -45

    static func copy(_ values: Span<Float>, into copy: inout [Float]) {
        copy.removeAll(keepingCapacity: true)
        unsafe values.withUnsafeBufferPointer { unsafe copy.append(contentsOf: $0) }
    }

    /// The largest number of every block of ``blockLength``; NaN counts as minus infinity.
    static func blockMaxima(of values: Span<Float>, into maxima: inout [Float]) {
        maxima.removeAll(keepingCapacity: true)
        unsafe values.withUnsafeBufferPointer { values in
            var start = 0
            while start < values.count {
                let end = min(start + blockLength, values.count)
                var lanes = Lanes(repeating: -.infinity)
                var index = start
                while index + 16 <= end {
                    let next = unsafe load(values, index)
                    lanes.replace(with: next, where: next .> lanes)
                    index += 16
                }
                var largest = lanes.max()
                while index < end {
                    if unsafe values[index] > largest { largest = unsafe values[index] }
                    index += 1
                }
                maxima.append(largest)
                start = end
            }
        }
    }

    /// Probabilities relative to the likeliest: `exp((value - largest) * scale)`; 0 for NaN and what is negligible.
    static func weights(
        of values: Span<Float>, largest: Float, scale: Float, into weights: inout [Float]
    ) {
        if weights.count != values.count {
            weights = [Float](repeating: 0, count: values.count)
        }
        unsafe values.withUnsafeBufferPointer { values in
            unsafe weights.withUnsafeMutableBufferPointer { weights in
                var index = 0
                while index + 16 <= values.count {
                    let gap = (unsafe load(values, index) - largest) * scale
                    unsafe store(exponential(gap), weights, index)
                    index += 16
                }
                while index < values.count {
                    let gap = (unsafe values[index] - largest) * scale
                    unsafe weights[index] = exponential(Lanes(repeating: gap))[0]
                    index += 1
                }
            }
        }
    }

    /// The sum of every block of ``blockLength`` weights.
    static func blockSums(of weights: [Float], into sums: inout [Double]) {
        sums.removeAll(keepingCapacity: true)
        unsafe weights.withUnsafeBufferPointer { weights in
            var start = 0
            while start < weights.count {
                let end = min(start + blockLength, weights.count)
                var lanes = Lanes.zero
                var index = start
                while index + 16 <= end {
                    lanes += unsafe load(weights, index)
                    index += 16
                }
                var sum = 0.0
                for lane in 0..<16 { sum += Double(lanes[lane]) }
                while index < end {
                    sum += Double(unsafe weights[index])
                    index += 1
                }
                sums.append(sum)
                start = end
            }
        }
    }

    /// The indices of numbers that are at least `floor`, in rising order.
    static func indices(of values: Span<Float>, atLeast floor: Float, into indices: inout [Int]) {
        indices.removeAll(keepingCapacity: true)
        unsafe values.withUnsafeBufferPointer { values in
            var start = 0
            while start < values.count {
                let end = min(start + 16, values.count)
                if unsafe end - start < 16 || any(load(values, start) .>= floor) {
                    for index in start..<end where unsafe values[index] >= floor {
                        indices.append(index)
                    }
                }
                start = end
            }
        }
    }

    /// Makes every weight below `floor` zero.
    static func zero(_ weights: inout [Float], below floor: Float) {
        unsafe weights.withUnsafeMutableBufferPointer { weights in
            var index = 0
            while index + 16 <= weights.count {
                var lanes = unsafe load(UnsafeBufferPointer(weights), index)
                lanes.replace(with: 0, where: lanes .< floor)
                unsafe store(lanes, weights, index)
                index += 16
            }
            while index < weights.count {
                if unsafe weights[index] < floor { unsafe weights[index] = 0 }
                index += 1
            }
        }
    }

    /// e to the power of numbers that are at most 0, to about one part in 10 million.
    ///
    /// The power is split into 2^n (put together from bits) and e^r with |r| <= ln(2)/2 (a Taylor series).
    private static func exponential(_ power: Lanes) -> Lanes {
        // Adding 1.5 * 2^23 rounds to an integer, which then stands in the lowest bits.
        let rounder: Float = 0x1.8p23
        let rounded = power * 1.442_695_04 + rounder
        let whole = rounded - rounder
        // ln(2) in two parts: the first has few bits, so that its multiples are exact.
        let rest = (power - whole * 0.693_359_375) - whole * -2.121_944_4e-4
        var series = Lanes(repeating: 1 / 5_040)
        series = series * rest + 1 / 720
        series = series * rest + 1 / 120
        series = series * rest + 1 / 24
        series = series * rest + 1 / 6
        series = series * rest + 0.5
        series = series * rest + 1
        series = series * rest + 1
        let bits = unsafe unsafeBitCast(rounded, to: SIMD16<UInt32>.self)
        let scale = unsafe unsafeBitCast((bits &+ 127) &<< 23, to: Lanes.self)
        return Lanes.zero.replacing(with: series * scale, where: power .> negligible)
    }

    private static func load(_ values: UnsafeBufferPointer<Float>, _ index: Int) -> Lanes {
        unsafe UnsafeRawBufferPointer(values).loadUnaligned(
            fromByteOffset: index * MemoryLayout<Float>.stride, as: Lanes.self)
    }

    private static func store(
        _ lanes: Lanes, _ values: UnsafeMutableBufferPointer<Float>, _ index: Int
    ) {
        unsafe UnsafeMutableRawBufferPointer(values).storeBytes(
            of: lanes, toByteOffset: index * MemoryLayout<Float>.stride, as: Lanes.self)
    }
}
