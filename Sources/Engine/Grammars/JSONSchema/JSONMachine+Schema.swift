import StructuredJSON

extension JSONMachine {
    /// How many sets of subschemas are looked at before the first text; the rest are when a text reaches them.
    private static let checkedAhead = 400

    /// Compiles a schema: finds what cannot be enforced, as far as it looks ahead.
    init(
        schema: JSONValue, formatting: JSONFormatting, limits: GrammarLimits
    ) throws(GrammarError) {
        self.init(
            SchemaCompiler(schema, limits: limits), formatting: formatting, limits: limits)
        guard try schemas.isInhabited(rootConjunction) else {
            throw GrammarError(
                .unsatisfiable, at: "#",
                "no value satisfies this schema; its parts contradict each other")
        }
        try lookAhead()
        if let failure { throw failure }
    }

    /// Expands everything in reach, so that errors come before the first token.
    private mutating func lookAhead() throws(GrammarError) {
        var queue = [rootConjunction]
        var seen: Set<ConjunctionID> = [rootConjunction]
        var position = 0
        while position < queue.count, position < Self.checkedAhead {
            let id = queue[position]
            position += 1
            for index in try schemas.expand(id) {
                let shape = schemas.shapes[Int(index)]
                var inner: [ConjunctionID] = []
                if shape.types.contains(.object) {
                    var names: Set<ExactString> = []
                    for clause in shape.objects {
                        for name in clause.names where names.insert(ExactString(name)).inserted {
                            inner.append(schemas.conjunction(ofMember: name, in: shape))
                        }
                        for (_, item) in clause.patterns {
                            inner.append(schemas.conjunction([item]))
                        }
                    }
                    inner.append(schemas.conjunction(shape.objects.compactMap(\.additional)))
                }
                if shape.types.contains(.array) {
                    if shape.hasUniqueItems, shape.maximumItems ?? .max > 1 {
                        throw GrammarError(
                            .unsupported, at: schemas.path(of: id) + "/uniqueItems",
                            "cannot be enforced")
                    }
                    let prefix = shape.arrays.map(\.prefix.count).max() ?? 0
                    for place in 0...prefix {
                        inner.append(schemas.conjunction(ofElement: place, in: shape))
                    }
                    for contained in shape.contained {
                        inner.append(schemas.conjunction([contained.item]))
                    }
                }
                for id in inner where seen.insert(id).inserted { queue.append(id) }
            }
        }
    }
}
