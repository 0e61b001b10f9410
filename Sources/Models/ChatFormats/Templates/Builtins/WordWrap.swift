/// Python's `textwrap.wrap`, with tabs and white space left as they are.
struct WordWrap {
    let width: Int
    let breaksLongWords: Bool
    let breaksOnHyphens: Bool

    /// The lines of a text without line feeds.
    func lines(of text: String) -> [String] {
        var chunks = self.chunks(of: text.scalars)[...]
        var lines: [String] = []
        while !chunks.isEmpty {
            var line: [ArraySlice<UnicodeScalar>] = []
            var length = 0
            if !lines.isEmpty, let first = chunks.first, Self.isBlank(first) {
                chunks.removeFirst()
            }
            while let chunk = chunks.first, length + chunk.count <= width {
                line.append(chunk)
                length += chunk.count
                chunks.removeFirst()
            }
            if let chunk = chunks.first, chunk.count > width {
                let room = width < 1 ? 1 : width - length
                if breaksLongWords {
                    let end = breakPosition(of: chunk, room: room)
                    line.append(chunk[..<end])
                    length += end - chunk.startIndex
                    chunks[chunks.startIndex] = chunk[end...]
                } else if line.isEmpty {
                    line.append(chunk)
                    chunks.removeFirst()
                }
            }
            if let last = line.last, Self.isBlank(last) { line.removeLast() }
            if !line.isEmpty { lines.append(String(scalars: line.joined())) }
        }
        return lines
    }

    /// A word that is too long is cut behind a hyphen where there is one early enough.
    private func breakPosition(of chunk: ArraySlice<UnicodeScalar>, room: Int) -> Int {
        let end = chunk.startIndex + min(max(room, 0), chunk.count)
        guard breaksOnHyphens, chunk.count > room,
            let hyphen = chunk[..<end].lastIndex(of: "-"), hyphen > chunk.startIndex,
            chunk[..<hyphen].contains(where: { $0 != "-" })
        else { return end }
        return hyphen + 1
    }

    private static func isBlank(_ chunk: ArraySlice<UnicodeScalar>) -> Bool {
        chunk.allSatisfy(\.isPythonSpace)
    }

    // MARK: Chunks

    /// Words, parts of words with hyphens, dashes, and the white space between them.
    private func chunks(of scalars: [UnicodeScalar]) -> [ArraySlice<UnicodeScalar>] {
        var chunks: [ArraySlice<UnicodeScalar>] = []
        var start = 0
        while start < scalars.count {
            var end = start
            if Self.isSpace(scalars[start]) {
                while end < scalars.count, Self.isSpace(scalars[end]) { end += 1 }
            } else if breaksOnHyphens {
                end = endOfWord(scalars, start)
            } else {
                while end < scalars.count, !Self.isSpace(scalars[end]) { end += 1 }
            }
            chunks.append(scalars[start..<end])
            start = end
        }
        return chunks
    }

    private func endOfWord(_ scalars: [UnicodeScalar], _ start: Int) -> Int {
        func at(_ index: Int, _ condition: (UnicodeScalar) -> Bool) -> Bool {
            scalars.indices.contains(index) && condition(scalars[index])
        }
        /// Where dashes end that begin here, stand behind a word and before another one.
        func endOfDash(_ index: Int) -> Int? {
            guard at(index - 1, Self.isWordOrPunctuation) else { return nil }
            var end = index
            while at(end, { $0 == "-" }) { end += 1 }
            return end - index >= 2 && at(end, Self.isWord) ? end : nil
        }
        if let end = endOfDash(start) { return end }
        var index = start + 1
        while index < scalars.count, !Self.isSpace(scalars[index]) {
            if scalars[index] == "-" {
                let followsLetters = at(index - 1, Self.isLetter) && at(index - 2, Self.isLetter)
                let followsInitial =
                    at(index - 1, Self.isWordOrPunctuation) && at(index - 2) { $0 == "-" }
                    && at(index - 3, Self.isLetter)
                let precedesLetters =
                    at(index + 1, Self.isLetter)
                    && (at(index + 2, Self.isLetter)
                        || (at(index + 2) { $0 == "-" } && at(index + 3, Self.isLetter)))
                if followsLetters || followsInitial, precedesLetters { return index + 1 }
            }
            if endOfDash(index) != nil { return index }
            index += 1
        }
        return index
    }

    private static func isSpace(_ scalar: UnicodeScalar) -> Bool {
        scalar == " " || (0x9...0xD).contains(scalar.value)
    }

    private static func isWord(_ scalar: UnicodeScalar) -> Bool {
        scalar == "_" || scalar.isPythonLetter || scalar.isPythonNumeric
    }

    private static func isWordOrPunctuation(_ scalar: UnicodeScalar) -> Bool {
        isWord(scalar) || "!\"'&.,?".unicodeScalars.contains(scalar)
    }

    private static func isLetter(_ scalar: UnicodeScalar) -> Bool {
        isWord(scalar) && !scalar.isPythonDecimal
    }
}
