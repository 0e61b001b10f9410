import StructuredJSON

/// Tokens that are found in a text before the model sees it.
struct AddedTokens: Sendable {
    struct Token: Sendable {
        var id: Int
        var content: String
        var isSpecial: Bool
        var isNormalized: Bool
        var isSingleWord: Bool
        var stripsLeft: Bool
        var stripsRight: Bool
    }

    /// By id; of several for an id, the last.
    private(set) var byID: [Int: Token] = [:]
    private(set) var specialTexts: Set<ExactString> = []
    private var ids: [ExactString: Int] = [:]
    /// Found before normalization.
    private var plain = Matcher()
    /// Found after it, in the normalized form of their text.
    private var normalized = Matcher()

    /// Tokens by the bytes that they are found as.
    private struct Matcher: Sendable {
        var trie = ByteTrie([])
        /// Of the trie's values: the token's id.
        var ids: [Int] = []
        /// Whether a byte begins one.
        var starts = [Bool](repeating: false, count: 256)
    }

    /// A stretch of text, or a token found in between.
    enum Fragment {
        case text(Range<Int>)
        case token(Int)
    }

    /// Reads `added_tokens`; a token whose text the model knows has the model's id.
    init(
        _ field: ComponentField, vocabulary: ModelVocabulary, normalizer: TextNormalizer?
    ) throws(TokenizerError) {
        guard let list = try field.ifPresent?.array() else { return }
        var nextID = vocabulary.count
        for entry in list {
            func flag(_ name: String) throws(TokenizerError) -> Bool {
                try entry[name].ifPresent?.bool() ?? false
            }
            let content = try entry["content"].string()
            guard !content.isEmpty else { continue }
            let isSpecial = try flag("special")
            let key = ExactString(content)
            if isSpecial { specialTexts.insert(key) }
            let known = ids[key] ?? vocabulary.find(content)
            let id = known ?? nextID
            if known == nil { nextID += 1 }
            ids[key] = id
            byID[id] = Token(
                id: id, content: content, isSpecial: isSpecial,
                isNormalized: try entry["normalized"].ifPresent?.bool() ?? !isSpecial,
                isSingleWord: try flag("single_word"), stripsLeft: try flag("lstrip"),
                stripsRight: try flag("rstrip"))
        }
        // Special tokens come first, so that of two that are found as the same text the special one counts.
        let tokens = byID.values.sorted { left, right in
            left.isSpecial == right.isSpecial ? left.id < right.id : left.isSpecial
        }
        plain = Self.matcher(tokens.filter { !$0.isNormalized }) { Array($0.content.utf8) }
        normalized = Self.matcher(tokens.filter(\.isNormalized)) { token in
            var bytes = Array(token.content.utf8)
            var keepsStart = true
            normalizer?.normalize(&bytes, keepsStart: &keepsStart)
            return bytes
        }
    }

    private static func matcher(_ tokens: [Token], _ text: (Token) -> [UInt8]) -> Matcher {
        var matcher = Matcher()
        var strings: [(text: ArraySlice<UInt8>, value: Int)] = []
        for token in tokens {
            let bytes = text(token)
            guard let first = bytes.first else { continue }
            matcher.starts[Int(first)] = true
            strings.append((bytes[...], matcher.ids.count))
            matcher.ids.append(token.id)
        }
        matcher.trie = ByteTrie(strings)
        return matcher
    }

    func id(of text: String) -> Int? {
        ids[ExactString(text)]
    }

    /// Finds tokens: the leftmost, of several there the longest.
    ///
    /// - Parameters:
    ///   - text: well-formed UTF-8.
    ///   - isNormalized: look for those that are found after normalization.
    ///   - takesSpecial: special tokens count.
    /// - Returns: the whole text in order.
    func fragments(
        of text: borrowing Span<UInt8>, isNormalized: Bool, takesSpecial: Bool
    ) -> [Fragment] {
        let matcher = isNormalized ? normalized : plain
        guard !text.isEmpty else { return [] }
        guard !matcher.ids.isEmpty else { return [.text(0..<text.count)] }
        var fragments: [Fragment] = []
        var done = 0
        var position = 0
        while position < text.count {
            guard matcher.starts[Int(text[position])],
                let match = matcher.trie.longestMatch(in: text, from: position)
            else {
                position += 1
                continue
            }
            var (start, end) = (position, match.end)
            position = end
            let id = matcher.ids[match.value]
            guard let token = byID[id], takesSpecial || !token.isSpecial else { continue }
            if token.isSingleWord, Self.touchesWord(text, start..<end) { continue }
            if token.stripsLeft {
                while start > done, let previous = Self.scalar(in: text, before: start),
                    PackageScalars.whitespace.contains(previous.scalar)
                {
                    start = previous.start
                }
                start = max(start, done)
            }
            if token.stripsRight {
                while end < text.count {
                    let (scalar, length) = UTF8Text.scalar(in: text, at: end)
                    guard PackageScalars.whitespace.contains(scalar) else { break }
                    end += length
                }
            }
            if done < start { fragments.append(.text(done..<start)) }
            fragments.append(.token(id))
            done = end
        }
        if done < text.count { fragments.append(.text(done..<text.count)) }
        return fragments
    }

    private static func touchesWord(_ text: borrowing Span<UInt8>, _ range: Range<Int>) -> Bool {
        if let previous = scalar(in: text, before: range.lowerBound),
            PackageScalars.word.contains(previous.scalar)
        {
            return true
        }
        guard range.upperBound < text.count else { return false }
        return PackageScalars.word.contains(UTF8Text.scalar(in: text, at: range.upperBound).0)
    }

    private static func scalar(
        in text: borrowing Span<UInt8>, before position: Int
    ) -> (scalar: UInt32, start: Int)? {
        guard position > 0 else { return nil }
        var start = position - 1
        while text[start] & 0xC0 == 0x80 { start -= 1 }
        return (UTF8Text.scalar(in: text, at: start).0, start)
    }
}
