import StructuredJSON

/// Turns subschemas into shapes, each when it is needed.
///
/// A set of subschemas that must all hold is expanded into alternatives without `allOf`, `anyOf`, `$ref` and the like
/// (a disjunctive normal form); negations are driven inwards on the way. Each alternative is a ``Shape``.
struct SchemaCompiler: Sendable {
    var document: SchemaDocument
    var pool: ExpressionPool
    let limits: GrammarLimits
    private(set) var shapes: [Shape] = []

    private var conjunctions: [[SchemaItem]] = []
    private var conjunctionIndex: [[SchemaItem]: ConjunctionID] = [:]
    private var expansions: [ConjunctionID: [Int32]] = [:]
    var patterns: [String: ExpressionPool.ID] = [:]
    var formats: [String: ExpressionPool.ID] = [:]
    var inhabited: [ConjunctionID: Bool] = [:]
    var underway: Set<ConjunctionID> = []
    /// The expansions at work now: an expansion asks for others to tell alternatives apart.
    private var expansionDepth = 0
    /// Any text.
    let anyText: ExpressionPool.ID

    init(_ schema: JSONValue, limits: GrammarLimits) {
        document = SchemaDocument(schema)
        pool = ExpressionPool(limits)
        self.limits = limits
        anyText = pool.anyText()
    }

    /// The number of a set of subschemas.
    mutating func conjunction(_ items: [SchemaItem]) -> ConjunctionID {
        var unique: [SchemaItem] = []
        for item in items.sorted() where unique.last != item {
            // `true` adds nothing.
            if !item.isNegated, document[item.node].value == .bool(true) { continue }
            unique.append(item)
        }
        if let id = conjunctionIndex[unique] { return id }
        let id = ConjunctionID(conjunctions.count)
        conjunctions.append(unique)
        conjunctionIndex[unique] = id
        return id
    }

    mutating func root() -> ConjunctionID {
        conjunction([SchemaItem(node: SchemaDocument.rootID)])
    }

    func items(of conjunction: ConjunctionID) -> [SchemaItem] {
        conjunctions[Int(conjunction)]
    }

    /// Where the subschemas stand, for messages.
    func path(of conjunction: ConjunctionID) -> String {
        conjunctions[Int(conjunction)].first.map { document[$0.node].path } ?? "#"
    }

    // MARK: Expansion

    /// An alternative in the making.
    struct Partial {
        var shape = Shape()
        var work: [(item: SchemaItem, owners: Set<SchemaDocument.NodeID>)] = []
        var seen: Set<SchemaItem> = []
        var forks: [(choices: [[SchemaItem]], owners: Set<SchemaDocument.NodeID>)] = []
    }

    /// The shapes of a set of subschemas; none where nothing satisfies them.
    mutating func expand(_ id: ConjunctionID) throws(GrammarError) -> [Int32] {
        if let known = expansions[id] { return known }
        guard expansionDepth < 40 else {
            throw GrammarError(
                .tooLarge, at: path(of: id),
                "nests alternatives that depend on one another too deeply")
        }
        expansionDepth += 1
        defer { expansionDepth -= 1 }
        var partial = Partial()
        partial.work = conjunctions[Int(id)].map { ($0, []) }
        var stack = [partial]
        var found: [Int32] = []
        var steps = 0
        while var partial = stack.popLast() {
            steps += 1
            pool.account.charge(
                WorkAccount.Price.alternative + 8 * (partial.seen.count + partial.work.count))
            if let failure = pool.account.failure(at: path(of: id)) { throw failure }
            guard steps <= 5_000, shapes.count < limits.maximumShapes else {
                throw GrammarError(
                    .tooLarge, at: path(of: id),
                    "combines into more alternatives than can be kept; use fewer anyOf and oneOf inside one another"
                )
            }
            guard try settle(&partial) else { continue }
            if let best = partial.forks.indices.min(by: {
                partial.forks[$0].choices.count < partial.forks[$1].choices.count
            }) {
                let fork = partial.forks.remove(at: best)
                for choice in fork.choices.reversed() {
                    var next = partial
                    next.work = choice.map { ($0, fork.owners) }
                    stack.append(next)
                }
                continue
            }
            for shape in try finished(partial.shape, at: path(of: id)) {
                found.append(Int32(shapes.count))
                shapes.append(shape)
            }
        }
        expansions[id] = found
        return found
    }

    /// Takes in all subschemas that leave no choice; false where they contradict each other.
    private mutating func settle(_ partial: inout Partial) throws(GrammarError) -> Bool {
        while let (item, owners) = partial.work.popLast() {
            guard partial.seen.insert(item).inserted else { continue }
            if partial.seen.contains(SchemaItem(node: item.node, isNegated: !item.isNegated)) {
                return false
            }
            switch document[item.node].value {
            case .bool(let holds):
                if holds == item.isNegated { return false }
            case .object(let schema):
                if item.isNegated {
                    try refute(schema, item.node, &partial)
                } else {
                    try assert(schema, item.node, owners, &partial)
                }
            default:
                throw GrammarError(
                    .invalid, at: document[item.node].path,
                    "must be a schema: an object, true or false")
            }
            if partial.shape.types.isEmpty { return false }
        }
        return true
    }

    /// The last touches: lists of values are checked against everything else.
    private mutating func finished(
        _ shape: Shape, at path: String
    ) throws(GrammarError) -> [Shape] {
        var shape = shape
        addUnevaluated(&shape)
        guard let constants = shape.constants else {
            return [shape]
        }
        shape.constants = nil
        var kept: [JSONValue] = []
        for value in constants where try admits(shape, value) {
            pool.account.charge(4 * min(kept.count, 200) + 4)
            if !kept.contains(where: { $0.isSame(as: value) }) || kept.count > 200 {
                kept.append(value)
            }
        }
        var result: [Shape] = []
        var scalars = Shape()
        scalars.constants = []
        scalars.types = []
        for value in kept {
            switch value {
            case .object(let members):
                var exact = Shape()
                exact.types = .object
                var clause = Shape.ObjectClause()
                for (name, member) in members {
                    let node = document.implied(["const": member], by: SchemaDocument.rootID)
                    clause.properties[ExactString(name)] = SchemaItem(node: node)
                    clause.names.append(name)
                    exact.require(name)
                }
                clause.additional = SchemaItem(
                    node: document.implied(false, by: SchemaDocument.rootID))
                exact.objects = [clause]
                result.append(exact)
            case .array(let elements):
                var exact = Shape()
                exact.types = .array
                var clause = Shape.ArrayClause()
                for element in elements {
                    let node = document.implied(["const": element], by: SchemaDocument.rootID)
                    clause.prefix.append(SchemaItem(node: node))
                }
                exact.arrays = [clause]
                exact.minimumItems = elements.count
                exact.maximumItems = elements.count
                result.append(exact)
            default:
                scalars.types.formUnion(ValueTypes(of: value))
                scalars.constants?.append(value)
            }
        }
        if !scalars.types.isEmpty { result.append(scalars) }
        return result
    }

    // MARK: Parts of a shape

    /// What a member of that name must be; `patternMatches` tells of each pattern whether it finds the name.
    mutating func conjunction(
        ofMember name: String, in shape: Shape
    ) -> ConjunctionID {
        var items: [SchemaItem] = []
        let key = ExactString(name)
        let bytes = Array(name.utf8)
        pool.account.charge(8 * shape.objects.count + 8)
        for clause in shape.objects {
            var isDeclared = false
            if let item = clause.properties[key] {
                items.append(item)
                isDeclared = true
            }
            for (expression, item) in clause.patterns where matches(expression, bytes) {
                items.append(item)
                isDeclared = true
            }
            if !isDeclared, let additional = clause.additional { items.append(additional) }
        }
        return conjunction(items)
    }

    /// Whether an expression that sees the end of the text matches it.
    mutating func matches(_ expression: ExpressionPool.ID, _ text: [UInt8]) -> Bool {
        var state = expression
        for byte in text {
            state = pool.step(state, byte)
            if state == ExpressionPool.nothing { return false }
        }
        return pool.acceptsEnd(state)
    }

    /// What the element at `index` must be.
    mutating func conjunction(ofElement index: Int, in shape: Shape) -> ConjunctionID {
        var items: [SchemaItem] = []
        for clause in shape.arrays {
            if index < clause.prefix.count {
                items.append(clause.prefix[index])
            } else if let rest = clause.rest {
                items.append(rest)
            }
        }
        return conjunction(items)
    }
}
