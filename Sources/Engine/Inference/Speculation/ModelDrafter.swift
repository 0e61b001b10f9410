package import Architectures
import KVCaching
package import Tensors

/// Guesses with a smaller model of the same vocabulary: its likeliest tokens (Leviathan 2023; Chen 2023).
///
/// Pays where the small model is many times faster and often right. It keeps keys and values of its own for every text,
/// reads at most a step's rows of a new text between two steps of the large model, and proposes nothing for a text that it
/// has not read yet, or has no pages for.
package final class ModelDrafter: Drafter {
    private struct Reading {
        /// Tokens whose keys and values are in the pages.
        var tokens: [Int] = []
        var pages = SequencePages()
    }

    private let runner: ModelRunner
    private let rows: Int
    private var readings: [Int: Reading] = [:]

    /// - Throws: `KVCacheError` when the cache cannot be made.
    package init(model: DecoderModel, compute: Compute, rows: Int = 128, cacheBytes: Int) throws {
        self.rows = rows
        runner = try ModelRunner(
            model: model, compute: compute, rows: rows, outputRows: rows, cacheBytes: cacheBytes)
    }

    package func forget(_ id: Int) {
        guard var reading = readings.removeValue(forKey: id) else { return }
        reading.pages.release(to: runner.pool)
    }

    package func propose(_ texts: [DraftText]) -> [[Int]] {
        var drafts: [[Int]] = Array(repeating: [], count: texts.count)
        // The first step reads what is missing of every text; who was not read to the end is left for the next time.
        var asks = texts.indices.filter { texts[$0].most > 0 }
        var isFirst = true
        while !asks.isEmpty {
            let read = step(
                asks.map { (texts[$0].id, texts[$0].tokens + drafts[$0]) }, isFirst: isFirst)
            for (place, token) in read { drafts[asks[place]].append(token) }
            asks = read.map { asks[$0.place] }.filter { drafts[$0].count < texts[$0].most }
            isFirst = false
        }
        return drafts
    }

    /// Reads texts as far as a step's rows go.
    ///
    /// - Returns: for those that were read to their end, by their place, the likeliest next token.
    private func step(_ texts: [(id: Int, tokens: [Int])], isFirst: Bool) -> [(
        place: Int, token: Int
    )] {
        var spans: [ModelRunner.Span] = []
        var ends: [Int] = []
        var left = rows
        for (place, text) in texts.enumerated() where left > 0 {
            var reading = readings[text.id] ?? Reading()
            readings[text.id] = nil
            // What was drafted and not chosen is read over; the last token always is, for its logits.
            if isFirst { reading.tokens = common(reading.tokens, text.tokens) }
            let start = min(reading.tokens.count, text.tokens.count - 1)
            let count = min(left, text.tokens.count - start)
            if reading.pages.grow(to: start + count, from: runner.pool) {
                let isEnd = start + count == text.tokens.count
                let tokens = Array(text.tokens[start..<start + count])
                spans.append(
                    ModelRunner.Span(
                        tokens: tokens, start: start, pages: reading.pages.pages,
                        output: isEnd ? .last : .none))
                if isEnd { ends.append(place) }
                reading.tokens = Array(reading.tokens.prefix(start)) + tokens
                left -= count
            }
            readings[text.id] = reading
        }
        guard !spans.isEmpty else { return [] }
        runner.run(spans)
        return ends.enumerated().map { row, place in
            (place, runner.workspace.logits.withRow(row) { $0.likeliest })
        }
    }

    private func common(_ one: [Int], _ other: [Int]) -> [Int] {
        var count = 0
        while count < min(one.count, other.count), one[count] == other[count] { count += 1 }
        return Array(one.prefix(count))
    }
}

extension Span<Float> {
    /// The index of the largest number; the lowest of equal ones.
    fileprivate var likeliest: Int {
        var best = 0
        for index in indices where self[index] > self[best] { best = index }
        return best
    }
}
