import Foundation
import StructuredJSON

/// The chat templates of a folder: chat_template.jinja and additional_chat_templates/, or `chat_template` in
/// tokenizer_config.json (a text, or a list of named ones), or chat_template.json.
///
/// The one named `default` becomes `tokenizer.chat_template`, another `tokenizer.chat_template.NAME`.
struct ChatTemplates {
    private(set) var values: [(key: String, value: GGUFTypedValue)] = []

    private static let additions = "additional_chat_templates"

    init(_ folder: ModelFolder) throws(CheckpointError) {
        if let text = try folder.text("chat_template.jinja") {
            add([("default", text)] + (try Self.additional(folder)))
            return
        }
        for name in ["tokenizer_config.json", "chat_template.json"] {
            guard let document = try folder.json(name) else { continue }
            do throws(JSONError) {
                guard let field = JSONField(document)["chat_template"].ifPresent else { continue }
                add(try Self.templates(field))
                return
            } catch {
                throw folder.error(name, error)
            }
        }
    }

    private static func templates(_ field: JSONField) throws(JSONError) -> [(String, String)] {
        if field.value?.array == nil { return [("default", try field.string())] }
        return try field.array().map { entry throws(JSONError) in
            (try entry["name"].string(), try entry["template"].string())
        }
    }

    private static func additional(_ folder: ModelFolder) throws(CheckpointError) -> [(
        String, String
    )] {
        guard folder.has(additions) else { return [] }
        let inner = ModelFolder(path: folder.path(additions))
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: inner.path)
        } catch {
            throw folder.error(
                .unreadable, additions, "folder",
                "cannot be listed: \(error.localizedDescription)")
        }
        var templates: [(String, String)] = []
        for name in names.sorted() where name.hasSuffix(".jinja") {
            guard let text = try inner.text(name) else { continue }
            templates.append((String(name.dropLast(".jinja".count)), text))
        }
        return templates
    }

    private mutating func add(_ templates: [(name: String, text: String)]) {
        var others: [String] = []
        for template in templates {
            if template.name == "default" {
                values.append(("tokenizer.chat_template", .string(template.text)))
            } else {
                others.append(template.name)
                values.append(
                    ("tokenizer.chat_template.\(template.name)", .string(template.text)))
            }
        }
        if !others.isEmpty { values.append(("tokenizer.chat_templates", .strings(others))) }
    }
}
