import FoundationEssentials
package import Logging
import StructuredJSON

/// Writes one line an event: text for people, or JSON for programs.
package struct LineLogHandler: LogHandler {
    package enum Format: String, Sendable, CaseIterable {
        case text
        case json
    }

    package var metadata: Logger.Metadata = [:]
    package var logLevel: Logger.Level

    private let format: Format
    private let write: @Sendable (String) -> Void

    /// `write` takes a line with its end; lines must not be mixed.
    package init(
        _ format: Format, level: Logger.Level, write: @escaping @Sendable (String) -> Void
    ) {
        self.format = format
        self.write = write
        logLevel = level
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        let fields = metadata.merging(event.metadata ?? [:]) { $1 }.sorted { $0.key < $1.key }
        let time = Date.now.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
        switch format {
        case .text:
            let texts = fields.map { " \($0)=\(Self.oneLine("\($1)"))" }
            let message = Self.oneLine("\(event.message)")
            write("\(time) \(event.level) \(message)\(texts.joined())\n")
        case .json:
            var object: JSONObject = [
                "time": .string(time), "level": .string(event.level.rawValue),
                "message": .string("\(event.message)"),
            ]
            for (key, value) in fields where object[key] == nil {
                object[key] = Self.json(value)
            }
            write(JSONValue.object(object).serialized() + "\n")
        }
    }

    /// What clients send must not make lines of its own.
    private static func oneLine(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case _ where scalar.value < 0x20 || scalar.value == 0x7F: result += "?"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    private static func json(_ value: Logger.Metadata.Value) -> JSONValue {
        switch value {
        case .string(let text): .string(text)
        case .stringConvertible(let number as Int): .integer(number)
        case .stringConvertible(let number as Double) where number.isFinite: .number(number)
        case .stringConvertible(let other): .string("\(other)")
        case .array(let values): .array(values.map(json))
        case .dictionary(let members):
            .object(
                JSONObject(
                    uniqueKeysWithValues: members.sorted { $0.key < $1.key }.map {
                        ($0.key, json($0.value))
                    }))
        }
    }
}
