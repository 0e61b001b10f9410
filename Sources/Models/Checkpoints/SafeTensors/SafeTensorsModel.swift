import StructuredJSON

/// The weights of a folder: one `model.safetensors`, or shards that `model.safetensors.index.json` lists.
struct SafeTensorsModel {
    /// A tensor and the file that holds it.
    struct Entry {
        let tensor: SafeTensor
        /// Index into `files`.
        let file: Int
    }

    private(set) var files: [SafeTensorsFile] = []
    /// By file, in each header's order.
    private(set) var entries: [Entry] = []
    private var owners: [ExactString: Int] = [:]

    static let singleName = "model.safetensors"
    static let indexName = "model.safetensors.index.json"

    /// - Throws: ``CheckpointError`` naming the file, and the tensor where there is one, of what is wrong.
    init(_ folder: ModelFolder) throws(CheckpointError) {
        // As transformers chooses: an index beside the one file is left over.
        guard !folder.has(Self.singleName) else {
            try add(folder.open(Self.singleName))
            return
        }
        guard let places = try folder.reading(Self.indexName, isTable: true, Self.places) else {
            throw folder.error(
                .missingField, Self.singleName, "weights",
                """
                is missing, and so is \(Self.indexName); Berth reads GGUF files and folders with safetensors: \
                fetch or save the model in that form
                """)
        }
        for name in Set(places.map(\.file)).sorted() {
            try add(folder.open(name))
        }
        try requireListed(places, folder)
    }

    private typealias Place = (tensor: String, file: String)

    /// What the index says lies where.
    private static func places(_ reader: inout JSONReader) throws(JSONError) -> [Place]? {
        var places: [Place]?
        try reader.object { reader, name throws(JSONError) in
            guard name == "weight_map" else {
                _ = try reader.field()
                return
            }
            var map: [Place] = []
            try reader.object { reader, tensor throws(JSONError) in
                let field = try reader.field()
                let file = try field.string()
                guard !file.isEmpty, !file.hasPrefix("."), !file.utf8.contains(UInt8(ascii: "/")),
                    file.hasSuffix(".safetensors")
                else {
                    throw field.invalid("must be the name of a safetensors file in the folder")
                }
                map.append((tensor, file))
            }
            places = map
        }
        guard let places else {
            throw JSONError(
                code: .missingField, reason: "is required", path: JSONPath([.key("weight_map")]))
        }
        return places
    }

    private mutating func add(_ bytes: FileBytes) throws(CheckpointError) {
        let file = try SafeTensorsFile(bytes)
        for tensor in file.tensors {
            if let owner = owners.updateValue(files.count, forKey: ExactString(tensor.name)) {
                throw file.error(
                    tensor, "is also in \(files[owner].bytes.path); the folder is damaged")
            }
            entries.append(Entry(tensor: tensor, file: files.count))
        }
        files.append(file)
    }

    /// Index and shards must name the same tensors in the same files.
    private func requireListed(_ places: [Place], _ folder: ModelFolder) throws(CheckpointError) {
        var listed: Set<ExactString> = []
        for place in places {
            listed.insert(ExactString(place.tensor))
            let owner = owners[ExactString(place.tensor)].map { files[$0].bytes.path }
            guard owner == folder.path(place.file) else {
                throw folder.error(
                    .missingField, Self.indexName, "weight_map.\(place.tensor)",
                    """
                    must be in \(place.file), but is \(owner.map { "in \($0)" } ?? "in no file"); \
                    fetch the folder again
                    """)
            }
        }
        for entry in entries where !listed.contains(ExactString(entry.tensor.name)) {
            throw files[entry.file].error(
                entry.tensor,
                "is not listed in \(Self.indexName); the files are of different models")
        }
    }
}
