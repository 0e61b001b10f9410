import OrderedCollections

/// Every setting that there is, table by table.
package struct SettingsSchema: Sendable {
    /// A table of the file.
    package struct Group: Sendable {
        package let name: String
        package let help: String
        /// Whether it is `[[name]]` and may come several times.
        package let isList: Bool
        package let settings: [any AnySetting]

        package init(
            _ name: String, isList: Bool = false, _ help: String, _ settings: [any AnySetting]
        ) {
            precondition(
                settings.allSatisfy { $0.group == name }, "a setting is in a table not its own")
            self.name = name
            self.isList = isList
            self.help = help
            self.settings = settings
        }
    }

    package let groups: [Group]

    package init(_ groups: [Group]) {
        self.groups = groups
    }

    // MARK: Checking

    /// Checks every key and value of a document.
    ///
    /// - Throws: ``SettingsError`` for the first that is wrong; an unknown key's names the nearest.
    func check(_ root: TOMLNode) throws(SettingsError) {
        try check(root, path: "")
    }

    private func check(_ node: TOMLNode, path: String) throws(SettingsError) {
        guard case .table(let table) = node.value else { throw Self.noTable(path, node) }
        let group = groups.first { $0.name == path }
        for (name, child) in table {
            let key = path.isEmpty ? name : "\(path).\(name)"
            if let setting = group?.settings.first(where: { $0.name == name }) {
                try setting.check(child)
            } else if groups.contains(where: { $0.name == key && $0.isList }) {
                try checkList(child, key)
            } else if groups.contains(where: { $0.name == key || $0.name.hasPrefix(key + ".") }) {
                try check(child, path: key)
            } else {
                throw unknown(key, line: child.line)
            }
        }
    }

    private func checkList(_ node: TOMLNode, _ key: String) throws(SettingsError) {
        guard case .array(let elements) = node.value else {
            throw SettingsError(
                .wrongType, "\(key) must be a list of tables: write [[\(key)]] before each",
                key: key, line: node.line)
        }
        for element in elements { try check(element, path: key) }
    }

    private static func noTable(_ key: String, _ node: TOMLNode) -> SettingsError {
        SettingsError(
            .wrongType, "\(key) must be a table, not \(node.kind): write [\(key)]", key: key,
            line: node.line)
    }

    private func unknown(_ key: String, line: Int) -> SettingsError {
        let keys = groups.flatMap { [$0.name] + $0.settings.map(\.key) }
        // A key in the wrong table is nearer than any other word.
        let name = key.split(separator: ".").last.map(String.init) ?? key
        let moved = keys.first { $0 == name || $0.hasSuffix("." + name) }
        let nearest = moved ?? NearestName.of(key, among: keys)
        let hint = nearest.map { "did you mean \($0)?" } ?? "berth serve --print-config lists all"
        return SettingsError(
            .unknownKey, "there is no setting \(key); \(hint)", key: key, line: line)
    }

    // MARK: The documented file

    /// A file with every setting, its meaning and its default; what has no default is commented out.
    ///
    /// `opening` is what the file says about itself.
    package func documentedFile(opening: String) -> String {
        var text = Self.comment(opening)
        for group in groups {
            text += "\n" + Self.comment(group.help)
            // A list has no elements by default, so all of it is an example.
            let off = group.isList ? "#" : ""
            text += group.isList ? "#[[\(group.name)]]\n" : "[\(group.name)]\n"
            for setting in group.settings {
                text += "\n" + Self.comment(setting.help)
                if let value = setting.standardTOML {
                    text += "\(off)\(setting.name) = \(value)\n"
                } else {
                    text += "#\(setting.name) = \(setting.example ?? "")\n"
                }
            }
        }
        return text
    }

    /// Lines of at most 100 columns.
    private static func comment(_ text: String) -> String {
        var lines: [String] = []
        var line = "#"
        for word in text.split(separator: " ") {
            if line.count + word.count + 1 > 100 {
                lines.append(line)
                line = "#"
            }
            line += " " + word
        }
        return (lines + [line]).map { $0 + "\n" }.joined()
    }
}
