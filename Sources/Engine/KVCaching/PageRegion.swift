#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Address space from the system, zero-filled, committed page by page when first written.
@safe final class PageRegion {
    @unsafe let base: UnsafeMutableRawPointer
    private let byteCount: Int

    init(byteCount: Int) throws {
        #if os(Linux)
            let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE
        #else
            let flags = MAP_PRIVATE | MAP_ANON
        #endif
        let address = unsafe mmap(nil, byteCount, PROT_READ | PROT_WRITE, flags, -1, 0)
        guard let address = unsafe address, unsafe address != MAP_FAILED else {
            throw KVCacheError(
                message: """
                    the system refused \(byteCount >> 20) MiB of address space for the KV cache \
                    (errno \(errno)); ask for a smaller cache or raise the limit (ulimit -v)
                    """)
        }
        unsafe base = address
        self.byteCount = byteCount
    }

    deinit {
        unsafe munmap(base, byteCount)
    }
}
