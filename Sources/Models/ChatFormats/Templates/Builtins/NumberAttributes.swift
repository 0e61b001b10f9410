/// What Python's numbers and ranges know about themselves.
enum NumberAttributes {
    static func attribute(_ name: String, of value: TemplateValue) -> TemplateValue? {
        switch (value, name) {
        case (.number(let number), "real"): return .number(number)
        case (.number, "imag"): return .number(0)
        case (.number(let number), "is_integer"):
            return method(name, of: value) { .bool(number.isFinite && number == number.rounded()) }
        case (.bool, _), (.integer, _):
            guard let integer = value.asInteger else { return nil }
            switch name {
            case "real", "numerator": return .integer(integer)
            case "imag": return .integer(0)
            case "denominator": return .integer(1)
            case "bit_length":
                let bits = UInt.bitWidth - integer.magnitude.leadingZeroBitCount
                return method(name, of: value) { .integer(bits) }
            case "bit_count":
                let ones = integer.magnitude.nonzeroBitCount
                return method(name, of: value) { .integer(ones) }
            case "conjugate": return method(name, of: value) { .integer(integer) }
            default: return nil
            }
        case (.number(let number), "conjugate"):
            return method(name, of: value) { .number(number) }
        case (.range(let range), "start"): return .integer(range.start)
        case (.range(let range), "stop"): return .integer(range.stop)
        case (.range(let range), "step"): return .integer(range.step)
        default: return nil
        }
    }

    private static func method(
        _ name: String, of value: TemplateValue, _ result: @escaping () -> TemplateValue
    ) -> TemplateValue {
        .function(
            TemplateFunction(name, of: value) { (_, arguments) throws(TemplateFault) in
                try arguments.requireNone(of: name)
                return result()
            })
    }
}
