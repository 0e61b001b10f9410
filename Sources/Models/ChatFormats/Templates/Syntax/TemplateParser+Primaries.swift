/// Literals, names and what follows them: attributes, items, calls, filters, tests.
extension TemplateParser {
    mutating func parsePrimary() throws(TemplateFault) -> TemplateExpression {
        switch current {
        case .name(let name):
            advance()
            return nameOrConstant(name)
        case .string(var text):
            advance()
            while case .string(let more) = current {
                text += more
                advance()
            }
            return .literal(.string(text))
        case .integer(let value):
            advance()
            return .literal(.integer(value))
        case .big(let value):
            advance()
            return .literal(.big(value))
        case .number(let value):
            advance()
            return .literal(.number(value))
        case .symbol(.leftParenthesis):
            advance()
            let expression = try parseTuple(isParenthesized: true)
            try expect(.rightParenthesis)
            return expression
        case .symbol(.leftBracket):
            advance()
            return .list(try parseElements())
        case .symbol(.leftBrace):
            advance()
            return try parseDictionary()
        default:
            throw unexpected("expected an expression")
        }
    }

    private mutating func nameOrConstant(_ name: String) -> TemplateExpression {
        switch name {
        case "true", "True": return .literal(.bool(true))
        case "false", "False": return .literal(.bool(false))
        case "none", "None": return .literal(.none)
        default:
            if ["varargs", "kwargs", "caller"].contains(name) { implicitNames.insert(name) }
            return .variable(TemplateName(name))
        }
    }

    private mutating func parseElements() throws(TemplateFault) -> [TemplateExpression] {
        var elements: [TemplateExpression] = []
        while current != .symbol(.rightBracket) {
            if !elements.isEmpty {
                try expect(.comma)
                if current == .symbol(.rightBracket) { break }
            }
            elements.append(try parseExpression())
        }
        try expect(.rightBracket)
        return elements
    }

    private mutating func parseDictionary() throws(TemplateFault) -> TemplateExpression {
        var members: [(key: TemplateExpression, value: TemplateExpression)] = []
        while current != .symbol(.rightBrace) {
            if !members.isEmpty {
                try expect(.comma)
                if current == .symbol(.rightBrace) { break }
            }
            let key = try parseExpression()
            try expect(.colon)
            members.append((key, try parseExpression()))
        }
        try expect(.rightBrace)
        return .dictionary(members)
    }

    // MARK: Postfixes

    mutating func parsePostfix(
        _ operand: TemplateExpression
    ) throws(TemplateFault) -> TemplateExpression {
        var expression = operand
        var length = 0
        while true {
            try count(&length)
            let line = line
            if skip(.dot) {
                expression = try parseAttribute(of: expression, line: line)
            } else if skip(.leftBracket) {
                expression = try parseItem(of: expression, line: line)
            } else if skip(.leftParenthesis) {
                expression = .call(expression, try parseArguments(), line: line)
            } else {
                return expression
            }
        }
    }

    private mutating func parseAttribute(
        of object: TemplateExpression, line: Int
    ) throws(TemplateFault) -> TemplateExpression {
        switch current {
        case .name(let name):
            advance()
            return .attribute(object, name, line: line)
        case .integer(let index):
            advance()
            return .item(object, .literal(.integer(index)), line: line)
        default:
            throw unexpected("expected a name or a number")
        }
    }

    private mutating func parseItem(
        of object: TemplateExpression, line: Int
    ) throws(TemplateFault) -> TemplateExpression {
        var keys: [TemplateExpression] = []
        while true {
            let start = current == .symbol(.colon) ? nil : try parseExpression()
            if skip(.colon) {
                let slice = SliceSyntax(
                    start: start, stop: try parseSliceBound(),
                    step: skip(.colon) ? try parseSliceBound() : nil)
                guard keys.isEmpty, skip(.rightBracket) else {
                    throw unexpected("expected ']' after a slice")
                }
                return .slice(object, slice, line: line)
            }
            if let start { keys.append(start) }
            guard skip(.comma) else { break }
        }
        try expect(.rightBracket)
        return .item(object, keys.count == 1 ? keys[0] : .tuple(keys), line: line)
    }

    private mutating func parseSliceBound() throws(TemplateFault) -> TemplateExpression? {
        switch current {
        case .symbol(.colon), .symbol(.rightBracket): nil
        default: try parseExpression()
        }
    }

    /// What follows the opening parenthesis of a call, and the closing one.
    private mutating func parseArguments() throws(TemplateFault) -> TemplateArguments {
        var arguments = TemplateArguments()
        var isFirst = true
        while current != .symbol(.rightParenthesis) {
            if !isFirst {
                try expect(.comma)
                if current == .symbol(.rightParenthesis) { break }
            }
            isFirst = false
            if skip(.multiply) {
                guard arguments.spread == nil, arguments.namedSpread == nil else {
                    throw fault("a second '*' argument")
                }
                arguments.spread = try parseExpression()
            } else if skip(.power) {
                guard arguments.namedSpread == nil else { throw fault("a second '**' argument") }
                arguments.namedSpread = try parseExpression()
            } else if case .name(let name) = current, peek() == .symbol(.assign) {
                guard arguments.namedSpread == nil else {
                    throw fault("the argument '\(name)' follows a '**' argument")
                }
                advance()
                advance()
                arguments.named.append((name, try parseExpression()))
            } else {
                guard arguments.named.isEmpty, arguments.spread == nil,
                    arguments.namedSpread == nil
                else { throw fault("an argument without a name follows one with a name") }
                arguments.positional.append(try parseExpression())
            }
        }
        try expect(.rightParenthesis)
        return arguments
    }

    // MARK: Filters and tests

    mutating func parseFilters(
        _ operand: TemplateExpression
    ) throws(TemplateFault) -> TemplateExpression {
        var expression = operand
        var length = 0
        while true {
            try count(&length)
            let line = line
            if skip(.pipe) {
                expression = .filter(expression, try parseFilterCall())
            } else if skip(word: "is") {
                expression = try parseTest(of: expression, line: line)
            } else if skip(.leftParenthesis) {
                expression = .call(expression, try parseArguments(), line: line)
            } else {
                return expression
            }
        }
    }

    /// Filters that each begin with a `|`, for blocks.
    mutating func parseFilterChain() throws(TemplateFault) -> [TemplateCall] {
        var filters: [TemplateCall] = []
        while skip(.pipe) { filters.append(try parseFilterCall()) }
        return filters
    }

    mutating func parseFilterCall() throws(TemplateFault) -> TemplateCall {
        let line = line
        let name = try parseDottedName()
        if conditionDepth == 0, TemplateBuiltins.filters[name] == nil {
            unknownNames.append(TemplateFault(.syntax, "no filter named '\(name)'", line: line))
        }
        let arguments = skip(.leftParenthesis) ? try parseArguments() : TemplateArguments()
        return TemplateCall(name: name, arguments: arguments, line: line)
    }

    private mutating func parseTest(
        of operand: TemplateExpression, line: Int
    ) throws(TemplateFault) -> TemplateExpression {
        let isNegated = skip(word: "not")
        let name = try parseDottedName()
        if conditionDepth == 0, TemplateBuiltins.tests[name] == nil {
            unknownNames.append(TemplateFault(.syntax, "no test named '\(name)'", line: line))
        }
        var arguments = TemplateArguments()
        if skip(.leftParenthesis) {
            arguments = try parseArguments()
        } else if try beginsTestArgument() {
            arguments.positional = [try parsePostfix(try parsePrimary())]
        }
        let test = TemplateExpression.test(
            operand, TemplateCall(name: name, arguments: arguments, line: line))
        return isNegated ? .not(test) : test
    }

    /// A test may have one argument without parentheses: `is divisibleby 3`.
    private func beginsTestArgument() throws(TemplateFault) -> Bool {
        switch current {
        case .name("else"), .name("or"), .name("and"): return false
        case .name("is"): throw fault("a test cannot follow a test; use parentheses")
        case .name, .string, .integer, .big, .number, .symbol(.leftBracket), .symbol(.leftBrace):
            return true
        default: return false
        }
    }

    private mutating func parseDottedName() throws(TemplateFault) -> String {
        var name = try expectName()
        while skip(.dot) { name += "." + (try expectName()) }
        return name
    }
}
