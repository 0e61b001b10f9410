import Foundation
import OrderedCollections

/// A file of settings that has been checked; or none, and then everything is at its default.
package struct SettingsDocument: Sendable {
    private let root: TOMLNode

    /// Most bytes of a file; far more than all settings take.
    private static let longest = 1 << 20

    /// Everything at its default.
    package init() {
        root = TOMLNode(.table([:]), line: 1)
    }

    /// - Throws: ``SettingsError`` with file and line.
    package init(path: String, schema: SettingsSchema) throws(SettingsError) {
        let data: Data
        do {
            data = try Data(contentsOf: URL(filePath: path))
        } catch {
            throw SettingsError(
                .unreadable, "the file cannot be read: \(error.localizedDescription)", file: path)
        }
        guard data.count <= Self.longest else {
            throw SettingsError(
                .unreadable, "the file has \(data.count) bytes; this is no file of settings",
                file: path)
        }
        guard let text = String(data: data, encoding: .utf8) else {
            throw SettingsError(.unreadable, "the file is not written in UTF-8", file: path)
        }
        try self.init(text: text, file: path, schema: schema)
    }

    /// - Throws: ``SettingsError`` with the line.
    package init(
        text: String, file: String? = nil, schema: SettingsSchema
    ) throws(SettingsError) {
        do {
            root = try TOMLParser.parse(text)
            try schema.check(root)
        } catch {
            var error = error
            error.file = file
            throw error
        }
    }

    private init(root: TOMLNode) {
        self.root = root
    }

    /// What the file says, or the default.
    package subscript<Value>(_ setting: Setting<Value>) -> Value {
        given(setting) ?? setting.standard
    }

    /// What the file says; `nil` where it says nothing.
    package func given<Value>(_ setting: Setting<Value>) -> Value? {
        node(at: setting.group.split(separator: ".") + [setting.name[...]]).flatMap { Value($0) }
    }

    /// The elements of a list of tables, each to be asked for the settings of that list.
    package func elements(of group: String) -> [SettingsDocument] {
        guard case .array(let nodes)? = node(at: group.split(separator: "."))?.value else {
            return []
        }
        // Each stands where a table of that name would.
        return nodes.map { SettingsDocument(root: TOMLNode(.table([group: $0]), line: $0.line)) }
    }

    private func node(at path: [Substring]) -> TOMLNode? {
        var node = root
        for name in path {
            guard case .table(let table) = node.value, let child = table[String(name)] else {
                return nil
            }
            node = child
        }
        return node
    }
}
