/// What a tokenizer.json does to text before it is split.
indirect enum TextNormalizer: Sendable {
    case sequence([TextNormalizer])
    case form(NormalForms.Form)
    case lowercase
    case strip(left: Bool, right: Bool)
    case stripAccents
    case replace(TextPattern, with: [UInt8])
    case prepend([UInt8])
    case bert(cleansText: Bool, separatesChinese: Bool, stripsAccents: Bool, lowercases: Bool)
    case nmt
    case precompiled(PrecompiledNormalizer)
    case byteLevel

    private static let known = [
        "BertNormalizer", "ByteLevel", "Lowercase", "NFC", "NFD", "NFKC", "NFKD", "Nmt",
        "Precompiled", "Prepend", "Replace", "Sequence", "Strip", "StripAccents",
    ]

    init(_ field: ComponentField, depth: Int = 0) throws(TokenizerError) {
        guard depth < 16 else { throw field.invalid("is nested too deeply") }
        switch try field.type() {
        case "Sequence":
            var parts: [TextNormalizer] = []
            for part in try field["normalizers"].array() {
                parts.append(try TextNormalizer(part, depth: depth + 1))
            }
            self = .sequence(parts)
        case "NFC": self = .form(.nfc)
        case "NFD": self = .form(.nfd)
        case "NFKC": self = .form(.nfkc)
        case "NFKD": self = .form(.nfkd)
        case "Lowercase": self = .lowercase
        case "Strip":
            self = .strip(
                left: try field["strip_left"].bool(), right: try field["strip_right"].bool())
        case "StripAccents": self = .stripAccents
        case "Replace":
            self = .replace(
                try TextPattern(field["pattern"]), with: Array(try field["content"].string().utf8))
        case "Prepend": self = .prepend(Array(try field["prepend"].string().utf8))
        case "BertNormalizer":
            let lowercases = try field["lowercase"].bool()
            self = .bert(
                cleansText: try field["clean_text"].bool(),
                separatesChinese: try field["handle_chinese_chars"].bool(),
                stripsAccents: try field["strip_accents"].ifPresent?.bool() ?? lowercases,
                lowercases: lowercases)
        case "Nmt": self = .nmt
        case "Precompiled":
            self = .precompiled(try PrecompiledNormalizer(field["precompiled_charsmap"]))
        case "ByteLevel": self = .byteLevel
        case let type: throw field["type"].unknown(type, known: Self.known)
        }
    }

    /// Normalizes `text`; `keepsStart` becomes false when what it began with is gone.
    func normalize(_ text: inout [UInt8], keepsStart: inout Bool) {
        switch self {
        case .sequence(let parts):
            for part in parts { part.normalize(&text, keepsStart: &keepsStart) }
        case .form(let form):
            if let result = NormalForms.unicode9.normalized(text, form) { text = result }
        case .lowercase:
            Self.map(&text) { PackageScalars.appendLowercase(of: $0, to: &$1) }
        case .strip(let left, let right):
            Self.strip(&text, left, right, &keepsStart)
        case .stripAccents:
            Self.filter(&text, without: PackageScalars.marks, &keepsStart)
        case .replace(let pattern, let content):
            Self.replace(&text, pattern, content)
        case .prepend(let prefix):
            if !text.isEmpty { text.insert(contentsOf: prefix, at: 0) }
        case .bert(let cleansText, let separatesChinese, let stripsAccents, let lowercases):
            if cleansText {
                Self.filter(&text, without: PackageScalars.dropped, &keepsStart)
                Self.map(&text) { scalar, result in
                    let isSpace = PackageScalars.whitespace.contains(scalar)
                    UTF8Text.append(isSpace ? 0x20 : scalar, to: &result)
                }
            }
            if separatesChinese, !text.allSatisfy({ $0 < 0x80 }) {
                Self.map(&text) { scalar, result in
                    let isChinese = PackageScalars.isChinese(scalar)
                    if isChinese { result.append(0x20) }
                    UTF8Text.append(scalar, to: &result)
                    if isChinese { result.append(0x20) }
                }
            }
            if stripsAccents, !text.allSatisfy({ $0 < 0x80 }) {
                if let result = NormalForms.unicode9.normalized(text, .nfd) { text = result }
                Self.filter(&text, without: PackageScalars.accents, &keepsStart)
            }
            if lowercases {
                Self.map(&text) { PackageScalars.appendLowercase(of: $0, to: &$1) }
            }
        case .nmt:
            Self.filter(&text, without: Self.nmtDropped, &keepsStart)
            Self.map(&text) { scalar, result in
                let isSpace = Self.nmtSpaces.contains(scalar)
                UTF8Text.append(isSpace ? 0x20 : scalar, to: &result)
            }
        case .precompiled(let normalizer):
            normalizer.normalize(&text)
        case .byteLevel:
            text = ByteLevelAlphabet.encoded(text)
        }
    }

    private static let nmtDropped = ScalarTable(
        ScalarRangeSet(0x01...0x08).union(ScalarRangeSet(0x0B)).union(ScalarRangeSet(0x0E...0x1F))
            .union(ScalarRangeSet(0x7F)).union(ScalarRangeSet(0x8F)).union(ScalarRangeSet(0x9F)))
    private static let nmtSpaces = ScalarTable(
        ScalarRangeSet(0x09...0x0A).union(ScalarRangeSet(0x0C...0x0D))
            .union(ScalarRangeSet(0x1680)).union(ScalarRangeSet(0x200B...0x200F))
            .union(ScalarRangeSet(0x2028...0x2029)).union(ScalarRangeSet(0x2581))
            .union(ScalarRangeSet(0xFEFF)).union(ScalarRangeSet(0xFFFD)))

    private static func map(
        _ text: inout [UInt8], _ append: (UInt32, inout [UInt8]) -> Void
    ) {
        var result: [UInt8] = []
        result.reserveCapacity(text.count)
        let bytes = text
        let span = bytes.span
        var position = 0
        while position < span.count {
            let (scalar, length) = UTF8Text.scalar(in: span, at: position)
            append(scalar, &result)
            position += length
        }
        text = result
    }

    private static func filter(
        _ text: inout [UInt8], without set: ScalarTable, _ keepsStart: inout Bool
    ) {
        var result: [UInt8] = []
        result.reserveCapacity(text.count)
        let bytes = text
        let span = bytes.span
        var position = 0
        while position < span.count {
            let (scalar, length) = UTF8Text.scalar(in: span, at: position)
            if !set.contains(scalar) {
                for index in position..<position + length { result.append(span[index]) }
            } else if position == 0 {
                keepsStart = false
            }
            position += length
        }
        text = result
    }

    private static func strip(
        _ text: inout [UInt8], _ left: Bool, _ right: Bool, _ keepsStart: inout Bool
    ) {
        let bytes = text
        let span = bytes.span
        var start = 0
        var end = span.count
        while left, start < end {
            let (scalar, length) = UTF8Text.scalar(in: span, at: start)
            guard PackageScalars.whitespace.contains(scalar) else { break }
            start += length
        }
        while right, end > start {
            var last = end - 1
            while span[last] & 0xC0 == 0x80 { last -= 1 }
            guard PackageScalars.whitespace.contains(UTF8Text.scalar(in: span, at: last).0) else {
                break
            }
            end = last
        }
        if start > 0 { keepsStart = false }
        if start > 0 || end < bytes.count { text = Array(bytes[start..<end]) }
    }

    static func replace(_ text: inout [UInt8], _ pattern: TextPattern, _ content: [UInt8]) {
        var result: [UInt8] = []
        var done = 0
        let bytes = text
        pattern.forEachMatch(in: bytes.span, 0..<bytes.count) { span, match in
            if result.isEmpty { result.reserveCapacity(span.count + span.count / 2) }
            for index in done..<match.lowerBound { result.append(span[index]) }
            result.append(contentsOf: content)
            done = match.upperBound
        }
        guard done > 0 || !result.isEmpty else { return }
        result.append(contentsOf: bytes[done...])
        text = result
    }
}

extension ByteLevelAlphabet {
    /// Every byte of `text` as its character.
    static func encoded(_ text: some Sequence<UInt8>) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(text.underestimatedCount * 3 / 2)
        for byte in text { UTF8Text.append(scalars[Int(byte)], to: &result) }
        return result
    }
}
