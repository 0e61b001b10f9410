import CKernels

/// Which sequence and position every row of a step belongs to, and where the sequences' pages are.
///
/// Made once a step and used by every layer.
@safe package struct AttentionBatch {
    /// Position of every row in its sequence.
    package let positions: [Int]
    /// Index into the pages, one a row.
    package let sequences: [Int]
    /// Pages of all sequences, one sequence after the other.
    private let pages: [UnsafeRawPointer]
    /// Where each sequence's pages start in `pages`.
    private let firstPages: [Int]
    /// Consecutive rows of one sequence at consecutive positions, at most `tileRows`; longest first.
    let tiles: [Tile]
    /// Whether no row attends to what another tile stores in the same step.
    let tilesAreApart: Bool
    private let plans = Plans()

    struct Tile {
        let sequence: Int
        let rows: Range<Int>
        /// Position of the first row.
        let position: Int
    }

    /// Rows that share a pass over keys and values.
    static let tileRows = 12

    /// - `pages`: base addresses of every sequence's pages in order, which stay valid as long as the batch
    ///   is used; enough for the positions.
    package init(positions: [Int], sequences: [Int], pages: [[UnsafeMutableRawPointer]]) {
        precondition(positions.count == sequences.count, "a sequence for every row")
        self.positions = positions
        self.sequences = sequences
        unsafe self.pages = unsafe pages.flatMap { list in
            unsafe list.map { UnsafeRawPointer($0) }
        }
        var firstPages: [Int] = []
        var count = 0
        for length in unsafe pages.map({ unsafe $0.count }) {
            firstPages.append(count)
            count += length
        }
        self.firstPages = firstPages

        let pagePositions = Int(BERTH_PAGE_POSITIONS)
        var tiles: [Tile] = []
        var row = 0
        while row < positions.count {
            let (sequence, position) = (sequences[row], positions[row])
            var end = row + 1
            while end < positions.count, end - row < Self.tileRows, sequences[end] == sequence,
                positions[end] == position + end - row
            {
                end += 1
            }
            precondition(
                unsafe position >= 0
                    && position + end - row <= pages[sequence].count * pagePositions,
                "a position without a page")
            tiles.append(Tile(sequence: sequence, rows: row..<end, position: position))
            row = end
        }
        self.tiles = tiles.sorted { $0.position > $1.position }
        tilesAreApart = Set(tiles.map(\.sequence)).count == tiles.count
    }

    /// The plan of a shape, made once.
    func plan(_ shape: AttentionPlan.Shape) -> AttentionPlan {
        if let plan = plans.made[shape] {
            return plan
        }
        let plan = AttentionPlan(tiles: tiles, shape: shape)
        plans.made[shape] = plan
        return plan
    }

    /// Layers may differ in their windows, so a step has a few plans.
    private final class Plans {
        var made: [AttentionPlan.Shape: AttentionPlan] = [:]
    }

    /// The page that holds a row's position.
    func page(ofRow row: Int) -> UnsafeMutableRawPointer {
        let index = firstPages[sequences[row]] + positions[row] / Int(BERTH_PAGE_POSITIONS)
        return unsafe UnsafeMutableRawPointer(mutating: pages[index])
    }

    /// Lends the pages of a sequence, from its first on.
    func withPages(of sequence: Int, _ body: (UnsafePointer<UnsafeRawPointer>) -> Void) {
        unsafe pages.withUnsafeBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return }
            unsafe body(base + firstPages[sequence])
        }
    }
}
