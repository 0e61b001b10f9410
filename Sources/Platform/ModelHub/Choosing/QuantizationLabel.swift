/// The quantization that a GGUF file's name tells, such as `Q4_K_M` or `UD-Q4_K_XL`.
///
/// A convention of publishers, not a format: the file's tensors may be of several types.
package enum QuantizationLabel {
    /// The order in which a file is taken when nobody says which.
    ///
    /// Four bits and a little first: the smallest files whose answers are hardly worse than those of the
    /// original, and the fastest to run. Then more bits, then fewer, then unquantized weights.
    package static let preference = [
        "Q4_K_M", "UD-Q4_K_XL", "Q4_K_XL", "Q4_K_L", "Q4_K_S", "Q4_0", "IQ4_NL", "IQ4_XS", "Q4_1",
        "MXFP4", "MXFP4_MOE", "Q5_K_M", "UD-Q5_K_XL", "Q5_K_L", "Q5_K_S", "Q5_0", "Q5_1", "Q6_K",
        "UD-Q6_K_XL", "Q6_K_L", "Q8_0", "UD-Q8_K_XL", "Q3_K_L", "Q3_K_XL", "UD-Q3_K_XL", "Q3_K_M",
        "IQ3_M", "IQ3_S", "Q3_K_S", "IQ3_XS", "IQ3_XXS", "BF16", "F16", "F32", "Q2_K_L", "Q2_K",
        "UD-Q2_K_XL", "IQ2_M", "IQ2_S", "IQ2_XS", "IQ2_XXS", "TQ2_0", "TQ1_0", "IQ1_M", "IQ1_S",
    ]

    /// A position in the order of preference; what is not in it comes last.
    static func rank(_ label: String?) -> Int {
        label.flatMap { preference.firstIndex(of: $0) } ?? preference.count
    }

    /// The label in a path, from the file's name or else its folder's; `nil` where there is none.
    package static func label(in path: RepositoryPath) -> String? {
        for component in path.components.suffix(2).reversed() {
            if let label = label(inName: GGUFName(component).stem) { return label }
        }
        return nil
    }

    /// The last label in a name; publishers put it behind the model's name.
    static func label(inName stem: String) -> String? {
        let segments = stem.uppercased().split { $0 == "-" || $0 == "." }
        for (index, segment) in segments.enumerated().reversed() {
            guard let label = label(inSegment: segment) else { continue }
            return index > 0 && segments[index - 1] == "UD" ? "UD-" + label : label
        }
        return nil
    }

    private static let tails: Set<Substring> = [
        "0", "1", "2", "3", "4", "8", "16", "32", "K", "S", "M", "L", "XS", "XXS", "XL", "XXL",
        "NL",
        "MOE",
    ]

    /// `Q4_K_M` in `MODEL_Q4_K_M`: a head at a boundary, and the tails behind it.
    private static func label(inSegment segment: Substring) -> String? {
        let words = segment.split(separator: "_")
        for (index, word) in words.enumerated().reversed() {
            guard let head = head(word) else { continue }
            let rest = words[(index + 1)...]
            guard rest.allSatisfy(tails.contains) else { continue }
            return ([head] + rest).joined(separator: "_")
        }
        return nil
    }

    private static func head(_ word: Substring) -> Substring? {
        switch word {
        case "F16", "FP16": return "F16"
        case "F32", "FP32": return "F32"
        case "BF16", "MXFP4": return word
        default:
            for prefix in ["Q", "IQ", "TQ"] where word.hasPrefix(prefix) {
                let digit = word.dropFirst(prefix.count)
                return digit.utf8.count == 1 && ("1"..."8").contains(digit) ? word : nil
            }
            return nil
        }
    }

    /// Whether what a person typed means that label: in any case, with or without `UD-`.
    static func matches(_ typed: String, _ label: String?) -> Bool {
        guard let label else { return false }
        let typed = typed.uppercased().replacing("FP16", with: "F16").replacing("FP32", with: "F32")
        return label == typed || label == "UD-" + typed
    }
}

/// A GGUF file's name without extension and part number.
struct GGUFName {
    let stem: String
    /// Its number and how many there are, both from 1; `nil` for a whole file.
    let part: (number: Int, count: Int)?

    init(_ name: Substring) {
        var stem = name
        if stem.lowercased().hasSuffix(".gguf") { stem = stem.dropLast(5) }
        // NAME-00001-of-00003
        let tail = stem.suffix(15)
        let digits = tail.dropFirst().prefix(5)
        let count = tail.suffix(5)
        guard tail.count == 15, tail.hasPrefix("-"), tail.dropFirst(6).hasPrefix("-of-"),
            let number = Self.number(digits), let parts = Self.number(count),
            (1...parts).contains(number)
        else {
            self.stem = String(stem)
            part = nil
            return
        }
        self.stem = String(stem.dropLast(15))
        part = (number, parts)
    }

    private static func number(_ digits: Substring) -> Int? {
        guard digits.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
            let number = Int(digits), number > 0
        else { return nil }
        return number
    }
}
