extension TemplateBuiltins {
    static let orderFilters: [String: Filter] = [
        "sort": { (interpreter, value, arguments) throws(TemplateFault) in
            let bound = try arguments.bound(
                to: ["reverse", "case_sensitive", "attribute"], of: "sort")
            let paths = try attributePaths(bound[2])
            let elements = try interpreter.elements(of: value)
            var keyed: [(key: TemplateValue, value: TemplateValue)] = []
            for element in elements {
                var keys: [TemplateValue] = []
                for path in paths {
                    let key = try path?.value(in: element, interpreter) ?? element
                    keys.append(bound.flag(1) ? key : key.ignoringCase)
                }
                keyed.append((.list(keys), element))
            }
            return .list(try interpreter.sorted(keyed, descending: bound.flag(0)))
        },
        "dictsort": { (interpreter, value, arguments) throws(TemplateFault) in
            let bound = try arguments.bound(
                to: ["case_sensitive", "by", "reverse"], of: "dictsort")
            let by = try bound.string(1) ?? "key"
            guard by == "key" || by == "value" else {
                throw .invalid("You can only sort by either \"key\" or \"value\"")
            }
            guard case .dictionary(let members) = value else {
                throw .invalid("'\(value.typeName)' object has no attribute 'items'")
            }
            let keyed = members.elements.map { member in
                let key = by == "key" ? member.key : member.value
                return (
                    key: bound.flag(0) ? key : key.ignoringCase,
                    value: TemplateValue.tuple([member.key, member.value])
                )
            }
            return .list(try interpreter.sorted(keyed, descending: bound.flag(2)))
        },
        "unique": { (interpreter, value, arguments) throws(TemplateFault) in
            let bound = try arguments.bound(to: ["case_sensitive", "attribute"], of: "unique")
            let path = try AttributePath(optional: bound[1])
            return .iterator(
                TemplateIterator(later: { () throws(TemplateFault) in
                    var seen: Set<TemplateKey> = []
                    let items = try interpreter.iterator(over: value)
                    return TemplateIterator { () throws(TemplateFault) in
                        while let item = try items.next() {
                            let key = try path?.value(in: item, interpreter) ?? item
                            try interpreter.chargeWalk(over: key)
                            let folded = try TemplateKey(bound.flag(0) ? key : key.ignoringCase)
                            if seen.insert(folded).inserted { return item }
                        }
                        return nil
                    }
                }))
        },
        "groupby": { (interpreter, value, arguments) throws(TemplateFault) in
            try grouped(interpreter, value, arguments)
        },
        "min": extreme("min", isMinimum: true),
        "max": extreme("max", isMinimum: false),
    ]

    private static func extreme(_ name: String, isMinimum: Bool) -> Filter {
        { (interpreter, value, arguments) throws(TemplateFault) in
            let bound = try arguments.bound(to: ["case_sensitive", "attribute"], of: name)
            let path = try AttributePath(optional: bound[1])
            var best: (key: TemplateValue, value: TemplateValue)?
            for element in try interpreter.elements(of: value) {
                var key = try path?.value(in: element, interpreter) ?? element
                if !bound.flag(0) { key = key.ignoringCase }
                guard let current = best else {
                    best = (key, element)
                    continue
                }
                let (left, right) = isMinimum ? (key, current.key) : (current.key, key)
                if try interpreter.holds(left, .less, right) { best = (key, element) }
            }
            let cause = "No aggregated item, sequence was empty."
            return best?.value ?? .undefined(TemplateUndefined(cause: cause))
        }
    }

    private static func grouped(
        _ interpreter: TemplateInterpreter, _ value: TemplateValue, _ arguments: CallArguments
    ) throws(TemplateFault) -> TemplateValue {
        let bound = try arguments.bound(
            to: ["attribute", "default", "case_sensitive"], of: "groupby")
        let path = try AttributePath(try bound.required(0))
        var fallback = bound[1]
        if case .some(.none) = fallback { fallback = nil }
        var keyed: [(key: TemplateValue, value: TemplateValue)] = []
        for element in try interpreter.elements(of: value) {
            let key = try path.value(in: element, interpreter, fallback: fallback)
            // The key as it is travels along, to name the group by its first item's.
            keyed.append((bound.flag(2) ? key : key.ignoringCase, .tuple([key, element])))
        }
        var groups: [(key: TemplateValue, name: TemplateValue, items: [TemplateValue])] = []
        for case .tuple(let pair) in try interpreter.sorted(keyed, descending: false) {
            let key = bound.flag(2) ? pair[0] : pair[0].ignoringCase
            if let last = groups.last, try interpreter.holds(last.key, .equal, key) {
                groups[groups.count - 1].items.append(pair[1])
            } else {
                groups.append((key, pair[0], [pair[1]]))
            }
        }
        return .list(
            groups.map { .view(TemplateView(kind: .group, elements: [$0.name, .list($0.items)])) })
    }

    /// Several attributes are separated by commas; without any, the item itself is the key.
    private static func attributePaths(
        _ value: TemplateValue?
    ) throws(TemplateFault) -> [AttributePath?] {
        switch value {
        case nil, .some(.none): return [nil]
        case .string(let names), .markup(let names):
            var paths: [AttributePath?] = []
            for name in names.split(at: ",", maximum: nil, fromRight: false) {
                paths.append(try AttributePath(.string(name)))
            }
            return paths
        case .some(let value): return [try AttributePath(value)]
        }
    }
}

extension TemplateValue {
    /// Strings in lower case, for comparing.
    var ignoringCase: TemplateValue {
        asText.map { .string($0.pythonLowercased) } ?? self
    }
}

extension TemplateInterpreter {
    /// The values in the order of their keys; equal ones keep theirs, also when descending.
    func sorted(
        _ keyed: [(key: TemplateValue, value: TemplateValue)], descending: Bool
    ) throws(TemplateFault) -> [TemplateValue] {
        var items = keyed
        var merged = keyed
        var width = 1
        // Merging from below: a comparison may throw, which the standard library's sort, written
        // for untyped errors, would hide.
        while width < items.count {
            for start in stride(from: 0, to: items.count, by: 2 * width) {
                let middle = min(start + width, items.count)
                let end = min(start + 2 * width, items.count)
                var (left, right) = (start, middle)
                for index in start..<end {
                    var takesRight = left == middle
                    if left < middle, right < end {
                        try step()
                        let (later, earlier) =
                            descending
                            ? (items[left].key, items[right].key)
                            : (items[right].key, items[left].key)
                        takesRight = try holds(later, .less, earlier)
                    }
                    merged[index] = items[takesRight ? right : left]
                    if takesRight { right += 1 } else { left += 1 }
                }
            }
            swap(&items, &merged)
            width *= 2
        }
        return items.map(\.value)
    }
}
