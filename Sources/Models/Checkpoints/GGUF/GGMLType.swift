/// GGML's tensor types: enough of each to find its bytes, whether Berth computes with it or not.
///
/// Numbers, block lengths and block sizes are those of GGML's `ggml_type` table.
package struct GGMLType: Sendable, Equatable {
    package let rawValue: UInt32
    package let name: String
    /// Elements that share a block.
    package let blockElements: Int
    package let blockBytes: Int

    /// `nil` for a number that GGML has not given or has withdrawn.
    package init?(rawValue: UInt32) {
        guard let entry = Self.table[rawValue] else { return nil }
        self.rawValue = rawValue
        (name, blockElements, blockBytes) = entry
    }

    init?(named name: String) {
        guard let number = Self.table.first(where: { $0.value.0 == name })?.key else { return nil }
        self.init(rawValue: number)
    }

    package static var float32: GGMLType {
        GGMLType(rawValue: 0, name: "F32", blockElements: 1, blockBytes: 4)
    }

    private init(rawValue: UInt32, name: String, blockElements: Int, blockBytes: Int) {
        self.rawValue = rawValue
        self.name = name
        self.blockElements = blockElements
        self.blockBytes = blockBytes
    }

    /// Whether elements are floats of at most 32 bits, one by one.
    package var isFloat: Bool {
        ["F32", "F16", "BF16"].contains(name)
    }

    /// Every type that GGML has, by number.
    package static var all: [GGMLType] {
        table.keys.sorted().compactMap { GGMLType(rawValue: $0) }
    }

    private static let table: [UInt32: (String, Int, Int)] = [
        0: ("F32", 1, 4), 1: ("F16", 1, 2), 2: ("Q4_0", 32, 18), 3: ("Q4_1", 32, 20),
        6: ("Q5_0", 32, 22), 7: ("Q5_1", 32, 24), 8: ("Q8_0", 32, 34), 9: ("Q8_1", 32, 36),
        10: ("Q2_K", 256, 84), 11: ("Q3_K", 256, 110), 12: ("Q4_K", 256, 144),
        13: ("Q5_K", 256, 176), 14: ("Q6_K", 256, 210), 15: ("Q8_K", 256, 292),
        16: ("IQ2_XXS", 256, 66), 17: ("IQ2_XS", 256, 74), 18: ("IQ3_XXS", 256, 98),
        19: ("IQ1_S", 256, 50), 20: ("IQ4_NL", 32, 18), 21: ("IQ3_S", 256, 110),
        22: ("IQ2_S", 256, 82), 23: ("IQ4_XS", 256, 136), 24: ("I8", 1, 1), 25: ("I16", 1, 2),
        26: ("I32", 1, 4), 27: ("I64", 1, 8), 28: ("F64", 1, 8), 29: ("IQ1_M", 256, 56),
        30: ("BF16", 1, 2), 34: ("TQ1_0", 256, 54), 35: ("TQ2_0", 256, 66),
        39: ("MXFP4", 32, 17), 40: ("NVFP4", 64, 36), 41: ("Q1_0", 128, 18),
    ]
}
