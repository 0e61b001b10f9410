import CKernels

/// Where keys and values stand inside a page of the KV cache.
///
/// A page is one run of bytes that holds `positions` (64) consecutive positions of one sequence, in ALL
/// layers: one page table a sequence serves the whole model, and a page can be shared, copied or written to
/// disk as it is. Elements are float16. The layout, outermost first:
///
///     for each layer
///       for each key/value head
///         keys    [headDimension][positions]        transposed
///         values  [positions][valueStride]          valueStride = headDimension rounded up to 16
///
/// Keys are transposed so that the scores of one query with 64 keys are 64 sums that run side by side along
/// the head's dimensions: a kernel needs no sum across a register, and reads both halves front to back.
/// What a position holds does not depend on other positions. Places that no token was stored at hold
/// anything, and no operation reads them in a way that shows.
///
/// Keys and values have offsets and dimensions of their own, so that a family may give them different ones.
/// All offsets are multiples of 64 bytes from the page's base, which should be a multiple of 64 itself.
package struct KVPageLayout: Sendable, Equatable {
    package let layers: Int
    /// Key/value heads of a layer.
    package let heads: Int
    /// Length of one head's key and value.
    package let headDimension: Int
    /// Positions that a page holds.
    package let positions: Int
    /// float16 elements from one position's value to the next one's.
    package let valueStride: Int

    /// Bytes of a page.
    package var byteCount: Int {
        layers * heads * headBytes
    }

    package init(layers: Int, heads: Int, headDimension: Int) {
        precondition(layers > 0 && heads > 0 && headDimension > 0, "a page of nothing")
        self.layers = layers
        self.heads = heads
        self.headDimension = headDimension
        positions = Int(BERTH_PAGE_POSITIONS)
        valueStride = (headDimension + 15) / 16 * 16
    }

    /// Bytes from a page's base to `[headDimension][positions]` keys.
    package func keyOffset(layer: Int, head: Int) -> Int {
        (layer * heads + head) * headBytes
    }

    /// Bytes from a page's base to `[positions][valueStride]` values.
    package func valueOffset(layer: Int, head: Int) -> Int {
        keyOffset(layer: layer, head: head) + headDimension * positions * 2
    }

    private var headBytes: Int {
        (headDimension + valueStride) * positions * 2
    }
}
