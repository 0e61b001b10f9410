/// What every template finds by name.
enum TemplateBuiltins {
    typealias Filter =
        @Sendable (TemplateInterpreter, TemplateValue, CallArguments)
        throws(TemplateFault) -> TemplateValue

    typealias Test =
        @Sendable (TemplateInterpreter, TemplateValue, CallArguments) throws(TemplateFault) -> Bool

    static let filters: [String: Filter] = [
        textFilters, numberFilters, selectionFilters, sequenceFilters, orderFilters, valueFilters,
        markupFilters, refusedFilters,
    ].reduce(into: [:]) { all, group in all.merge(group) { first, _ in first } }

    /// Filters that make a difference between strings and those marked as HTML.
    static let markupAware: Set<String> = [
        "attr", "d", "default", "e", "escape", "format", "replace", "string",
    ]
    /// Filters whose result is marked where their value was.
    static let markupKeeping: Set<String> = [
        "capitalize", "center", "indent", "lower", "reverse", "trim", "truncate", "upper",
    ]

    /// Names outside of every scope; `now` is what `strftime_now` tells.
    static func globals(now: LocalTime) -> [TemplateFunction] {
        let clock = TemplateFunction("strftime_now") { (_, arguments) throws(TemplateFault) in
            let format = try arguments.bound(to: ["format"], of: "strftime_now").requiredString(0)
            return .string(now.formatted(format))
        }
        return fixedGlobals.map { TemplateFunction($0.key, body: $0.value) } + [clock]
    }

    private typealias Global =
        @Sendable (TemplateInterpreter, CallArguments) throws(TemplateFault) -> TemplateValue

    private static let fixedGlobals: [String: Global] = [
        "raise_exception": { (interpreter, arguments) throws(TemplateFault) in
            let bound = try arguments.bound(to: ["message"], of: "raise_exception")
            throw TemplateFault(.raised, try interpreter.text(of: try bound.required(0)))
        },
        "namespace": { (interpreter, arguments) throws(TemplateFault) in
            .object(try NamespaceObject(try dictionary(interpreter, arguments), interpreter))
        },
        "dict": { (interpreter, arguments) throws(TemplateFault) in
            .dictionary(try dictionary(interpreter, arguments))
        },
        "range": { (_, arguments) throws(TemplateFault) in try range(arguments) },
        "cycler": { (_, arguments) throws(TemplateFault) in
            guard !arguments.positional.isEmpty else {
                throw .invalid("at least one item has to be provided")
            }
            return .object(CyclerObject(arguments.positional))
        },
        "joiner": { (_, arguments) throws(TemplateFault) in
            let bound = try arguments.bound(to: ["sep"], of: "joiner")
            return .object(JoinerObject(bound[0] ?? .string(", ")))
        },
    ]

    /// Python's `dict(mapping or pairs, **members)`.
    private static func dictionary(
        _ interpreter: TemplateInterpreter, _ arguments: CallArguments
    ) throws(TemplateFault) -> TemplateDictionary {
        guard arguments.positional.count <= 1 else {
            throw .invalid("dict expected at most 1 argument, got \(arguments.positional.count)")
        }
        var members = TemplateDictionary()
        switch arguments.positional.first {
        case nil: break
        case .dictionary(let others): members = others
        case .some(let pairs):
            for pair in try interpreter.elements(of: pairs) {
                let parts = try interpreter.elements(of: pair)
                guard parts.count == 2 else { throw .invalid("dict needs pairs of key and value") }
                members[try TemplateKey(parts[0])] = parts[1]
            }
        }
        for (name, value) in arguments.named { members[name] = value }
        return members
    }

    private static func range(_ arguments: CallArguments) throws(TemplateFault) -> TemplateValue {
        let bound = try arguments.bound(to: ["start", "stop", "step"], of: "range")
        var limits: [Int] = []
        for index in 0..<3 {
            guard let value = bound[index] else { break }
            guard let integer = value.asInteger else {
                throw .invalid("'\(value.typeName)' object cannot be interpreted as an integer")
            }
            limits.append(integer)
        }
        guard let first = limits.first else { throw .invalid("range expected at least 1 argument") }
        let (start, stop) = limits.count > 1 ? (first, limits[1]) : (0, first)
        let step = limits.count > 2 ? limits[2] : 1
        guard step != 0 else { throw .invalid("range() arg 3 must not be zero") }
        let (distance, overflow) =
            step > 0
            ? stop.subtractingReportingOverflow(start) : start.subtractingReportingOverflow(stop)
        let isEmpty = step > 0 ? stop <= start : stop >= start
        let count = isEmpty ? 0 : Int((distance &- 1).magnitude / step.magnitude) + 1
        guard isEmpty || (!overflow && count <= TemplateLimits.rangeItems) else {
            let limit = TemplateLimits.rangeItems
            throw TemplateFault(.limitExceeded, "a range longer than \(limit) items")
        }
        return .range(TemplateRange(start: start, count: count, step: step, stop: stop))
    }
}
