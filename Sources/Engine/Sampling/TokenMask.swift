/// A set of token ids: one bit for each token of a vocabulary.
package struct TokenMask: Sendable, Equatable {
    /// Bit `i % 64` of word `i / 64` is token `i`; bits past the vocabulary are 0.
    package var words: [UInt64]
    /// Tokens of the vocabulary.
    package let vocabulary: Int

    /// A set of no token.
    package init(vocabulary: Int) {
        self.vocabulary = vocabulary
        words = Array(repeating: 0, count: (vocabulary + 63) / 64)
    }

    /// False for what is no token of the vocabulary.
    @inlinable
    package func contains(_ token: Int) -> Bool {
        token >= 0 && token < vocabulary && words[token >> 6] >> UInt64(token & 63) & 1 == 1
    }

    // A grammar's mask takes in a hundred thousand tokens one by one.
    @inlinable
    package mutating func insert(_ token: Int) {
        words[token >> 6] |= 1 << UInt64(token & 63)
    }

    package mutating func remove(_ token: Int) {
        words[token >> 6] &= ~(1 << UInt64(token & 63))
    }

    package mutating func formUnion(_ other: TokenMask) {
        for index in words.indices { words[index] |= other.words[index] }
    }

    package var isEmpty: Bool {
        words.allSatisfy { $0 == 0 }
    }

    /// The tokens in rising order.
    package var members: [Int] {
        (0..<vocabulary).filter(contains)
    }
}

/// What the tokens of one answer must obey beyond their probabilities: a grammar, a thought's budget.
///
/// A state machine that the decoding thread asks before and after every token, so each call should take microseconds.
package protocol TokenConstraint: Sendable {
    /// The tokens that may come next, of an answer that may have `remaining` more; `nil` admits all, an empty set ends
    /// the answer.
    mutating func admitted(remaining: Int) -> TokenMask?

    /// Tells which token came next: chosen by the model, or one of ``takeForced(remaining:)``.
    mutating func accept(_ token: Int)

    /// The tokens that must come next whatever the model says, and that no model need be asked for; often none.
    ///
    /// The caller appends them and calls ``accept(_:)`` for each.
    mutating func takeForced(remaining: Int) -> [Int]

    /// Why the answer cannot go on, where the last set of admitted tokens was empty because it cannot; `nil` where it
    /// is complete.
    var failure: String? { get }
}

extension TokenConstraint {
    package var failure: String? { nil }
}
