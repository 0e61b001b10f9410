/// Where a selection of the best elements ends, found without sorting.
///
/// Elements have a key (higher is better; of equal ones the earlier is better) and a mass that depends on the key. The
/// selection is the fewest of the best whose masses reach a target. A radix search finds its border: a histogram of
/// masses over the keys' highest bits, then over the next bits of those in the border's bin, then over the last.
/// Three passes whatever the numbers are, where sorting a flat vocabulary takes tens of milliseconds.
struct HeaviestFirst {
    /// The worst key selected.
    private var border: UInt32 = 0
    /// How many elements of that key are still to be selected.
    private var ties = 0

    /// Selects at least one element; needs one whose mass is above 0.
    init(_ keys: [UInt32], target: Double, mass: (UInt32) -> Double) {
        var above = 0.0
        for (shift, width) in [(20, 12), (10, 10), (0, 10)] as [(UInt32, UInt32)] {
            var bins = [Double](repeating: 0, count: 1 << Int(width))
            let mask = (UInt32(1) << width) - 1
            for key in keys {
                let bits = key >> shift
                if shift == 20 || bits >> width == border {
                    bins[Int(bits & mask)] += mass(key)
                }
            }
            // Rounding can put the target just past the sum of everything: then the last bin is it.
            var chosen = 0
            var sum = above
            for bin in bins.indices.reversed() where bins[bin] > 0 {
                chosen = bin
                above = sum
                sum += bins[bin]
                if sum >= target { break }
            }
            border = border << width | UInt32(chosen)
        }
        let wanted = ((target - above) / mass(border)).rounded(.up)
        ties = max(1, Int(min(wanted, Double(keys.count))))
    }

    /// Whether the next element, in the order of the keys, is selected.
    mutating func takes(_ key: UInt32) -> Bool {
        guard key <= border else { return true }
        guard key == border, ties > 0 else { return false }
        ties -= 1
        return true
    }
}

extension HeaviestFirst {
    /// The `count` highest.
    static func highest(_ count: Int, of keys: [UInt32]) -> HeaviestFirst {
        HeaviestFirst(keys, target: Double(count)) { _ in 1 }
    }

    /// The fewest weights that reach a sum; keys are the bit patterns of weights, none negative.
    static func covering(_ sum: Double, of keys: [UInt32]) -> HeaviestFirst {
        HeaviestFirst(keys, target: sum) { Double(Float(bitPattern: $0)) }
    }

    /// A key that orders floats; NaN comes last.
    static func key(_ value: Float) -> UInt32 {
        guard !value.isNaN else { return 0 }
        // -0 and 0 are equal.
        let bits = (value + 0).bitPattern
        return bits >> 31 == 0 ? bits | 1 << 31 : ~bits
    }
}
