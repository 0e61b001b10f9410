/// Makes a tree of a template's tokens; recursive descent, in the grammar of Jinja 3.
///
/// This file holds the tokens' handling; statements and expressions have files of their own.
struct TemplateParser {
    private let tokens: [TemplateToken]
    private var position = 0
    private var depth = 0
    /// Loops around this place within the same macro: `break` needs one.
    var loopDepth = 0
    /// Conditions around this place.
    var conditionDepth = 0
    /// Filters and tests that do not exist, outside of conditions.
    ///
    /// Inside of one, the name counts only when it is reached: templates ask whether a filter is
    /// there before they use it.
    var unknownNames: [TemplateFault] = []
    /// Blocks so far, by name.
    var blocks: [String: BlockSyntax] = [:]
    /// Which of a macro's implicit names were read since the macro began.
    var implicitNames: Set<String> = []

    private init(tokens: [TemplateToken]) {
        self.tokens = tokens
    }

    /// A whole template's statements and, once more, its blocks.
    static func parse(
        _ source: String
    ) throws(TemplateFault) -> (statements: [TemplateStatement], blocks: [String: BlockSyntax]) {
        guard source.utf8.count <= TemplateLimits.sourceBytes else {
            let limit = TemplateLimits.sourceBytes
            throw TemplateFault(
                .limitExceeded, "the template is longer than \(limit) bytes", line: 1)
        }
        var lexer = TemplateLexer(source)
        var parser = TemplateParser(tokens: try lexer.tokenize())
        let (statements, _) = try parser.parseStatements(until: [])
        if let unknown = parser.unknownNames.first { throw unknown }
        return (TemplateScoping.resolved(statements), parser.blocks)
    }

    // MARK: Tokens

    var current: TemplateToken.Kind { tokens[position].kind }

    var line: Int { tokens[position].line }

    func peek() -> TemplateToken.Kind {
        tokens[min(position + 1, tokens.count - 1)].kind
    }

    /// Steps over one token; stays at the end.
    mutating func advance() {
        position = min(position + 1, tokens.count - 1)
    }

    mutating func skip(_ symbol: TemplateToken.Symbol) -> Bool {
        skip(.symbol(symbol))
    }

    mutating func skip(word: String) -> Bool {
        skip(.name(word))
    }

    mutating func skip(_ kind: TemplateToken.Kind) -> Bool {
        guard current == kind else { return false }
        advance()
        return true
    }

    mutating func expect(_ symbol: TemplateToken.Symbol) throws(TemplateFault) {
        try expect(.symbol(symbol))
    }

    mutating func expect(_ kind: TemplateToken.Kind) throws(TemplateFault) {
        guard skip(kind) else { throw unexpected("expected \(kind)") }
    }

    mutating func expectName() throws(TemplateFault) -> String {
        guard case .name(let name) = current else { throw unexpected("expected a name") }
        advance()
        return name
    }

    func unexpected(_ expectation: String) -> TemplateFault {
        fault("unexpected \(current), \(expectation)")
    }

    func fault(_ cause: String) -> TemplateFault {
        TemplateFault(.syntax, cause, line: line)
    }

    // MARK: Bounds

    /// Runs a production that can contain itself.
    mutating func nested<Result>(
        _ parse: (inout TemplateParser) throws(TemplateFault) -> Result
    ) throws(TemplateFault) -> Result {
        guard depth < TemplateLimits.syntaxDepth else {
            let limit = TemplateLimits.syntaxDepth
            throw TemplateFault(.limitExceeded, "nested deeper than \(limit) levels", line: line)
        }
        depth += 1
        defer { depth -= 1 }
        return try parse(&self)
    }

    /// Counts one more operator of a chain.
    func count(_ length: inout Int) throws(TemplateFault) {
        length += 1
        guard length > TemplateLimits.chainLength else { return }
        let limit = TemplateLimits.chainLength
        throw TemplateFault(.limitExceeded, "more than \(limit) operators in a row", line: line)
    }
}
