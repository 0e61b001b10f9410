/// What a tokenizer.json does to split text: one component of its `pre_tokenizer`.
enum PieceStep: Sendable {
    enum Prefix: Sendable {
        case always
        case first
        case never
    }

    /// Bytes become characters of GPT-2's alphabet.
    case byteLevel(addsSpace: Bool, splits: Bool)
    case split(TextPattern, SplitBehavior, isInverted: Bool)
    case whitespace
    case whitespaceSplit
    case bert
    case metaspace(replacement: [UInt8], Prefix, splits: Bool)
    case punctuation(SplitBehavior)
    case digits(individually: Bool)
    case delimiter([UInt8])
    case scripts
    case fixedLength(Int)

    private static let known = [
        "BertPreTokenizer", "ByteLevel", "CharDelimiterSplit", "Digits", "FixedLength", "Metaspace",
        "Punctuation", "Sequence", "Split", "UnicodeScripts", "Whitespace", "WhitespaceSplit",
    ]

    /// The steps of a component; a sequence has several.
    static func steps(_ field: ComponentField, depth: Int = 0) throws(TokenizerError) -> [PieceStep]
    {
        guard depth < 16 else { throw field.invalid("is nested too deeply") }
        switch try field.type() {
        case "Sequence":
            var steps: [PieceStep] = []
            for part in try field["pretokenizers"].array() {
                steps += try self.steps(part, depth: depth + 1)
            }
            return steps
        case "ByteLevel":
            let addsSpace = try field["add_prefix_space"].bool()
            let splits = try field["use_regex"].ifPresent?.bool() ?? true
            return [.byteLevel(addsSpace: addsSpace, splits: splits)]
        case "Split":
            let pattern = try TextPattern(field["pattern"])
            let behavior = try field["behavior"].choice(SplitBehavior.choices)
            return [.split(pattern, behavior, isInverted: try field["invert"].bool())]
        case "Whitespace": return [.whitespace]
        case "WhitespaceSplit": return [.whitespaceSplit]
        case "BertPreTokenizer": return [.bert]
        case "Metaspace":
            let (replacement, prefix) = try metaspace(field)
            let splits = try field["split"].ifPresent?.bool() ?? true
            return [.metaspace(replacement: replacement, prefix, splits: splits)]
        case "Punctuation":
            let behavior = try field["behavior"].ifPresent?.choice(SplitBehavior.choices)
            return [.punctuation(behavior ?? .isolated)]
        case "Digits":
            return [.digits(individually: try field["individual_digits"].bool())]
        case "CharDelimiterSplit", "Delimiter":
            return [.delimiter(utf8(try field["delimiter"].scalar()))]
        case "UnicodeScripts": return [.scripts]
        case "FixedLength":
            return [.fixedLength(try field["length"].ifPresent?.int(1...Int(Int32.max)) ?? 5)]
        case let type: throw field["type"].unknown(type, known: known)
        }
    }

    /// The replacement and where a prefix goes, also of the decoder of that name.
    static func metaspace(
        _ field: ComponentField
    ) throws(TokenizerError) -> (replacement: [UInt8], Prefix) {
        let replacement = utf8(try field["replacement"].scalar())
        var prefix =
            try field["prepend_scheme"].ifPresent?.choice([
                "always": Prefix.always, "first": .first, "never": .never,
            ]) ?? .always
        if try field["add_prefix_space"].ifPresent?.bool() == false {
            guard prefix == .never || field["prepend_scheme"].ifPresent == nil else {
                throw field["add_prefix_space"].invalid("contradicts prepend_scheme")
            }
            prefix = .never
        }
        return (replacement, prefix)
    }

    private static func utf8(_ scalar: UInt32) -> [UInt8] {
        var bytes: [UInt8] = []
        UTF8Text.append(scalar, to: &bytes)
        return bytes
    }

    private static let gpt2 = TextPattern.gpt2

    /// Does it to `text`.
    ///
    /// - Parameters:
    ///   - text: what to split.
    ///   - keepsBytes: leave bytes as they are where they would be written in GPT-2's alphabet.
    func apply(to text: inout PieceSequence, keepsBytes: Bool = false) {
        switch self {
        case .byteLevel(let addsSpace, let splits):
            if addsSpace { Self.addSpaces(&text) }
            if splits { text.split(.isolated, Self.gpt2.forEachMatch) }
            if !keepsBytes {
                text.rewrite { text, piece, _, result in
                    for index in piece {
                        UTF8Text.append(ByteLevelAlphabet.scalars[Int(text[index])], to: &result)
                    }
                }
            }
        case .split(let pattern, let behavior, let isInverted):
            text.split(behavior, isInverted: isInverted, pattern.forEachMatch)
        case .whitespace:
            Self.splitWords(&text)
        case .whitespaceSplit:
            text.split(at: PackageScalars.whitespace, .removed)
        case .bert:
            text.split(at: PackageScalars.whitespace, .removed)
            text.split(at: PackageScalars.punctuation, .isolated)
        case .metaspace(let replacement, let prefix, let splits):
            Self.replaceSpaces(&text, replacement, prefix)
            if splits { text.split(.mergedWithNext, TextPattern.text(replacement).forEachMatch) }
        case .punctuation(let behavior):
            text.split(at: PackageScalars.punctuation, behavior)
        case .digits(let individually):
            text.split(at: PackageScalars.numbers, individually ? .isolated : .contiguous)
        case .delimiter(let delimiter):
            text.split(.removed, TextPattern.text(delimiter).forEachMatch)
        case .scripts:
            Self.splitScripts(&text)
        case .fixedLength(let length):
            text.cut(everyScalars: length)
        }
    }

    private static func addSpaces(_ text: inout PieceSequence) {
        let bytes = text.text
        let span = bytes.span
        guard text.pieces.contains(where: { span[$0.lowerBound] != 0x20 }) else { return }
        text.rewrite { text, piece, _, result in
            if text[piece.lowerBound] != 0x20 { result.append(0x20) }
            for index in piece { result.append(text[index]) }
        }
    }

    private static func replaceSpaces(
        _ text: inout PieceSequence, _ replacement: [UInt8], _ prefix: Prefix
    ) {
        text.rewrite { text, piece, isFirst, result in
            var begins = text[piece.lowerBound] == 0x20
            if !begins, piece.count >= replacement.count {
                begins = replacement.indices.allSatisfy {
                    text[piece.lowerBound + $0] == replacement[$0]
                }
            }
            if !begins, prefix == .always || prefix == .first && isFirst {
                result.append(contentsOf: replacement)
            }
            for index in piece {
                if text[index] == 0x20 {
                    result.append(contentsOf: replacement)
                } else {
                    result.append(text[index])
                }
            }
        }
    }

    /// `\w+|[^\w\s]+`; what matches neither goes.
    private static func splitWords(_ text: inout PieceSequence) {
        func kind(_ scalar: UInt32) -> Int {
            PackageScalars.word.contains(scalar)
                ? 0 : PackageScalars.whitespace.contains(scalar) ? 1 : 2
        }
        text.cut { kind($0) != kind($1) }
        let bytes = text.text
        let span = bytes.span
        text.pieces.removeAll { kind(UTF8Text.scalar(in: span, at: $0.lowerBound).0) == 1 }
    }

    private static func splitScripts(_ text: inout PieceSequence) {
        var lastScript: Int?
        var result: [Range<Int>] = []
        let bytes = text.text
        let span = bytes.span
        for piece in text.pieces {
            lastScript = nil
            var start: Int?
            var position = piece.lowerBound
            while position < piece.upperBound {
                let (scalar, length) = UTF8Text.scalar(in: span, at: position)
                let script = Scripts.number(of: scalar)
                if script != Scripts.any, lastScript != script {
                    if let start { result.append(start..<position) }
                    start = position
                }
                if script != Scripts.any { lastScript = script }
                position += length
            }
            // What stands before the first script goes, as in the package.
            if let start { result.append(start..<piece.upperBound) }
        }
        text.pieces = result
    }
}

/// Scripts of scalars, numbered.
enum Scripts {
    /// Spaces, and scalars of no script that is known.
    static let any = 0

    /// The script of `scalar`; Chinese and Japanese ones count as one.
    static func number(of scalar: UInt32) -> Int {
        if scalar == 0x20 { return any }
        if scalar == 0x30FC { return han }
        var (low, high) = (0, runs.count)
        while low < high {
            let middle = (low + high) / 2
            if runs[middle].range.upperBound <= scalar { low = middle + 1 } else { high = middle }
        }
        guard low < runs.count, runs[low].range.contains(scalar) else { return any }
        return runs[low].script
    }

    private static let names = ScriptRuns.text.keys.sorted()
    private static let han = (names.firstIndex(of: "han") ?? 0) + 1
    private static let runs: [(range: Range<UInt32>, script: Int)] = {
        names.enumerated().flatMap { index, name in
            let isHan = name == "hiragana" || name == "katakana"
            // The package's table is of Unicode 9.
            return (ScriptRuns.set(named: name)?.assigned(by: 9).ranges ?? []).map {
                (range: $0, script: isHan ? han : index + 1)
            }
        }.sorted { $0.range.lowerBound < $1.range.lowerBound }
    }()
}
