#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A string as a key: equal to another only where both are the same scalars.
///
/// Swift's `String` compares by canonical equivalence: "é" in one scalar and "e" with a combining
/// accent are equal, and one key. To JSON, to Python and to tokenizers they are two, so whatever is
/// looked up on their behalf goes by this. Hashing and comparing go over the UTF-8 bytes, once.
package struct ExactString: Hashable, Sendable, ExpressibleByStringLiteral {
    package let text: String

    package init(_ text: String) {
        self.text = text
    }

    package init(stringLiteral text: String) {
        self.text = text
    }

    package static func == (left: ExactString, right: ExactString) -> Bool {
        left.text.isExactly(right.text)
    }

    package func hash(into hasher: inout Hasher) {
        let isContiguous: Void? = unsafe text.utf8.withContiguousStorageIfAvailable { bytes in
            unsafe hasher.combine(bytes: UnsafeRawBufferPointer(bytes))
        }
        if isContiguous == nil {
            for byte in text.utf8 { hasher.combine(byte) }
        }
        // No byte of UTF-8: ends the string for keys that are made of several.
        hasher.combine(0xFF as UInt8)
    }
}

extension String {
    /// Whether both are the same scalars; `==` would also take equivalent ones.
    package func isExactly(_ other: String) -> Bool {
        guard utf8.count == other.utf8.count else { return false }
        let isEqual = unsafe utf8.withContiguousStorageIfAvailable { mine in
            unsafe other.utf8.withContiguousStorageIfAvailable { theirs in
                guard let left = mine.baseAddress, let right = theirs.baseAddress else {
                    return mine.isEmpty
                }
                return unsafe memcmp(left, right, mine.count) == 0
            }
        }
        return (isEqual ?? nil) ?? utf8.elementsEqual(other.utf8)
    }
}
