import StructuredJSON

/// One rendering of a template: walks the tree, within limits.
///
/// This file holds the statements; expressions and what bounds the work have files of their own.
final class TemplateInterpreter {
    /// Where to go on after a statement.
    enum Flow {
        case next
        case continueLoop
        case breakLoop
    }

    let limits: TemplateLimits
    /// Whether what is written is escaped for HTML.
    private(set) var autoescapes = false
    /// Line of the template that is being worked on.
    var line = 1
    private(set) var scope: TemplateScope
    /// What the whole template sees.
    private let root: TemplateScope
    private let blocks: [String: BlockSyntax]
    private var output = ""
    /// Scopes that macros and recursive loops hold, which may be held by these scopes in turn.
    private var capturedScopes: [TemplateScope] = []
    var steps = 0
    private var depth = 0

    init(
        context: JSONObject, globals: [TemplateFunction], blocks: [String: BlockSyntax],
        limits: TemplateLimits
    ) {
        self.limits = limits
        let outermost = TemplateScope(parent: nil)
        for global in globals { outermost[TemplateName(global.name)] = .function(global) }
        self.root = TemplateScope(parent: outermost)
        for (name, value) in context { root[TemplateName(name)] = TemplateValue(value) }
        self.scope = root
        self.blocks = blocks
    }

    /// The template's whole output; to be asked for once.
    func render(_ statements: [TemplateStatement]) throws(TemplateFault) -> String {
        capturedScopes.append(root)
        if !blocks.isEmpty, root["self"] == nil {
            root["self"] = .object(BlocksObject(blocks))
        }
        defer {
            for scope in capturedScopes { scope.removeAll() }
            capturedScopes = []
            scope = TemplateScope(parent: nil)
        }
        _ = try execute(statements)
        return output
    }

    // MARK: Statements

    func execute(_ statements: [TemplateStatement]) throws(TemplateFault) -> Flow {
        for statement in statements {
            let flow = try execute(statement)
            if flow != .next { return flow }
        }
        return .next
    }

    private func execute(_ statement: TemplateStatement) throws(TemplateFault) -> Flow {
        line = statement.line
        try step()
        switch statement.kind {
        case .text(let text):
            try write(text)
        case .output(let expression):
            let value = try evaluate(expression)
            try write(autoescapes ? try escaped(value) : try text(of: value))
        case .assignment(let target, let expression):
            try assign(try evaluate(expression), to: target)
        case .condition(let branches, let otherwise):
            return try executeCondition(branches, otherwise)
        case .loop(let loop):
            try descend { () throws(TemplateFault) in
                let sequence = try self.evaluate(loop.sequence)
                return try self.run(loop, over: sequence, depth: 1)
            }
        case .capture(let target, let filters, let body):
            var flow = Flow.next
            let text = try inner { () throws(TemplateFault) in
                try self.capture { () throws(TemplateFault) in flow = try self.execute(body) }
            }
            // Leaving the loop from within leaves the text behind.
            guard flow == .next else { return flow }
            try assign(try filtered(markedIfEscaping(text), filters), to: target)
        case .filtered(let filters, let body):
            var flow = Flow.next
            let text = try inner { () throws(TemplateFault) in
                try self.capture { () throws(TemplateFault) in flow = try self.execute(body) }
            }
            // Leaving the loop from within leaves the text behind.
            guard flow == .next else { return flow }
            let result = try filtered(markedIfEscaping(text), filters)
            guard let text = result.asText else {
                throw .invalid("a filter block needs a string, not \(result.typeName)")
            }
            try write(text)
        case .macro(let macro):
            scope[TemplateName(macro.name)] = .object(makeMacro(macro))
        case .call(let call, let body):
            try write(try text(of: try evaluateCall(call, caller: makeMacro(body))))
        case .scope(let assignments, let body):
            return try executeScope(assignments, body)
        case .block(let block):
            try run(block)
        case .autoescape(let flag, let body):
            let outer = autoescapes
            autoescapes = try evaluate(flag).isTrue
            defer { autoescapes = outer }
            return try inner { () throws(TemplateFault) in try self.execute(body) }
        case .hide(let names):
            for name in names { scope[name] = Self.undefined(name) }
        case .breakLoop:
            return .breakLoop
        case .continueLoop:
            return .continueLoop
        }
        return .next
    }

    private func executeCondition(
        _ branches: [ConditionalBranch], _ otherwise: [TemplateStatement]
    ) throws(TemplateFault) -> Flow {
        for branch in branches where try evaluate(branch.condition).isTrue {
            return try descend { () throws(TemplateFault) in try self.execute(branch.body) }
        }
        return try descend { () throws(TemplateFault) in try self.execute(otherwise) }
    }

    private func executeScope(
        _ assignments: [(AssignmentTarget, TemplateExpression)], _ body: [TemplateStatement]
    ) throws(TemplateFault) -> Flow {
        // All values are worked out before the first name is bound.
        var values: [TemplateValue] = []
        for (_, expression) in assignments { values.append(try evaluate(expression)) }
        return try inner { () throws(TemplateFault) in
            for ((target, _), value) in zip(assignments, values) {
                try self.assign(value, to: target)
            }
            return try self.execute(body)
        }
    }

    /// Runs a block where it stands.
    func run(_ block: BlockSyntax) throws(TemplateFault) {
        guard !block.isRequired else { throw .invalid("required block '\(block.name)' not found") }
        let (outer, escaped) = (scope, autoescapes)
        scope = TemplateScope(parent: block.isScoped ? outer : root)
        autoescapes = false
        _ = try descend { () throws(TemplateFault) in try self.execute(block.body) }
        (scope, autoescapes) = (outer, escaped)
    }

    /// What a macro or a block gives: marked as HTML where it was escaped.
    func markedIfEscaping(_ text: String) -> TemplateValue {
        autoescapes ? .markup(text) : .string(text)
    }

    private static let loopName: TemplateName = "loop"

    /// Runs a loop's body for every item.
    func run(
        _ loop: LoopSyntax, over sequence: TemplateValue, depth loopDepth: Int
    ) throws(TemplateFault) {
        let outer = scope
        defer { scope = outer }
        if loop.isRecursive { capturedScopes.append(outer) }
        let state = LoopState(
            try items(of: sequence, for: loop), source: sequence, depth: loopDepth,
            recursion: loop.isRecursive ? (loop, outer) : nil)
        // The 'else' part runs unless one item got through the whole body: Jinja's way, not Python's.
        var isComplete = false
        items: while let item = try state.advance() {
            try step()
            scope = TemplateScope(parent: outer)
            scope[Self.loopName] = .object(state)
            try assign(item, to: loop.target)
            switch try execute(loop.body) {
            case .next: isComplete = true
            case .continueLoop: continue
            case .breakLoop: break items
            }
        }
        scope = outer
        if !isComplete { _ = try execute(loop.otherwise) }
    }

    /// A recursive loop's output for other items.
    func runLoop(
        _ loop: LoopSyntax, over sequence: TemplateValue, in loopScope: TemplateScope, depth: Int
    ) throws(TemplateFault) -> String {
        let (callScope, callLine) = (scope, line)
        scope = loopScope
        let text = try descend { () throws(TemplateFault) in
            try self.capture { () throws(TemplateFault) in
                try self.run(loop, over: sequence, depth: depth)
            }
        }
        (scope, line) = (callScope, callLine)
        return text
    }

    /// The items that a loop visits; a filter is asked about each only when its turn comes.
    private func items(
        of sequence: TemplateValue, for loop: LoopSyntax
    ) throws(TemplateFault) -> TemplateIterator {
        let all = try iterator(over: sequence)
        guard let filter = loop.filter else { return all }
        let outer = scope
        return TemplateIterator { () throws(TemplateFault) in
            while let item = try all.next() {
                try self.step()
                let before = self.scope
                defer { self.scope = before }
                self.scope = TemplateScope(parent: outer)
                try self.assign(item, to: loop.target)
                if try self.evaluate(filter).isTrue { return item }
            }
            return nil
        }
    }

    private func assign(
        _ value: TemplateValue, to target: AssignmentTarget
    ) throws(TemplateFault) {
        switch target {
        case .variable(let name):
            try checkNesting(of: value)
            scope[name] = value
        case .attribute(let object, let name):
            guard case .object(let object)? = scope.lookUp(object),
                let namespace = object as? NamespaceObject
            else { throw .invalid("cannot assign attribute on non-namespace object") }
            try checkNesting(of: value)
            try namespace.set(name, to: value, self)
        case .tuple(let targets):
            let values = try elements(of: value)
            guard values.count == targets.count else {
                let kind = values.count < targets.count ? "not enough" : "too many"
                throw .invalid("\(kind) values to unpack (expected \(targets.count))")
            }
            for (target, value) in zip(targets, values) { try assign(value, to: target) }
        }
    }

    // MARK: Macros

    private func makeMacro(_ syntax: MacroSyntax) -> MacroObject {
        capturedScopes.append(scope)
        return MacroObject(syntax, scope: scope, autoescapes: autoescapes)
    }

    /// Runs a macro's body in a scope that `bind` fills, and returns its output.
    func runMacro(
        _ macro: MacroObject, bind: (TemplateScope) throws(TemplateFault) -> Void
    ) throws(TemplateFault) -> String {
        let (callScope, callLine, escapes) = (scope, line, autoescapes)
        scope = TemplateScope(parent: macro.scope)
        autoescapes = macro.autoescapes
        let text = try descend { () throws(TemplateFault) in
            try bind(self.scope)
            return try self.capture { () throws(TemplateFault) in
                _ = try self.execute(macro.syntax.body)
            }
        }
        // Only now: an error keeps the line where it came up.
        (scope, line, autoescapes) = (callScope, callLine, escapes)
        return text
    }

    // MARK: Output

    private func write(_ text: String) throws(TemplateFault) {
        try charge(bytes: text.utf8.count)
        output += text
        try checkLength(output.utf8.count)
    }

    /// What the body writes, kept from the output.
    func capture(_ body: () throws(TemplateFault) -> Void) throws(TemplateFault) -> String {
        var outer = ""
        swap(&outer, &output)
        defer { output = outer }
        try body()
        return output
    }

    /// Runs the body in a scope of its own.
    private func inner<Result>(
        _ body: () throws(TemplateFault) -> Result
    ) throws(TemplateFault) -> Result {
        let outer = scope
        defer { scope = outer }
        scope = TemplateScope(parent: outer)
        return try descend(body)
    }

    /// Runs the body one level deeper, where there is one more.
    func descend<Result>(
        _ body: () throws(TemplateFault) -> Result
    ) throws(TemplateFault) -> Result {
        guard depth < limits.depth else {
            throw TemplateFault(.limitExceeded, "nested deeper than \(limits.depth) levels")
        }
        depth += 1
        defer { depth -= 1 }
        return try body()
    }
}
