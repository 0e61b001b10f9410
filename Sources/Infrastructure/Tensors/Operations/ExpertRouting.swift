import CKernels

/// Which experts every token of a step goes to, with which weights, and the order in which the experts take
/// the tokens.
///
/// A token at one of its experts has a PLACE: places are sorted by expert, and by token within an expert, so that
/// every expert makes one product over consecutive rows. Filled by
/// ``Compute/route(_:rows:normalizesWeights:into:)``; allocates nothing afterwards.
@safe package final class ExpertRouting: @unchecked Sendable {
    /// Most tokens of a step.
    package let capacity: Int
    package let experts: Int
    /// Experts that a token goes to.
    package let used: Int
    /// Tokens that were routed last.
    package private(set) var rows = 0
    /// `[token][rank]`: what the expert's result counts, the heaviest first.
    let weights: Matrix
    /// The experts that have tokens, in order.
    private(set) var groups: [Group] = []
    /// Runs of places of one expert that products take at once.
    private(set) var tiles: [Range<Int>] = []
    /// How the product at hand is cut, a plan a group.
    var plans: [ProductPlan] = []
    /// `[token][rank]`: the experts, then their places; and the token of every place.
    private let indices: AlignedBuffer

    struct Group {
        let expert: Int
        let places: Range<Int>
    }

    package var places: Int {
        rows * used
    }

    /// On average, rounded up.
    var placesInTile: Int {
        (places + tiles.count - 1) / max(1, tiles.count)
    }

    package init(capacity: Int, experts: Int, used: Int) {
        precondition(capacity >= 0 && used >= 1 && used <= experts, "more experts than there are")
        self.capacity = capacity
        self.experts = experts
        self.used = used
        weights = Matrix(rows: capacity, columns: used)
        indices = AlignedBuffer(byteCount: 3 * capacity * used * MemoryLayout<Int32>.stride)
        groups.reserveCapacity(min(experts, capacity * used))
        plans.reserveCapacity(groups.capacity)
        tiles.reserveCapacity(groups.capacity + capacity * used)
        ends = Array(repeating: 0, count: experts)
    }

    /// `[token][rank]`.
    var chosen: UnsafeMutablePointer<Int32> {
        unsafe indices.base.assumingMemoryBound(to: Int32.self)
    }

    /// `[token][rank]`.
    var placeOfChoice: UnsafeMutablePointer<Int32> {
        unsafe chosen + capacity * used
    }

    var tokenAtPlace: UnsafeMutablePointer<Int32> {
        unsafe chosen + 2 * capacity * used
    }

    /// Where the next token of each expert goes.
    private var ends: [Int]

    /// Gives the first `rows` tokens' choices their places, and cuts the places into tiles.
    func sort(rows: Int, tile: Int) {
        self.rows = rows
        for expert in 0..<experts {
            ends[expert] = 0
        }
        for choice in 0..<places {
            ends[unsafe Int(chosen[choice])] += 1
        }
        groups.removeAll(keepingCapacity: true)
        tiles.removeAll(keepingCapacity: true)
        var start = 0
        for expert in 0..<experts where ends[expert] > 0 {
            let places = start..<start + ends[expert]
            groups.append(Group(expert: expert, places: places))
            for first in stride(from: start, to: places.upperBound, by: tile) {
                tiles.append(first..<min(first + tile, places.upperBound))
            }
            ends[expert] = start
            start = places.upperBound
        }
        for token in 0..<rows {
            for choice in token * used..<(token + 1) * used {
                let expert = unsafe Int(chosen[choice])
                unsafe placeOfChoice[choice] = Int32(ends[expert])
                unsafe tokenAtPlace[ends[expert]] = Int32(token)
                ends[expert] += 1
            }
        }
    }
}
