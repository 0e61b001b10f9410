/// What `namespace()` makes: the one thing that a template can change.
final class NamespaceObject: TemplateObject {
    private var members: TemplateDictionary
    /// Kept, since a namespace may hold itself.
    private var depth: Int

    init(
        _ members: TemplateDictionary, _ interpreter: TemplateInterpreter
    ) throws(TemplateFault) {
        self.members = members
        self.depth = try interpreter.nesting(of: members.values)
    }

    func set(
        _ name: String, to value: TemplateValue, _ interpreter: TemplateInterpreter
    ) throws(TemplateFault) {
        depth = max(depth, try interpreter.nesting(of: [value]))
        members[name] = value
    }

    func nesting(_ interpreter: TemplateInterpreter) -> Int {
        depth
    }

    let typeName = "Namespace"

    func attribute(_ name: String) -> TemplateValue? {
        members[name]
    }
}

/// `loop`, inside of one.
final class LoopState: TemplateObject {
    let typeName = "LoopContext"
    private let iterator: TemplateIterator
    private let source: TemplateValue
    private let depth: Int
    private let recursion: (loop: LoopSyntax, scope: TemplateScope)?
    private var index = -1
    private var previous: TemplateValue?
    private var current: TemplateValue?
    /// Items that were looked at before their turn, the next one last.
    private var ahead: [TemplateValue] = []
    private var lastChanged: [TemplateValue]?
    /// The number of items, once it was asked for.
    private var total: Int?

    init(
        _ iterator: TemplateIterator, source: TemplateValue, depth: Int,
        recursion: (loop: LoopSyntax, scope: TemplateScope)?
    ) {
        self.iterator = iterator
        self.source = source
        self.depth = depth
        self.recursion = recursion
    }

    func nesting(_ interpreter: TemplateInterpreter) throws(TemplateFault) -> Int {
        try interpreter.nesting(of: [source])
    }

    /// Steps to the next item.
    func advance() throws(TemplateFault) -> TemplateValue? {
        guard let next = ahead.isEmpty ? try iterator.next() : ahead.removeLast() else {
            return nil
        }
        index += 1
        (previous, current) = (current, next)
        return next
    }

    private func peek() throws(TemplateFault) -> TemplateValue? {
        if ahead.isEmpty, let next = try iterator.next() { ahead.append(next) }
        return ahead.last
    }

    private func length() throws(TemplateFault) -> Int {
        if let total { return total }
        var rest: [TemplateValue] = ahead.reversed()
        while let next = try iterator.next() { rest.append(next) }
        ahead = rest.reversed()
        let count = index + 1 + ahead.count
        total = count
        return count
    }

    func attribute(_ name: String) throws(TemplateFault) -> TemplateValue? {
        switch name {
        case "index": return .integer(index + 1)
        case "index0": return .integer(index)
        case "first": return .bool(index == 0)
        case "last": return .bool(try peek() == nil)
        case "length": return .integer(try length())
        case "revindex": return .integer(try length() - index)
        case "revindex0": return .integer(try length() - index - 1)
        case "previtem":
            return previous ?? .undefined(TemplateUndefined(cause: "there is no previous item"))
        case "nextitem":
            return try peek() ?? .undefined(TemplateUndefined(cause: "there is no next item"))
        case "depth": return .integer(depth)
        case "depth0": return .integer(depth - 1)
        case "cycle", "changed":
            return .function(
                TemplateFunction(name) { [self] (_, arguments) throws(TemplateFault) in
                    name == "cycle" ? try cycle(arguments) : .bool(changed(arguments))
                })
        default: return nil
        }
    }

    private func cycle(_ arguments: CallArguments) throws(TemplateFault) -> TemplateValue {
        guard !arguments.positional.isEmpty else { throw .invalid("no items for cycling given") }
        return arguments.positional[index % arguments.positional.count]
    }

    private func changed(_ arguments: CallArguments) -> Bool {
        defer { lastChanged = arguments.positional }
        guard let lastChanged else { return true }
        return !TemplateValue.list(lastChanged).isEqual(to: .list(arguments.positional))
    }

    /// `loop(items)` runs a recursive loop's body again.
    func call(
        _ interpreter: TemplateInterpreter, _ arguments: CallArguments
    ) throws(TemplateFault) -> TemplateValue {
        guard let recursion else {
            throw .invalid("The loop must have the 'recursive' marker to be called recursively.")
        }
        let sequence = try arguments.bound(to: ["iterable"], of: "loop").required(0)
        return interpreter.markedIfEscaping(
            try interpreter.runLoop(
                recursion.loop, over: sequence, in: recursion.scope, depth: depth + 1))
    }
}

/// A macro, or the body of a `call` block.
final class MacroObject: TemplateObject {
    let typeName = "Macro"
    let syntax: MacroSyntax
    let scope: TemplateScope
    /// Whether its body escapes what it writes, as the place where it stands does.
    let autoescapes: Bool

    init(_ syntax: MacroSyntax, scope: TemplateScope, autoescapes: Bool) {
        self.autoescapes = autoescapes
        self.syntax = syntax
        self.scope = scope
    }

    /// What a macro sees is let go of by the interpreter, scope by scope.
    func nesting(_ interpreter: TemplateInterpreter) -> Int {
        0
    }

    func attribute(_ name: String) -> TemplateValue? {
        switch name {
        case "name": .string(syntax.name)
        case "arguments": .tuple(syntax.parameters.map { .string($0.name) })
        case "catch_kwargs": .bool(syntax.implicitNames.contains("kwargs"))
        case "catch_varargs": .bool(syntax.implicitNames.contains("varargs"))
        case "caller": .bool(syntax.implicitNames.contains("caller"))
        default: nil
        }
    }

    func call(
        _ interpreter: TemplateInterpreter, _ arguments: CallArguments
    ) throws(TemplateFault) -> TemplateValue {
        let text = try interpreter.runMacro(self) { scope throws(TemplateFault) in
            try self.bind(arguments, in: scope, interpreter)
        }
        return interpreter.markedIfEscaping(text)
    }

    private func bind(
        _ arguments: CallArguments, in scope: TemplateScope, _ interpreter: TemplateInterpreter
    ) throws(TemplateFault) {
        var named = TemplateDictionary()
        for (name, value) in arguments.named { named[name] = value }
        for (index, parameter) in syntax.parameters.enumerated() {
            var value = named[parameter.name]
            if index < arguments.positional.count {
                value = arguments.positional[index]
            } else if named[parameter.name] != nil {
                named[parameter.name] = nil
            } else if let expression = parameter.defaultValue {
                value = try interpreter.evaluate(expression)
            }
            let cause = "parameter '\(parameter.name)' was not provided"
            let bound = value ?? .undefined(TemplateUndefined(cause: cause))
            try interpreter.checkNesting(of: bound)
            scope[parameter.variable] = bound
        }
        if syntax.implicitNames.contains("caller") {
            let noCaller = TemplateValue.undefined(TemplateUndefined(cause: "No caller defined"))
            scope["caller"] = named["caller"] ?? noCaller
            named["caller"] = nil
        }
        if syntax.implicitNames.contains("kwargs") {
            try interpreter.checkNesting(of: .dictionary(named))
            scope["kwargs"] = .dictionary(named)
        } else if let name = arguments.named.first(where: { named[$0.name] != nil })?.name {
            throw .invalid("macro '\(syntax.name)' takes no keyword argument '\(name)'")
        }
        let extra = arguments.positional.dropFirst(syntax.parameters.count)
        if syntax.implicitNames.contains("varargs") {
            try interpreter.checkNesting(of: .tuple(Array(extra)))
            scope["varargs"] = .tuple(Array(extra))
        } else if !extra.isEmpty {
            throw .invalid(
                "macro '\(syntax.name)' takes not more than \(syntax.parameters.count) argument(s)")
        }
    }
}

/// `self`: every block as a function that gives what the block writes.
final class BlocksObject: TemplateObject {
    let typeName = "TemplateReference"
    private let blocks: [String: BlockSyntax]

    init(_ blocks: [String: BlockSyntax]) {
        self.blocks = blocks
    }

    func nesting(_ interpreter: TemplateInterpreter) -> Int {
        0
    }

    func attribute(_ name: String) -> TemplateValue? {
        guard let block = blocks[name] else { return nil }
        return .function(
            TemplateFunction(name) { (interpreter, arguments) throws(TemplateFault) in
                try arguments.requireNone(of: name)
                let text = try interpreter.capture { () throws(TemplateFault) in
                    try interpreter.run(block)
                }
                return interpreter.markedIfEscaping(text)
            })
    }
}

/// `cycler(...)`: one value after the other.
final class CyclerObject: TemplateObject {
    let typeName = "Cycler"
    private let items: [TemplateValue]
    private var position = 0

    init(_ items: [TemplateValue]) {
        self.items = items
    }

    func nesting(_ interpreter: TemplateInterpreter) throws(TemplateFault) -> Int {
        try interpreter.nesting(of: items)
    }

    func attribute(_ name: String) -> TemplateValue? {
        switch name {
        case "current": items[position]
        case "next", "reset":
            .function(
                TemplateFunction(name) { [self] (_, arguments) throws(TemplateFault) in
                    try arguments.requireNone(of: name)
                    let value = items[position]
                    position = name == "reset" ? 0 : (position + 1) % items.count
                    return name == "reset" ? .none : value
                })
        default: nil
        }
    }
}

/// `joiner(separator)`: nothing the first time, the separator from then on.
final class JoinerObject: TemplateObject {
    let typeName = "Joiner"
    private let separator: TemplateValue
    private var isUsed = false

    init(_ separator: TemplateValue) {
        self.separator = separator
    }

    func nesting(_ interpreter: TemplateInterpreter) throws(TemplateFault) -> Int {
        try interpreter.nesting(of: [separator])
    }

    func attribute(_ name: String) -> TemplateValue? {
        name == "sep" ? separator : nil
    }

    func call(
        _ interpreter: TemplateInterpreter, _ arguments: CallArguments
    ) throws(TemplateFault) -> TemplateValue {
        try arguments.requireNone(of: "joiner")
        defer { isUsed = true }
        return isUsed ? separator : .string("")
    }
}
