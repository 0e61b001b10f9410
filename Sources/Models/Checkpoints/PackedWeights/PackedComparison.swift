import Synchronization
package import Tensors

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A place for a model that is loaded to be compared with its packed copy: every matrix is packed again.
package final class PackedComparison: WeightPlace {
    private let file: PackedFile
    private let found = Mutex<[String]>([])

    /// The names of matrices that the copy lacks or has otherwise.
    package var differences: [String] {
        found.withLock { $0 }
    }

    package init(with file: PackedFile) {
        self.file = file
    }

    package func bytes(of packing: Packing, on team: ThreadTeam) -> PackedBytes {
        let fresh = WeightMemory().bytes(of: packing, on: team)
        let kept = file.bytes(named: packing.name, count: packing.byteCount)
        let isSame = unsafe fresh.withBytes { fresh in
            unsafe kept?.withBytes { kept in
                guard let a = fresh.baseAddress, let b = kept.baseAddress else { return true }
                return unsafe memcmp(a, b, fresh.count) == 0
            }
        }
        if isSame != true { found.withLock { $0.append(packing.name) } }
        // What was packed to be compared need not stay in memory.
        return kept ?? fresh
    }

    package func holds(_ tensors: String) -> Bool {
        false
    }

    package func finish() {}
}
