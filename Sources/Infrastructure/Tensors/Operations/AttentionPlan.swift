import CKernels

/// How the attention of one layer is cut into pieces of work: tiles of rows, long ones also into runs of pages.
///
/// Runs begin at fixed positions and their results are joined in order, so that the plan changes no bit.
struct AttentionPlan {
    struct Piece {
        let tile: Int
        /// Runs that are computed by themselves; `nil`: all that the tile sees, at once.
        let part: Part?
    }

    struct Part {
        let runs: Range<Int>
        /// Run of the tile whose partial result comes first.
        let firstRun: Int
        /// Which of the plan's split tiles this is a part of.
        let split: Int
    }

    /// A tile whose runs are computed apart.
    struct Split {
        let tile: Int
        let runs: Range<Int>
        /// Rows times runs of the split tiles before.
        let offset: Int
    }

    /// What a plan depends on besides the tiles.
    struct Shape: Hashable {
        let window: Int
        let kvHeads: Int
        let threads: Int
    }

    private(set) var pieces: [Piece] = []
    private(set) var splits: [Split] = []
    /// Rows times runs of all split tiles.
    private(set) var partialRows = 0

    /// Positions of a run.
    private static let runPositions = Int(BERTH_RUN_PAGES) * Int(BERTH_PAGE_POSITIONS)
    /// Pieces that one thread should find, so that none waits long for the last.
    private static let piecesPerThread = 4

    init(tiles: [AttentionBatch.Tile], shape: Shape) {
        let runs = tiles.map { tile in
            let first = tile.position >= shape.window ? tile.position + 1 - shape.window : 0
            let last = tile.position + tile.rows.count - 1
            return first / Self.runPositions..<last / Self.runPositions + 1
        }
        let cost = zip(tiles, runs).reduce(0) { $0 + $1.0.rows.count * $1.1.count }
        let pieceCount = shape.threads > 1 ? Self.piecesPerThread * shape.threads : 1
        // Every piece is done once for each head.
        let most = max(1, cost * shape.kvHeads / pieceCount)
        for (index, tile) in tiles.enumerated() {
            let (runs, rows) = (runs[index], tile.rows.count)
            let count = min(runs.count, (runs.count * rows + most - 1) / most)
            guard count > 1 else {
                pieces.append(Piece(tile: index, part: nil))
                continue
            }
            for part in 0..<count {
                let range =
                    runs.lowerBound + part * runs.count / count..<runs.lowerBound + (part + 1)
                    * runs.count / count
                pieces.append(
                    Piece(
                        tile: index,
                        part: Part(runs: range, firstRun: runs.lowerBound, split: splits.count)))
            }
            splits.append(Split(tile: index, runs: runs, offset: partialRows))
            partialRows += rows * runs.count
        }
    }
}
