/// One file of a listing.
package struct RemoteFile: Sendable, Hashable {
    package var path: RepositoryPath
    /// In bytes; `nil` where the source does not tell.
    package var size: Int?
    /// 64 hexadecimal digits; `nil` where the source does not tell.
    package var sha256: String?
    /// Where to fetch it; `nil` is derived from the path.
    package var url: String?
    /// The name that the file gets in the store, where it differs from its path's.
    package var storedAs: RepositoryPath?

    package init(
        path: RepositoryPath, size: Int?, sha256: String?, url: String? = nil,
        storedAs: RepositoryPath? = nil
    ) {
        self.path = path
        self.size = size
        self.sha256 = sha256
        self.url = url
        self.storedAs = storedAs
    }

    var storedPath: RepositoryPath { storedAs ?? path }
}

/// The files that make up a model, and which of them opens it.
package struct ModelFiles: Sendable, Hashable {
    package enum Kind: String, Sendable {
        case gguf
        /// A folder with weights, configuration and tokenizer, as Hugging Face's libraries write it.
        case safetensors
    }

    package var kind: Kind
    /// What tells it from others of its repository: a quantization, `safetensors`, a file's name.
    package var tag: String
    package var quantization: String?
    /// The first is the one to open, unless the model is a folder.
    package var files: [RemoteFile]

    /// In bytes, as far as the listing tells.
    package var size: Int { files.reduce(0) { $0 + ($1.size ?? 0) } }
}
