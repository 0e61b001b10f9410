extension TemplateParser {
    /// Statements up to one of these words, which is stepped over and returned; to the end of the
    /// template without words.
    mutating func parseStatements(
        until words: [String]
    ) throws(TemplateFault) -> ([TemplateStatement], end: String) {
        try nested { parser throws(TemplateFault) in try parser.parseStatementList(until: words) }
    }

    private mutating func parseStatementList(
        until words: [String]
    ) throws(TemplateFault) -> ([TemplateStatement], end: String) {
        var statements: [TemplateStatement] = []
        while true {
            let line = line
            switch current {
            case .end:
                guard words.isEmpty else {
                    let wanted = words.map { "'\($0)'" }.joined(separator: " or ")
                    throw fault("the template ends without \(wanted)")
                }
                return (statements, "")
            case .text(let text):
                advance()
                statements.append(TemplateStatement(kind: .text(text), line: line))
            case .outputBegin:
                advance()
                let expression = try parseTuple()
                try expect(.outputEnd)
                statements.append(TemplateStatement(kind: .output(expression), line: line))
            case .blockBegin:
                advance()
                let word = try expectName()
                if words.contains(word) { return (statements, word) }
                if let kind = try parseStatement(word) {
                    statements.append(TemplateStatement(kind: kind, line: line))
                }
                try expect(.blockEnd)
            default:
                throw unexpected("expected text or a tag")
            }
        }
    }

    /// The statement that this word begins, up to its closing `%}`; `nil` for one without effect.
    private mutating func parseStatement(
        _ word: String
    ) throws(TemplateFault) -> TemplateStatement.Kind? {
        switch word {
        case "for": return try parseLoop()
        case "if": return try parseCondition()
        case "set": return try parseSet()
        case "macro": return try parseMacro()
        case "call": return try parseCall()
        case "filter": return try parseFilterBlock()
        case "with": return try parseWith()
        case "break", "continue":
            guard loopDepth > 0 else { throw fault("'\(word)' outside of a loop") }
            return word == "break" ? .breakLoop : .continueLoop
        case "generation":
            // Marks the assistant's part for training; it renders as if it were not there.
            try expect(.blockEnd)
            return .scope([], body: try parseDetached(until: "endgeneration"))
        case "block": return try parseBlock()
        case "autoescape":
            let flag = try parseExpression()
            try expect(.blockEnd)
            return .autoescape(flag, body: try parseStatements(until: ["endautoescape"]).0)
        case "include", "import", "from", "extends":
            throw TemplateFault(
                .forbidden, "'\(word)' needs other templates, and a chat template has none",
                line: line)
        default:
            throw fault("unknown tag '\(word)'")
        }
    }

    private mutating func parseCondition() throws(TemplateFault) -> TemplateStatement.Kind {
        var branches: [ConditionalBranch] = []
        conditionDepth += 1
        defer { conditionDepth -= 1 }
        while true {
            let condition = try parseTuple(withConditional: false)
            try expect(.blockEnd)
            let (body, end) = try parseStatements(until: ["elif", "else", "endif"])
            branches.append(ConditionalBranch(condition: condition, body: body))
            switch end {
            case "elif": continue
            case "endif": return .condition(branches, otherwise: [])
            default:
                try expect(.blockEnd)
                let (otherwise, _) = try parseStatements(until: ["endif"])
                return .condition(branches, otherwise: otherwise)
            }
        }
    }

    private mutating func parseLoop() throws(TemplateFault) -> TemplateStatement.Kind {
        let target = try parseTarget(endWord: "in")
        if target.binds("loop") { throw fault("'loop' cannot be a loop's own variable") }
        try expect(.name("in"))
        let sequence = try parseTuple(withConditional: false, endWord: "recursive")
        let filter = skip(word: "if") ? try parseExpression() : nil
        let isRecursive = skip(word: "recursive")
        try expect(.blockEnd)
        loopDepth += 1
        let (body, end) = try parseStatements(until: ["endfor", "else"])
        loopDepth -= 1
        var otherwise: [TemplateStatement] = []
        if end == "else" {
            try expect(.blockEnd)
            otherwise = try parseStatements(until: ["endfor"]).0
        }
        return .loop(
            LoopSyntax(
                target: target, sequence: sequence, filter: filter, body: body,
                otherwise: otherwise, isRecursive: isRecursive))
    }

    private mutating func parseSet() throws(TemplateFault) -> TemplateStatement.Kind {
        let target = try parseTarget(withAttributes: true)
        if skip(.assign) { return .assignment(target, try parseTuple()) }
        let filters = try parseFilterChain()
        try expect(.blockEnd)
        let (body, _) = try parseStatements(until: ["endset"])
        return .capture(target, filters: filters, body: body)
    }

    private mutating func parseWith() throws(TemplateFault) -> TemplateStatement.Kind {
        var assignments: [(AssignmentTarget, TemplateExpression)] = []
        while current != .blockEnd {
            if !assignments.isEmpty { try expect(.comma) }
            let target = try parseTarget()
            try expect(.assign)
            assignments.append((target, try parseExpression()))
        }
        try expect(.blockEnd)
        return .scope(assignments, body: try parseStatements(until: ["endwith"]).0)
    }

    private mutating func parseFilterBlock() throws(TemplateFault) -> TemplateStatement.Kind {
        let first = try parseFilterCall()
        let filters = [first] + (try parseFilterChain())
        try expect(.blockEnd)
        return .filtered(filters, body: try parseStatements(until: ["endfilter"]).0)
    }

    // MARK: Blocks

    private mutating func parseBlock() throws(TemplateFault) -> TemplateStatement.Kind {
        let name = try expectName()
        guard blocks[name] == nil else { throw fault("block '\(name)' defined twice") }
        var block = BlockSyntax(
            name: name, body: [], isScoped: skip(word: "scoped"), isRequired: skip(word: "required")
        )
        // Known before its body, which may not define it again.
        blocks[name] = block
        try expect(.blockEnd)
        block.body = try parseDetached(until: "endblock")
        _ = skip(word: name)
        if block.isRequired, !block.body.allSatisfy(\.isBlank) {
            throw fault("required blocks can only contain comments or whitespace")
        }
        blocks[name] = block
        return .block(block)
    }

    /// Statements that no loop around them can be left from.
    private mutating func parseDetached(
        until word: String
    ) throws(TemplateFault) -> [TemplateStatement] {
        let outer = loopDepth
        loopDepth = 0
        let (body, _) = try parseStatements(until: [word])
        loopDepth = outer
        return body
    }

    // MARK: Macros

    private mutating func parseMacro() throws(TemplateFault) -> TemplateStatement.Kind {
        let name = try parseAssignableName()
        return .macro(try parseMacroBody(name, parameters: try parseParameters(), end: "endmacro"))
    }

    private mutating func parseCall() throws(TemplateFault) -> TemplateStatement.Kind {
        let parameters = current == .symbol(.leftParenthesis) ? try parseParameters() : []
        let call = try parseExpression()
        guard case .call = call else { throw fault("'call' needs a call") }
        return .call(
            call, body: try parseMacroBody("caller", parameters: parameters, end: "endcall"))
    }

    private mutating func parseMacroBody(
        _ name: String, parameters: [MacroSyntax.Parameter], end: String
    ) throws(TemplateFault) -> MacroSyntax {
        try expect(.blockEnd)
        let outer = (implicitNames, loopDepth)
        (implicitNames, loopDepth) = ([], 0)
        let (body, _) = try parseStatements(until: [end])
        let macro = MacroSyntax(
            name: name, parameters: parameters, body: body, implicitNames: implicitNames)
        (implicitNames, loopDepth) = (outer.0.union(implicitNames), outer.1)
        return macro
    }

    private mutating func parseParameters() throws(TemplateFault) -> [MacroSyntax.Parameter] {
        var parameters: [MacroSyntax.Parameter] = []
        try expect(.leftParenthesis)
        while current != .symbol(.rightParenthesis) {
            if !parameters.isEmpty { try expect(.comma) }
            let name = try parseAssignableName()
            let value = skip(.assign) ? try parseExpression() : nil
            if value == nil, parameters.last?.defaultValue != nil {
                throw fault("the parameter '\(name)' needs a default value like those before it")
            }
            parameters.append(MacroSyntax.Parameter(name: name, defaultValue: value))
        }
        try expect(.rightParenthesis)
        return parameters
    }

    // MARK: Targets

    private mutating func parseAssignableName() throws(TemplateFault) -> String {
        let name = try expectName()
        let constants = ["true", "false", "none", "True", "False", "None"]
        if constants.contains(name) { throw fault("'\(name)' cannot be assigned to") }
        return name
    }

    /// Names, perhaps several with commas, perhaps in parentheses.
    private mutating func parseTarget(
        withAttributes: Bool = false, endWord: String? = nil
    ) throws(TemplateFault) -> AssignmentTarget {
        var targets: [AssignmentTarget] = []
        var isTuple = false
        while !endsTuple(endWord: endWord) {
            if skip(.leftParenthesis) {
                targets.append(
                    try nested { parser throws(TemplateFault) in
                        try parser.parseTarget(withAttributes: withAttributes)
                    })
                try expect(.rightParenthesis)
            } else {
                let name = try parseAssignableName()
                if withAttributes, skip(.dot) {
                    targets.append(.attribute(of: TemplateName(name), try expectName()))
                } else {
                    targets.append(.variable(TemplateName(name)))
                }
            }
            guard skip(.comma) else { break }
            isTuple = true
        }
        guard let first = targets.first else { throw unexpected("expected a name") }
        return isTuple ? .tuple(targets) : first
    }
}

extension TemplateStatement {
    fileprivate var isBlank: Bool {
        if case .text(let text) = kind { text.allScalars(\.isPythonSpace) } else { false }
    }
}

extension AssignmentTarget {
    fileprivate func binds(_ name: String) -> Bool {
        switch self {
        case .variable(let own): own.text == name
        case .attribute: false
        case .tuple(let targets): targets.contains { $0.binds(name) }
        }
    }
}
