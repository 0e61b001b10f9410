import Architectures
import Tensors

/// Adapters whose factors are random: as much work as trained ones.
struct RandomAdapters {
    let rank: Int

    /// One that changes every tensor of the layers.
    func make(_ index: Int, for configuration: ModelConfiguration, on compute: Compute) -> Adapter {
        // Marsaglia's xorshift64; `Float.random` would take longer than the packing.
        var state = UInt64(index + 1) &* 0x9E37_79B9_7F4A_7C15 | 1
        func numbers(_ count: Int) -> [Float] {
            (0..<count).map { _ in
                state ^= state << 13
                state ^= state >> 7
                state ^= state << 17
                return Float(Int32(truncatingIfNeeded: state)) / Float(Int32.max) / 64
            }
        }
        let layers = AdaptedTensor.all(of: configuration).filter { $0.name.hasPrefix("blk.") }
        return Adapter(
            layers.map { tensor in
                Adapter.Factors(
                    name: tensor.name, a: numbers(rank * tensor.columns),
                    b: numbers(tensor.rows * rank), rank: rank, scale: 1)
            }, of: configuration, on: compute)
    }
}
