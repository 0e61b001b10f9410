/// One metric with all its label sets, as a scrape reads it.
package struct MetricFamily: Sendable, Equatable {
    package enum Kind: String, Sendable {
        case counter
        case gauge
        case histogram
    }

    package struct Sample: Sendable, Equatable {
        /// `_bucket`, `_sum` or `_count` in a histogram.
        package var suffix: String
        package var labels: [MetricLabel]
        package var value: Double

        package init(suffix: String = "", labels: [MetricLabel] = [], value: Double) {
            self.suffix = suffix
            self.labels = labels
            self.value = value
        }
    }

    package var name: String
    package var help: String
    package var kind: Kind
    package var samples: [Sample]

    package init(name: String, help: String, kind: Kind, samples: [Sample]) {
        self.name = name
        self.help = help
        self.kind = kind
        self.samples = samples
    }

    /// A metric that has one value and no labels.
    package init(_ name: String, _ help: String, _ kind: Kind, _ value: Double) {
        self.init(name: name, help: help, kind: kind, samples: [Sample(value: value)])
    }
}

/// A name and a value that tell one series of a metric from another.
package struct MetricLabel: Sendable, Hashable {
    package var name: String
    package var value: String

    package init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }
}

extension Sequence<MetricFamily> {
    /// Prometheus text exposition format 0.0.4.
    package func expositionText() -> String {
        var text = ""
        for family in self {
            let name = PrometheusName.metric(family.name)
            if !family.help.isEmpty {
                text += "# HELP \(name) \(PrometheusName.escaped(family.help))\n"
            }
            text += "# TYPE \(name) \(family.kind.rawValue)\n"
            for sample in family.samples {
                text += name + sample.suffix
                if !sample.labels.isEmpty {
                    let labels = sample.labels.map { label in
                        let value = PrometheusName.escaped(label.value, quote: true)
                        return "\(PrometheusName.label(label.name))=\"\(value)\""
                    }
                    text += "{" + labels.joined(separator: ",") + "}"
                }
                text += " \(PrometheusName.number(sample.value))\n"
            }
        }
        return text
    }
}

/// How names and values are spelled in the exposition format.
enum PrometheusName {
    /// Content type of the format.
    static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    /// Letters, digits, `_` and `:`, not starting with a digit; anything else becomes `_`.
    static func metric(_ name: String) -> String {
        sanitized(name, colons: true)
    }

    /// As ``metric(_:)``, without colons.
    static func label(_ name: String) -> String {
        sanitized(name, colons: false)
    }

    private static func sanitized(_ name: String, colons: Bool) -> String {
        var result = ""
        for scalar in name.unicodeScalars {
            switch scalar {
            case "a"..."z", "A"..."Z", "_": result.unicodeScalars.append(scalar)
            case "0"..."9":
                if result.isEmpty { result = "_" }
                result.unicodeScalars.append(scalar)
            case ":" where colons: result.unicodeScalars.append(scalar)
            default: result += "_"
            }
        }
        return result.isEmpty ? "_" : result
    }

    static func escaped(_ text: String, quote: Bool = false) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\"" where quote: result += "\\\""
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        // Whole numbers without a fraction are easier to read; all of these are exact.
        if abs(value) < 1e15, let integer = Int(exactly: value) { return "\(integer)" }
        return "\(value)"
    }
}
