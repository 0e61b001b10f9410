import StructuredJSON

/// How Python prints values.
extension TemplateValue {
    /// For messages: of a value that holds others, only its type.
    var briefRepresentation: String {
        switch self {
        case .list, .tuple, .dictionary, .view: "<\(typeName)>"
        default: representation
        }
    }

    /// Python's `repr`: strings are quoted.
    ///
    /// May be very long: see ``TemplateInterpreter/representation(of:)``.
    var representation: String {
        var text = ""
        appendRepresentation(to: &text)
        return text
    }

    private func appendRepresentation(to text: inout String) {
        switch self {
        case .undefined: text += "Undefined"
        case .none: text += "None"
        case .bool(let value): text += value ? "True" : "False"
        case .integer(let value): text += String(value)
        case .big(let value): text += value.digits
        case .number(let value): text += value.shortestText
        case .string(let value): value.appendPythonLiteral(to: &text)
        case .markup(let value):
            text += "Markup("
            value.appendPythonLiteral(to: &text)
            text += ")"
        case .list(let elements): Self.append(elements, "[", "]", to: &text)
        case .tuple(let elements):
            Self.append(elements, "(", elements.count == 1 ? ",)" : ")", to: &text)
        case .dictionary(let members):
            text += "{"
            for (index, member) in members.elements.enumerated() {
                if index > 0 { text += ", " }
                member.key.appendRepresentation(to: &text)
                text += ": "
                member.value.appendRepresentation(to: &text)
            }
            text += "}"
        case .view(let view) where view.kind == .group:
            Self.append(view.elements, "(", ")", to: &text)
        case .view(let view):
            text += view.kind.rawValue
            Self.append(view.elements, "([", "])", to: &text)
        case .range(let range):
            text += "range(\(range.start), \(range.stop)"
            text += range.step == 1 ? ")" : ", \(range.step))"
        case .iterator: text += "<generator object template at 0x0>"
        case .function(let function): text += "<function \(function.name) at 0x0>"
        case .object(let object): text += "<\(object.typeName)>"
        }
    }

    private static func append(
        _ elements: [TemplateValue], _ open: String, _ close: String, to text: inout String
    ) {
        text += open
        for (index, element) in elements.enumerated() {
            if index > 0 { text += ", " }
            element.appendRepresentation(to: &text)
        }
        text += close
    }
}

extension String {
    /// The string as Python's `repr` quotes it: in single quotes where it can be.
    fileprivate func appendPythonLiteral(to text: inout String) {
        let quote: UnicodeScalar =
            utf8.contains(UInt8(ascii: "'")) && !utf8.contains(UInt8(ascii: "\"")) ? "\"" : "'"
        text.unicodeScalars.append(quote)
        for scalar in unicodeScalars {
            switch scalar {
            case quote, "\\": text += "\\\(scalar)"
            case "\n": text += "\\n"
            case "\r": text += "\\r"
            case "\t": text += "\\t"
            default:
                if scalar.isPythonPrintable {
                    text.unicodeScalars.append(scalar)
                } else {
                    text += scalar.pythonEscape
                }
            }
        }
        text.unicodeScalars.append(quote)
    }
}

extension UnicodeScalar {
    var isPythonPrintable: Bool {
        switch properties.generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator,
            .paragraphSeparator:
            false
        case .spaceSeparator: self == " "
        default: true
        }
    }

    var pythonEscape: String {
        let (prefix, width) = value <= 0xFF ? ("\\x", 2) : value <= 0xFFFF ? ("\\u", 4) : ("\\U", 8)
        let digits = String(value, radix: 16)
        return prefix + String(repeating: "0", count: width - digits.count) + digits
    }
}
