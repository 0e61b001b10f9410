#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Memory for kernels: 64-byte aligned, freed with the object.
///
/// Buffers of many megabytes start at a huge page and ask for huge pages: streaming through small ones costs
/// a fifth of the memory bandwidth.
@safe package final class AlignedBuffer: @unchecked Sendable {
    package let byteCount: Int
    @unsafe package let base: UnsafeMutableRawPointer

    private static let hugePage = 2 << 20

    /// - `zeroed`: whether to clear it; otherwise it holds anything.
    package init(byteCount: Int, zeroed: Bool = true) {
        self.byteCount = byteCount
        let isHuge = byteCount >= Self.hugePage
        let alignment = isHuge ? Self.hugePage : 64
        // posix_memalign takes large blocks from mmap, which costs address space only.
        var address: UnsafeMutableRawPointer?
        let status = unsafe posix_memalign(&address, alignment, max(byteCount, 1))
        guard status == 0, let address = unsafe address else {
            preconditionFailure("no memory for \(byteCount) bytes")
        }
        #if os(Linux)
            if isHuge {
                unsafe madvise(address, byteCount, MADV_HUGEPAGE)
            }
        #endif
        if zeroed {
            unsafe memset(address, 0, byteCount)
        }
        unsafe base = address
    }

    deinit {
        unsafe free(base)
    }
}
