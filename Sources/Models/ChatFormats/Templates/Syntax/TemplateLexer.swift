/// Cuts a template into tokens as Jinja does with `trim_blocks` and `lstrip_blocks` on.
///
/// White space around tags: a `-` inside a tag removes all of it on that side. Otherwise a block or
/// a comment (not an output) loses the blanks before it where it begins its line, and the line feed
/// right after it; a `+` keeps them. One line feed at the very end of the source is dropped.
struct TemplateLexer {
    private enum Tag {
        case output
        case block
        case comment
    }

    let source: [UnicodeScalar]
    var position = 0
    private(set) var line = 1
    private var tokens: [TemplateToken] = []
    /// Whether what was read last ends a line, so that a tag after blanks begins one.
    private var lineStarts = true

    init(_ text: String) {
        var scalars: [UnicodeScalar] = []
        scalars.reserveCapacity(text.utf8.count)
        var followsReturn = false
        for scalar in text.unicodeScalars {
            if scalar == "\n", followsReturn {
                followsReturn = false
                continue
            }
            followsReturn = scalar == "\r"
            scalars.append(followsReturn ? "\n" : scalar)
        }
        if scalars.last == "\n" { scalars.removeLast() }
        self.source = scalars
    }

    /// All tokens, the last of them `end`.
    mutating func tokenize() throws(TemplateFault) -> [TemplateToken] {
        while position < source.count {
            guard let (tag, start) = nextTag() else {
                append(text: source[position...])
                break
            }
            let text = source[position..<start]
            advance(to: start + 2)
            if tag == .block, try scanRaw(after: text) { continue }
            let sign = takeSign()
            append(text: trimmed(text, sign: sign, isOutput: tag == .output))
            switch tag {
            case .comment: try skipComment()
            case .output: try scanTag(.outputBegin, .outputEnd, closing: "}")
            case .block: try scanTag(.blockBegin, .blockEnd, closing: "%")
            }
        }
        append(.end)
        return tokens
    }

    // MARK: Text between tags

    private func nextTag() -> (Tag, Int)? {
        var index = position
        while index + 1 < source.count {
            if source[index] == "{" {
                switch source[index + 1] {
                case "{": return (.output, index)
                case "%": return (.block, index)
                case "#": return (.comment, index)
                default: break
                }
            }
            index += 1
        }
        return nil
    }

    private mutating func takeSign() -> UnicodeScalar? {
        guard let sign = peek(), sign == "-" || sign == "+" else { return nil }
        position += 1
        return sign
    }

    /// The text before a tag without what the tag removes.
    private func trimmed(
        _ text: ArraySlice<UnicodeScalar>, sign: UnicodeScalar?, isOutput: Bool
    ) -> ArraySlice<UnicodeScalar> {
        if sign == "-" {
            let end = text.lastIndex { !$0.isPythonSpace }
            return text[..<(end.map { $0 + 1 } ?? text.startIndex)]
        }
        guard sign != "+", !isOutput else { return text }
        let lineFeed = text.lastIndex(of: "\n")
        guard lineFeed != nil || lineStarts else { return text }
        let lineStart = lineFeed.map { $0 + 1 } ?? text.startIndex
        let isBlank = text[lineStart...].allSatisfy { $0 == " " || $0 == "\t" }
        return isBlank ? text[..<lineStart] : text
    }

    private mutating func append(text: ArraySlice<UnicodeScalar>) {
        guard !text.isEmpty else { return }
        append(.text(String(String.UnicodeScalarView(text))))
    }

    mutating func append(_ kind: TemplateToken.Kind) {
        tokens.append(TemplateToken(kind: kind, line: line))
    }

    // MARK: Tags

    private mutating func scanTag(
        _ begin: TemplateToken.Kind, _ end: TemplateToken.Kind, closing: UnicodeScalar
    ) throws(TemplateFault) {
        append(begin)
        let firstLine = line
        var open: [TemplateToken.Symbol] = []
        while true {
            if open.isEmpty, let width = closingWidth(closing) {
                append(end)
                finishTag(width: width, isOutput: closing == "}")
                return
            }
            guard let scalar = peek() else {
                let wanted = closing == "}" ? "}}" : "%}"
                throw TemplateFault(.syntax, "a tag without its '\(wanted)'", line: firstLine)
            }
            if scalar.isPythonSpace {
                advance(to: position + 1)
            } else {
                try scanToken(&open)
            }
        }
    }

    /// Scalars of the closing tag here: of `-%}`, `+%}`, `%}`, `-}}` or `}}`.
    private func closingWidth(_ closing: UnicodeScalar) -> Int? {
        if peek() == closing, peek(1) == "}" { return 2 }
        guard peek(1) == closing, peek(2) == "}" else { return nil }
        return peek() == "-" || (peek() == "+" && closing != "}") ? 3 : nil
    }

    /// Steps over the end of a tag and what it removes.
    private mutating func finishTag(width: Int, isOutput: Bool) {
        let sign = width == 3 ? source[position] : nil
        advance(to: position + width)
        if sign == "-" {
            skipSpace()
        } else if sign == nil, !isOutput, peek() == "\n" {
            advance(to: position + 1)
        }
        lineStarts = source[position - 1] == "\n"
    }

    private mutating func skipComment() throws(TemplateFault) {
        let firstLine = line
        while position < source.count {
            if let width = closingWidth("#") {
                finishTag(width: width, isOutput: false)
                return
            }
            advance(to: position + 1)
        }
        throw TemplateFault(.syntax, "a comment without its '#}'", line: firstLine)
    }

    /// Reads `raw % } ... { % endraw` where one begins behind the `{%` at this position.
    private mutating func scanRaw(after text: ArraySlice<UnicodeScalar>) throws(TemplateFault)
        -> Bool
    {
        let (start, firstLine) = (position, line)
        let sign = takeSign()
        skipSpace()
        guard take(word: "raw") else {
            position = start
            line = firstLine
            return false
        }
        skipSpace()
        guard let width = closingWidth("%"), width == 2 || peek() == "-" else {
            position = start
            line = firstLine
            return false
        }
        append(text: trimmed(text, sign: sign, isOutput: false))
        advance(to: position + width)
        if width == 3 { skipSpace() }
        lineStarts = source[position - 1] == "\n"
        let content = position
        while let (tag, tagStart) = nextTag() {
            advance(to: tagStart + 2)
            guard tag == .block else {
                // The second brace of '{{' may begin a block's '{%'.
                position -= 1
                continue
            }
            let sign = takeSign()
            skipSpace()
            guard take(word: "endraw") else { continue }
            skipSpace()
            guard let width = closingWidth("%") else { continue }
            append(text: trimmed(source[content..<tagStart], sign: sign, isOutput: false))
            finishTag(width: width, isOutput: false)
            return true
        }
        throw TemplateFault(.syntax, "'raw' without its 'endraw'", line: firstLine)
    }

    // MARK: Scalars

    func peek(_ distance: Int = 0) -> UnicodeScalar? {
        position + distance < source.count ? source[position + distance] : nil
    }

    mutating func advance(to end: Int) {
        for index in position..<end where source[index] == "\n" { line += 1 }
        position = end
    }

    private mutating func skipSpace() {
        while let scalar = peek(), scalar.isPythonSpace { advance(to: position + 1) }
    }

    private mutating func take(word: String) -> Bool {
        let scalars = Array(word.unicodeScalars)
        guard source[position...].starts(with: scalars) else { return false }
        position += scalars.count
        return true
    }
}
