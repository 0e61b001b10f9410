import Foundation
import StructuredJSON

/// The subschemas of one document, numbered as they are met; references are followed inside the document only.
struct SchemaDocument: Sendable {
    typealias NodeID = Int32

    /// The editions whose meanings differ.
    enum Draft: Sendable {
        /// Drafts 3 to 7: what stands beside `$ref` does not count.
        case seven
        case later
    }

    struct Node: Sendable {
        var value: JSONValue
        /// JSON pointer, for messages.
        var path: String
    }

    private struct ChildKey: Hashable {
        var parent: NodeID
        var first: String
        var second: String
    }

    let draft: Draft
    private let root: JSONValue
    private var nodes: [Node] = []
    private var children: [ChildKey: NodeID] = [:]
    private var made: [JSONValue: NodeID] = [:]
    private var targets: [String: NodeID] = [:]
    private var identifiers: [String: String]?
    private let rootIdentifier: String

    init(_ root: JSONValue) {
        self.root = root
        let declared = root["$schema"]?.string ?? ""
        draft =
            ["draft-03", "draft-04", "draft-05", "draft-06", "draft-07"]
                .contains { declared.contains($0) } ? .seven : .later
        rootIdentifier = Self.trimmed(root["$id"]?.string ?? root["id"]?.string ?? "")
        nodes.append(Node(value: root, path: "#"))
    }

    static let rootID: NodeID = 0

    subscript(id: NodeID) -> Node { nodes[Int(id)] }

    var count: Int { nodes.count }

    /// The subschema at `first`, or at `first/second`, below another; the value is the caller's, who has it already.
    mutating func child(
        of parent: NodeID, _ first: String, _ second: String, _ value: JSONValue
    ) -> NodeID {
        let key = ChildKey(parent: parent, first: first, second: second)
        if let id = children[key] { return id }
        let tail = second.isEmpty ? first : "\(first)/\(Self.escaped(second))"
        let id = add(Node(value: value, path: "\(nodes[Int(parent)].path)/\(tail)"))
        children[key] = id
        return id
    }

    mutating func child(of parent: NodeID, _ keyword: String, _ value: JSONValue) -> NodeID {
        child(of: parent, keyword, "", value)
    }

    /// A subschema that the document implies but does not write; equal ones get one number.
    mutating func implied(_ value: JSONValue, by node: NodeID) -> NodeID {
        if let id = made[value] { return id }
        let id = add(Node(value: value, path: nodes[Int(node)].path))
        made[value] = id
        return id
    }

    private mutating func add(_ node: Node) -> NodeID {
        nodes.append(node)
        return NodeID(nodes.count - 1)
    }

    private static func escaped(_ component: String) -> String {
        component.replacing("~", with: "~0").replacing("/", with: "~1")
    }

    // MARK: References

    /// What a `$ref` at `node` names.
    mutating func target(
        of reference: String, at node: NodeID
    ) throws(GrammarError) -> NodeID {
        if let id = targets[reference] { return id }
        let path = "\(nodes[Int(node)].path)/$ref"
        guard let (value, pointer) = find(reference) else {
            let isInside = reference.hasPrefix("#")
            throw GrammarError(
                isInside ? .invalid : .unsupported, at: path,
                isInside
                    ? "names \(reference.prefix(100)), which is not in this schema"
                    : "names \(reference.prefix(100)), which is not in this schema; put it under $defs"
            )
        }
        let id = pointer == "#" ? Self.rootID : add(Node(value: value, path: pointer))
        targets[reference] = id
        return id
    }

    private mutating func find(_ reference: String) -> (JSONValue, String)? {
        let parts = reference.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
        let base = String(parts[0])
        let fragment = parts.count > 1 ? String(parts[1]) : ""
        var start = "#"
        if !base.isEmpty, base != rootIdentifier {
            guard let pointer = identifier(base) else { return nil }
            start = pointer
        }
        if fragment.isEmpty { return value(at: start) }
        if fragment.hasPrefix("/") { return value(at: start + fragment) }
        return identifier("#" + fragment).flatMap { value(at: $0) }
    }

    private func value(at pointer: String) -> (JSONValue, String)? {
        var value = root
        for part in pointer.split(separator: "/", omittingEmptySubsequences: false).dropFirst() {
            let name = Self.decoded(String(part))
            if let member = value[name] {
                value = member
            } else if let index = Int(name), let element = value[index] {
                value = element
            } else {
                return nil
            }
        }
        return (value, pointer)
    }

    private static func decoded(_ part: String) -> String {
        (part.removingPercentEncoding ?? part)
            .replacing("~1", with: "/").replacing("~0", with: "~")
    }

    private static func trimmed(_ identifier: String) -> String {
        identifier.hasSuffix("#") ? String(identifier.dropLast()) : identifier
    }

    /// The place of an `$id` or an anchor.
    private mutating func identifier(_ name: String) -> String? {
        if identifiers == nil {
            var found: [String: String] = [:]
            var stack: [(JSONValue, String)] = [(root, "#")]
            while let (value, pointer) = stack.popLast() {
                if let elements = value.array {
                    for (index, element) in elements.enumerated() {
                        stack.append((element, "\(pointer)/\(index)"))
                    }
                }
                guard let object = value.object else { continue }
                for key in ["$id", "id"] {
                    guard let text = object[key]?.string else { continue }
                    let name = Self.trimmed(text)
                    if found[name] == nil { found[name] = pointer }
                    let absolute = joined(name)
                    if found[absolute] == nil { found[absolute] = pointer }
                }
                if let anchor = object["$anchor"]?.string, found["#" + anchor] == nil {
                    found["#" + anchor] = pointer
                }
                for (key, inner) in object {
                    stack.append((inner, "\(pointer)/\(Self.escaped(key))"))
                }
            }
            identifiers = found
        }
        return identifiers?[name] ?? identifiers?[joined(name)]
    }

    /// A relative identifier in the place of the root's last part.
    private func joined(_ name: String) -> String {
        guard !name.contains("://"), !name.hasPrefix("#"),
            let slash = rootIdentifier.lastIndex(of: "/")
        else { return name }
        return String(rootIdentifier[...slash])
            + (name.hasPrefix("/") ? name.dropFirst() : name[...])
    }
}
