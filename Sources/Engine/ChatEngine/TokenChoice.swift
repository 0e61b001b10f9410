import Sampling

/// One of several texts, as tokens: a pure state machine that knows which tokens can come next.
struct TokenChoice: Sendable {
    private var options: [(index: Int, rest: ArraySlice<Int>)]

    /// The sequences must not be empty.
    init(_ sequences: [[Int]]) {
        options = sequences.enumerated().map { (index: $0.offset, rest: $0.element[...]) }
    }

    /// The tokens that may come next.
    var next: Set<Int> {
        Set(options.compactMap(\.rest.first))
    }

    /// The tokens that come next in every sequence that is left.
    var certain: [Int] {
        var certain: [Int] = []
        guard let first = options.first?.rest else { return [] }
        for (offset, token) in first.enumerated() {
            let isShared = options.allSatisfy { option in
                let index = option.rest.startIndex + offset
                return index < option.rest.endIndex && option.rest[index] == token
            }
            guard isShared else { break }
            certain.append(token)
        }
        return certain
    }

    /// Takes a token.
    ///
    /// - Returns: the index of the sequence that is complete with it.
    mutating func accept(_ token: Int) -> Int? {
        options = options.filter { $0.rest.first == token }.map { ($0.index, $0.rest.dropFirst()) }
        return options.first { $0.rest.isEmpty }?.index
    }
}
