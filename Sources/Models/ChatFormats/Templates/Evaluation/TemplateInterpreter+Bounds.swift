/// What bounds the work, and the operations whose results can be much larger than their operands.
extension TemplateInterpreter {
    /// Counts one step.
    func step() throws(TemplateFault) {
        try charge(steps: 1)
    }

    /// Counts the making of a string of at most this size.
    func charge(bytes: Int) throws(TemplateFault) {
        try checkLength(bytes)
        try charge(steps: bytes / 64)
    }

    /// Counts the reading of a string scalar by scalar, which takes longer than copying its bytes.
    func charge(reading text: String) throws(TemplateFault) {
        try charge(steps: text.utf8.count / 12)
    }

    /// Counts the making of a list of this size.
    func charge(items: Int) throws(TemplateFault) {
        guard items <= limits.listItems else {
            throw TemplateFault(.limitExceeded, "a list longer than \(limits.listItems) items")
        }
        try charge(steps: items)
    }

    func checkLength(_ bytes: Int) throws(TemplateFault) {
        guard bytes > limits.stringBytes else { return }
        throw TemplateFault(.limitExceeded, "a string longer than \(limits.stringBytes) bytes")
    }

    func charge(steps count: Int) throws(TemplateFault) {
        steps = steps.addingClamped(count)
        guard steps > limits.steps else { return }
        throw TemplateFault(.limitExceeded, "more than \(limits.steps) steps")
    }

    // MARK: Sequences

    /// The items of anything that Python can iterate over.
    func elements(of value: TemplateValue) throws(TemplateFault) -> [TemplateValue] {
        switch value {
        case .undefined: return []
        case .list(let elements), .tuple(let elements): return elements
        case .view(let view): return view.elements
        case .dictionary(let members): return members.keys
        case .string(let text), .markup(let text):
            try charge(items: text.utf8.count)
            return text.unicodeScalars.map { .string(String($0)) }
        case .range(let range):
            try charge(items: range.count)
            return (0..<range.count).map { .integer(range[$0]) }
        case .iterator(let iterator):
            var elements: [TemplateValue] = []
            while let element = try iterator.next() {
                elements.append(element)
                try charge(items: 1)
                guard elements.count <= limits.listItems else {
                    throw TemplateFault(
                        .limitExceeded, "a list longer than \(limits.listItems) items")
                }
            }
            return elements
        default: throw .invalid("'\(value.typeName)' object is not iterable")
        }
    }

    /// The same, one at a time where the value itself makes them so.
    func iterator(over value: TemplateValue) throws(TemplateFault) -> TemplateIterator {
        if case .iterator(let iterator) = value { return iterator }
        return TemplateIterator(try elements(of: value))
    }

    // MARK: Strings

    func joined(_ parts: [String], separator: String) throws(TemplateFault) -> String {
        let separators = separator.utf8.count.multipliedClamped(by: max(parts.count - 1, 0))
        var bytes = min(separators, .max / 2)
        for part in parts { bytes = min(bytes + part.utf8.count, .max / 2) }
        try charge(bytes: bytes)
        return parts.joined(separator: separator)
    }

    func replacing(
        _ old: String, with new: String, in text: String, maximum: Int?
    ) throws(TemplateFault) -> String {
        let maximum = maximum.flatMap { $0 < 0 ? nil : $0 }
        try charge(bytes: text.utf8.count)
        try charge(reading: text)
        if new.utf8.count > old.utf8.count {
            let count = min(text.occurrences(of: old), maximum ?? .max)
            let growth = count.multipliedClamped(by: new.utf8.count - old.utf8.count)
            try charge(bytes: min(growth, .max / 2) + text.utf8.count)
        }
        return text.replacing(old, with: new, maximum: maximum)
    }

    /// `side` is where the text goes; in the middle, as Python, odd space first on the left when
    /// the width is odd.
    func padded(
        _ text: String, to width: Int, with fill: String, _ side: String.Side
    ) throws(TemplateFault) -> String {
        let missing = width - text.unicodeScalars.count
        guard missing > 0 else { return text }
        try charge(bytes: missing.multipliedClamped(by: fill.utf8.count))
        let left =
            switch side {
            case .left: 0
            case .right: missing
            case .both: missing / 2 + (missing & width & 1)
            }
        return String(repeating: fill, count: left) + text
            + String(repeating: fill, count: missing - left)
    }
}
