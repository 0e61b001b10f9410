import CKernels

/// How the numbers of keys and values are kept; the names are those of command lines.
package enum KVElement: String, CaseIterable, Sendable {
    case f16
    /// Float32's range with 8 bits of precision: an eighth of float16's.
    case bf16
    /// Blocks of 32 along a head, 8 bits each, with a float16 scale.
    // The name is the format's.
    // swift-format-ignore: AlwaysUseLowerCamelCase
    case q8_0

    var code: UInt32 {
        switch self {
        case .f16: ElementType.f16.rawValue
        case .bf16: ElementType.bf16.rawValue
        case .q8_0: ElementType.q8_0.rawValue
        }
    }
}

/// Where keys and values stand inside a page of the KV cache.
///
/// A page is one run of bytes that holds `positions` (64) consecutive positions of one sequence, in ALL
/// layers: one page table a sequence serves the whole model, and a page can be shared, copied or written to
/// disk as it is. The layout, outermost first:
///
///     for each layer
///       for each key/value head
///         keys    [4][headDimension][16 positions]
///         values  [positions][headDimension rounded up to 16]
///
/// and with Q8_0, whose dimensions are rounded up to 32:
///
///         keys    [4][headDimension / 4][16 positions][4] bytes, [4][headDimension / 32][16] float16 scales
///         values  [positions][headDimension] bytes, [headDimension / 32][positions] float16 scales
///
/// Groups of 16 keys are transposed so that the scores of one query with them are 16 sums that run side by side
/// along the head's dimensions: a kernel needs no sum across a register, reads both halves front to back, and
/// writes a position's key to one short run of memory.
/// What a position holds does not depend on other positions. Places that no token was stored at hold
/// anything, and no operation reads them in a way that shows.
///
/// All offsets are multiples of 64 bytes from the page's base, which should be a multiple of 64 itself.
package struct KVPageLayout: Sendable, Equatable {
    package let layers: Int
    /// Key/value heads of a layer.
    package let heads: Int
    /// Length of one head's key and value.
    package let headDimension: Int
    package let elements: KVElement
    /// Positions that a page holds.
    package let positions: Int
    /// Bytes of one head's keys and of its values.
    private let keyBytes: Int
    private let valueBytes: Int

    /// Bytes of a page.
    package var byteCount: Int {
        layers * heads * (keyBytes + valueBytes)
    }

    package init(layers: Int, heads: Int, headDimension: Int, elements: KVElement = .f16) {
        precondition(layers > 0 && heads > 0 && headDimension > 0, "a page of nothing")
        self.layers = layers
        self.heads = heads
        self.headDimension = headDimension
        self.elements = elements
        positions = Int(BERTH_PAGE_POSITIONS)
        keyBytes = berth_cache_key_bytes(elements.code, headDimension)
        valueBytes = berth_cache_value_bytes(elements.code, headDimension)
    }

    /// The same shape with other elements.
    package func storing(_ elements: KVElement) -> KVPageLayout {
        KVPageLayout(
            layers: layers, heads: heads, headDimension: headDimension, elements: elements)
    }

    /// Bytes from a page's base to a head's keys.
    package func keyOffset(layer: Int, head: Int) -> Int {
        (layer * heads + head) * (keyBytes + valueBytes)
    }

    /// Bytes from a page's base to a head's values.
    package func valueOffset(layer: Int, head: Int) -> Int {
        keyOffset(layer: layer, head: head) + keyBytes
    }
}
