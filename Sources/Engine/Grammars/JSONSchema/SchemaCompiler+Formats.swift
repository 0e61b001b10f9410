import StructuredJSON

extension SchemaCompiler {
    /// The texts of a format; `nil` for a name that JSON Schema does not define, which is an annotation only.
    mutating func format(
        _ name: String, _ node: SchemaDocument.NodeID
    ) throws(GrammarError) -> ExpressionPool.ID? {
        if let known = formats[name] { return known }
        guard let pattern = Self.formatPatterns[name] else {
            if Self.unenforceable.contains(name) {
                throw fault(.unsupported, node, "format", "'\(name)' cannot be enforced")
            }
            return nil
        }
        do throws(Pattern.Fault) {
            var parser = PatternParser(pattern)
            let expression = try pool.wholeMatch(try parser.parse())
            formats[name] = expression
            return expression
        } catch {
            throw fault(.invalid, node, "format", "the expression of '\(name)' \(error.message)")
        }
    }

    private static let unenforceable: Set<String> = [
        "idn-email", "idn-hostname", "iri", "iri-reference", "regex", "uri-template",
    ]

    private static let octet = "(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
    private static let ipv4 = "\(octet)(?:\\.\(octet)){3}"
    private static let hex = "[0-9A-Fa-f]{1,4}"

    /// RFC 4291, section 2.2: a double colon stands for at least one group of zeros.
    private static let ipv6: String = {
        let low = "(?:\(hex):\(hex)|\(ipv4))"
        var forms = ["(?:\(hex):){6}\(low)", "::(?:\(hex):){5}\(low)"]
        for before in 1...7 {
            let head = "(?:(?:\(hex):){0,\(before - 1)}\(hex))?"
            let after = 5 - before
            if after >= 1 {
                forms.append("\(head)::(?:\(hex):){\(after)}\(low)")
            } else if after == 0 {
                forms.append("\(head)::\(low)")
            } else if after == -1 {
                forms.append("\(head)::\(hex)")
            } else {
                forms.append("\(head)::")
            }
        }
        return "(?:\(forms.joined(separator: "|")))"
    }()

    /// RFC 3339, section 5.6, with the days that a month can have in some year.
    private static let date =
        "[0-9]{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)|02-(?:0[1-9]|1[0-9]|2[0-8]))"
    private static let leapDay =
        "(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)-02-29"
    private static let fullDate = "(?:\(date)|\(leapDay))"
    private static let time =
        "(?:[01][0-9]|2[0-3]):[0-5][0-9]:(?:[0-5][0-9])(?:\\.[0-9]+)?(?:[Zz]|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])"

    private static let label = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
    private static let hostname = "\(label)(?:\\.\(label))*"

    /// RFC 5321, section 4.1.2, without quoted local parts.
    private static let email: String = {
        let atom = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
        return "\(atom)(?:\\.\(atom))*@(?:\(hostname)|\\[\(ipv4)\\])"
    }()

    /// RFC 3986, appendix A.
    private static func uri(isReference: Bool, allowsRest: Bool = true) -> String {
        let unreserved = "A-Za-z0-9._~\\-"
        let encoded = "%[0-9A-Fa-f]{2}"
        let sub = "!$&'()*+,;="
        let character = "(?:[\(unreserved)\(sub):@]|\(encoded))"
        let user = "(?:(?:[\(unreserved)\(sub):]|\(encoded))*@)?"
        let name = "(?:[\(unreserved)\(sub)]|\(encoded))*"
        let literal = "\\[(?:\(ipv6)|v[0-9A-Fa-f]+\\.[\(unreserved)\(sub):]+)\\]"
        let authority = "\(user)(?:\(literal)|\(name))(?::[0-9]*)?"
        let segments = "(?:/\(character)*)*"
        let hierarchy =
            "(?://\(authority)\(segments)|/(?:\(character)+\(segments))?|\(character)+\(segments))?"
        let rest = "(?:\\?(?:\(character)|[/?])*)?(?:#(?:\(character)|[/?])*)?"
        let absolute = "[A-Za-z][A-Za-z0-9+.\\-]*:\(hierarchy)\(rest)"
        guard isReference else { return absolute }
        let plain = "(?:[\(unreserved)\(sub)@]|\(encoded))"
        let relative =
            "(?://\(authority)\(segments)|/(?:\(character)+\(segments))?|\(plain)+\(segments))?"
        return "(?:\(absolute)|\(relative)\(rest))"
    }

    private static let formatPatterns: [String: String] = {
        let pointer = "(?:/(?:[^/~]|~[01])*)*"
        let weeks = "P[0-9]+W"
        let clock = "T(?:[0-9]+H(?:[0-9]+M(?:[0-9]+S)?)?|[0-9]+M(?:[0-9]+S)?|[0-9]+S)"
        let calendar = "(?:[0-9]+D|[0-9]+M(?:[0-9]+D)?|[0-9]+Y(?:[0-9]+M(?:[0-9]+D)?)?)"
        return [
            "date": fullDate, "time": time, "date-time": "\(fullDate)[Tt]\(time)",
            "duration": "(?:\(weeks)|P(?:\(clock)|\(calendar)(?:\(clock))?))",
            "email": email, "hostname": hostname, "ipv4": ipv4, "ipv6": ipv6,
            "uuid": "[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}",
            "uri": uri(isReference: false), "uri-reference": uri(isReference: true),
            "json-pointer": pointer, "relative-json-pointer": "(?:0|[1-9][0-9]*)(?:#|\(pointer))",
        ]
    }()
}
