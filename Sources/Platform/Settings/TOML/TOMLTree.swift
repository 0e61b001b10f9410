import OrderedCollections

/// The document so far, and what may still be added where.
struct TOMLTree {
    /// Tables are classes while they are built, because headers come back to them.
    private final class Branch {
        enum Kind {
            /// Named by a longer header only; may get one of its own.
            case implied
            /// Has its header.
            case header
            /// Made by a dotted key; closed to headers.
            case dotted
            /// The elements of `[[name]]`.
            case list
        }

        enum Child {
            case value(TOMLNode)
            case branch(Branch)
        }

        var kind: Kind
        let line: Int
        var children: OrderedDictionary<String, Child> = [:]
        /// Elements, of a list only.
        var elements: [Branch] = []

        init(_ kind: Kind, line: Int) {
            self.kind = kind
            self.line = line
        }

        var node: TOMLNode {
            if kind == .list { return TOMLNode(.array(elements.map(\.node)), line: line) }
            return TOMLNode(
                .table(
                    children.mapValues { child in
                        switch child {
                        case .value(let node): node
                        case .branch(let branch): branch.node
                        }
                    }), line: line)
        }
    }

    private let top = Branch(.header, line: 1)
    /// Where the last header led.
    private var current: Branch

    init() {
        current = top
    }

    var root: TOMLNode { top.node }

    /// A header `[path]`, or `[[path]]` for a new element of a list.
    mutating func open(_ path: [String], isList: Bool, line: Int) throws(SettingsError) {
        var branch = top
        for name in path.dropLast() {
            branch = try step(into: name, of: branch, making: .implied, path, line)
        }
        let name = path[path.count - 1]
        switch branch.children[name] {
        case nil:
            let new = Branch(isList ? .list : .header, line: line)
            branch.children[name] = .branch(new)
            current = isList ? element(of: new, line: line) : new
        case .branch(let known) where isList && known.kind == .list:
            current = element(of: known, line: line)
        case .branch(let known) where !isList && known.kind == .implied:
            known.kind = .header
            current = known
        case .some: throw Self.twice(path, line)
        }
    }

    /// A value below the last header.
    mutating func insert(
        _ node: TOMLNode, at key: [String], below header: [String], line: Int
    ) throws(SettingsError) {
        let path = header + key
        var branch = current
        for name in key.dropLast() {
            if case .branch(let known)? = branch.children[name], known.kind != .dotted {
                throw Self.twice(path, line)
            }
            branch = try step(into: name, of: branch, making: .dotted, path, line)
        }
        let name = key[key.count - 1]
        guard branch.children[name] == nil else { throw Self.twice(path, line) }
        branch.children[name] = .value(node)
    }

    private func step(
        into name: String, of branch: Branch, making kind: Branch.Kind, _ path: [String],
        _ line: Int
    ) throws(SettingsError) -> Branch {
        switch branch.children[name] {
        case nil:
            let new = Branch(kind, line: line)
            branch.children[name] = .branch(new)
            return new
        case .branch(let known): return known.elements.last ?? known
        case .value: throw Self.twice(path, line)
        }
    }

    private func element(of list: Branch, line: Int) -> Branch {
        let new = Branch(.header, line: line)
        list.elements.append(new)
        return new
    }

    private static func twice(_ path: [String], _ line: Int) -> SettingsError {
        let name = path.joined(separator: ".")
        return SettingsError(
            .syntax, "\(name) is set twice, or as two different things", key: name, line: line)
    }
}
