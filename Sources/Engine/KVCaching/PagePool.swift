package import Tensors

/// Names one page of the KV cache.
package struct PageID: Hashable, Sendable {
    package let index: Int
}

/// The KV cache's memory: a fixed number of pages of one shape, handed out and taken back.
///
/// Address space is reserved at once, memory is committed by the system when a page is first written;
/// a page that comes back is handed out again first, so the resident size follows the peak use.
/// Not `Sendable`: the thread that runs the model owns it.
package final class PagePool {
    package let layout: KVPageLayout
    package let capacity: Int
    private let region: PageRegion
    private var free: [PageID]
    private var neverUsed: Int

    /// Makes as many pages as fit into `bytes`; throws ``KVCacheError`` when that is none, or when the system
    /// refuses the address space.
    package init(layout: KVPageLayout, bytes: Int) throws {
        self.layout = layout
        capacity = bytes / layout.byteCount
        guard capacity >= 1 else {
            let needed = (layout.byteCount + (1 << 20) - 1) >> 20
            throw KVCacheError(
                message:
                    "the KV cache needs at least \(needed) MiB for this model, got \(bytes >> 20) MiB"
            )
        }
        region = try PageRegion(byteCount: capacity * layout.byteCount)
        free = []
        neverUsed = 0
    }

    /// Pages that can be taken now.
    package var available: Int {
        free.count + capacity - neverUsed
    }

    package var used: Int {
        capacity - available
    }

    /// Most positions that all sequences together can hold.
    package var positions: Int {
        capacity * layout.positions
    }

    /// A page with undefined contents, or `nil` when all are taken.
    package func take() -> PageID? {
        if let page = free.popLast() {
            return page
        }
        guard neverUsed < capacity else { return nil }
        defer { neverUsed += 1 }
        return PageID(index: neverUsed)
    }

    package func giveBack(_ page: PageID) {
        precondition(page.index < neverUsed, "a page of another pool")
        free.append(page)
    }

    /// Where a page lies; valid as long as the pool.
    @unsafe package func address(of page: PageID) -> UnsafeMutableRawPointer {
        unsafe region.base + page.index * layout.byteCount
    }
}

/// Why the KV cache cannot be made.
package struct KVCacheError: Error, Sendable, CustomStringConvertible {
    package let message: String

    package var description: String {
        message
    }
}
