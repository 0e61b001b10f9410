/// Finds the names that are assigned in a scope and looked at by scopes within it.
///
/// Jinja settles at compile time where a name lives: one that a scope assigns, before it reads it itself
/// and outside of a condition, belongs to that scope from its beginning, and a loop or a macro that
/// comes before the assignment sees it as undefined, whatever is around. Such scopes get a statement
/// that hides the outer value, in front of all others.
enum TemplateScoping {
    static func resolved(_ statements: [TemplateStatement]) -> [TemplateStatement] {
        frame(statements, names: [], known: []).statements
    }

    /// A scope: `names` are its own from the beginning, `known` those that have a place around it.
    private static func frame(
        _ statements: [TemplateStatement], names: Set<String>, known: Set<String>
    ) -> (statements: [TemplateStatement], loads: Set<String>) {
        var symbols = ScopeSymbols(known: known, own: names)
        symbols.visit(statements)
        var nested = NestedScopes(known: known.union(symbols.own))
        var resolved = nested.resolve(statements)
        let hidden = symbols.hidden.intersection(nested.loads)
        if !hidden.isEmpty {
            let line = statements.first?.line ?? 1
            resolved.insert(
                TemplateStatement(
                    kind: .hide(hidden.sorted().map { TemplateName($0) }), line: line),
                at: 0)
        }
        return (resolved, nested.loads.union(symbols.loads))
    }

    /// The scopes within a scope, resolved in turn.
    private struct NestedScopes {
        let known: Set<String>
        /// What they read.
        var loads: Set<String> = []

        mutating func resolve(_ statements: [TemplateStatement]) -> [TemplateStatement] {
            statements.map { statement in
                var statement = statement
                statement.kind = resolve(statement.kind)
                return statement
            }
        }

        private mutating func scope(
            _ body: [TemplateStatement], names: Set<String> = []
        ) -> [TemplateStatement] {
            let (statements, inner) = TemplateScoping.frame(body, names: names, known: known)
            loads.formUnion(inner)
            return statements
        }

        private mutating func resolve(_ kind: TemplateStatement.Kind) -> TemplateStatement.Kind {
            switch kind {
            case .condition(let branches, let otherwise):
                return .condition(
                    branches.map { branch in
                        ConditionalBranch(condition: branch.condition, body: resolve(branch.body))
                    }, otherwise: resolve(otherwise))
            case .loop(var loop):
                loop.filter?.forEachVariable { loads.insert($0) }
                loop.body = scope(loop.body, names: loop.target.names.union(["loop"]))
                loop.otherwise = scope(loop.otherwise)
                return .loop(loop)
            case .capture(let target, let filters, let body):
                return .capture(target, filters: filters, body: scope(body))
            case .filtered(let filters, let body):
                return .filtered(filters, body: scope(body))
            case .macro(var macro):
                macro.body = scope(macro)
                return .macro(macro)
            case .call(let call, var macro):
                macro.body = scope(macro)
                return .call(call, body: macro)
            case .scope(let assignments, let body):
                let names = assignments.reduce(into: Set<String>()) { $0.formUnion($1.0.names) }
                return .scope(assignments, body: scope(body, names: names))
            case .block(var block):
                // Apart from what is around it, unless it asks for it.
                let around = block.isScoped ? known : []
                block.body = TemplateScoping.frame(block.body, names: [], known: around).statements
                return .block(block)
            case .autoescape(let flag, let body):
                flag.forEachVariable { loads.insert($0) }
                return .autoescape(flag, body: scope(body))
            case .text, .output, .assignment, .breakLoop, .continueLoop, .hide: return kind
            }
        }

        private mutating func scope(_ macro: MacroSyntax) -> [TemplateStatement] {
            for parameter in macro.parameters {
                parameter.defaultValue?.forEachVariable { loads.insert($0) }
            }
            let names = macro.implicitNames.union(macro.parameters.map(\.name))
            return scope(macro.body, names: names)
        }
    }
}

/// What a scope itself reads and assigns, in the order of its source.
private struct ScopeSymbols {
    let known: Set<String>
    /// Names with a place in this scope.
    var own: Set<String>
    var loads: Set<String> = []
    private var stores: Set<String> = []
    /// Names that begin as undefined here.
    private(set) var hidden: Set<String> = []

    init(known: Set<String>, own: Set<String>) {
        self.known = known
        self.own = own
    }

    mutating func visit(_ statements: [TemplateStatement]) {
        for statement in statements {
            switch statement.kind {
            case .text, .breakLoop, .continueLoop, .block, .autoescape, .hide: break
            case .output(let expression): load(expression)
            case .assignment(let target, let expression):
                load(expression)
                store(target)
            case .condition(let branches, let otherwise): visit(branches, otherwise)
            case .loop(let loop): load(loop.sequence)
            case .capture(let target, let filters, _):
                load(filters)
                store(target)
            case .filtered(let filters, _): load(filters)
            case .macro(let macro): store(macro.name)
            case .call(let call, _): load(call)
            case .scope(let assignments, _):
                for (_, expression) in assignments { load(expression) }
            }
        }
    }

    /// What only a branch assigns keeps the value from around until then.
    private mutating func visit(
        _ branches: [ConditionalBranch], _ otherwise: [TemplateStatement]
    ) {
        let before = self
        var after = self
        // As Jinja walks them: the condition of an 'elif' belongs to its branch.
        for (index, branch) in branches.enumerated() {
            if index == 0 {
                after.load(branch.condition)
            }
            var inner = index == 0 ? after : before
            if index > 0 { inner.load(branch.condition) }
            inner.visit(branch.body)
            after.own.formUnion(inner.own)
            after.loads.formUnion(inner.loads)
            after.stores.formUnion(inner.stores)
        }
        var inner = before
        inner.visit(otherwise)
        after.own.formUnion(inner.own)
        after.loads.formUnion(inner.loads)
        after.stores.formUnion(inner.stores)
        self = after
    }

    private mutating func load(_ expression: TemplateExpression) {
        expression.forEachVariable { load($0) }
    }

    private mutating func load(_ filters: [TemplateCall]) {
        for filter in filters {
            for argument in filter.arguments.expressions { load(argument) }
        }
    }

    private mutating func load(_ name: String) {
        loads.insert(name)
        if !known.contains(name) { own.insert(name) }
    }

    private mutating func store(_ target: AssignmentTarget) {
        switch target {
        case .variable(let name): store(name.text)
        case .attribute(let object, _): load(object.text)
        case .tuple(let targets):
            for target in targets { store(target) }
        }
    }

    private mutating func store(_ name: String) {
        stores.insert(name)
        if !own.contains(name), !known.contains(name) { hidden.insert(name) }
        own.insert(name)
    }
}

extension AssignmentTarget {
    fileprivate var names: Set<String> {
        switch self {
        case .variable(let name): [name.text]
        case .attribute: []
        case .tuple(let targets): targets.reduce(into: []) { $0.formUnion($1.names) }
        }
    }
}

extension TemplateArguments {
    var expressions: [TemplateExpression] {
        positional + named.map(\.value) + [spread, namedSpread].compactMap(\.self)
    }
}

extension TemplateExpression {
    /// Calls the body with every variable in it; without recursion, since a chain of operators makes
    /// a tree that is deeper than its source.
    func forEachVariable(_ body: (String) -> Void) {
        var pending = [self]
        while let expression = pending.popLast() {
            switch expression {
            case .literal: break
            case .variable(let name): body(name.text)
            case .list(let elements), .tuple(let elements), .concatenation(let elements):
                pending += elements
            case .dictionary(let members):
                for (key, value) in members { pending += [key, value] }
            case .negation(let operand), .identity(let operand), .not(let operand),
                .attribute(let operand, _, _):
                pending.append(operand)
            case .arithmetic(let left, _, let right), .and(let left, let right),
                .or(let left, let right), .item(let left, let right, _):
                pending += [left, right]
            case .comparison(let first, let rest):
                pending.append(first)
                pending += rest.map(\.1)
            case .conditional(let condition, let then, let otherwise):
                pending += [condition, then] + (otherwise.map { [$0] } ?? [])
            case .slice(let object, let slice, _):
                pending.append(object)
                pending += [slice.start, slice.stop, slice.step].compactMap(\.self)
            case .call(let callee, let arguments, _): pending += [callee] + arguments.expressions
            case .filter(let operand, let call), .test(let operand, let call):
                pending += [operand] + call.arguments.expressions
            }
        }
    }
}
