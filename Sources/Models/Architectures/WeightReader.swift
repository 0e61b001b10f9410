package import Checkpoints
package import Tensors

/// Takes a model's tensors out of a file, each checked against the shape that the model needs.
///
/// Remembers which it gave, so that a tensor which nobody asked for is found out.
package class TensorReader {
    package let file: Checkpoint
    /// The value of `general.architecture`.
    let architecture: String
    let compute: Compute
    /// Where packed weights come to lie.
    let place: any WeightPlace
    private var used: Set<String> = []
    /// Of the matrices that were taken so far.
    var counts = WeightCounts()

    init(file: Checkpoint, architecture: String, compute: Compute, place: any WeightPlace) {
        self.file = file
        self.architecture = architecture
        self.compute = compute
        self.place = place
    }

    /// One product out of one or more matrices that share their input, stacked in the order given.
    ///
    /// Repacks the weights, which costs one pass over their bytes, or finds them packed. Tensors are given by name (without
    /// `.weight`) and output rows.
    package func matrix(_ tensors: [(name: String, rows: Int)], columns: Int) throws
        -> WeightMatrix
    {
        let matrix = try withParts(tensors, columns: columns) { parts, name in
            WeightMatrix(
                parts: parts, columns: columns, compute: compute, at: place, named: name)
        }
        counts.dense.add(matrix.byteCount, rows: matrix.rows, columns: columns)
        return matrix
    }

    /// As ``matrix(_:columns:)``, rounded to 13 bits and with a bias for every row.
    func roundedMatrix(_ tensors: [(name: String, rows: Int)], columns: Int, bias: [Float])
        throws -> WordMatrix
    {
        let matrix = try withParts(tensors, columns: columns) { parts, name in
            WordMatrix(
                parts: parts, columns: columns, bias: bias, compute: compute, at: place,
                named: name)
        }
        counts.dense.add(matrix.byteCount, rows: matrix.rows, columns: columns)
        return matrix
    }

    /// A stack of experts' matrices as one: expert after expert, each with its rows of all `tensors` in the order given.
    ///
    /// A tensor holds the rows of all experts: `[columns, rows, experts]`.
    func experts(_ tensors: [(name: String, rows: Int)], columns: Int, count: Int) throws
        -> WeightMatrix
    {
        let matrix = try withParts(tensors, columns: columns, experts: count) { parts, name in
            WeightMatrix(
                parts: parts, columns: columns, compute: compute, at: place, named: name)
        }
        counts.experts.add(matrix.byteCount, rows: matrix.rows, columns: columns)
        return matrix
    }

    /// A matrix of float32 weights, whatever type the file holds it in.
    func floatMatrix(_ name: String, rows: Int, columns: Int) throws -> WeightMatrix {
        let values = try table("\(name).weight", rows: rows, columns: columns)
        return unsafe values.withUnsafeBytes { bytes in
            let part = WeightPart(type: .f32, rows: rows, bytes: bytes)
            return WeightMatrix(parts: [part], columns: columns, compute: compute)
        }
    }

    /// - `experts`: how many matrices a tensor holds; `nil` is one, in a tensor of two dimensions.
    private func withParts<Result>(
        _ tensors: [(name: String, rows: Int)], columns: Int, experts: Int? = nil,
        _ body: (_ parts: [WeightPart], _ name: String) -> Result
    ) throws -> Result {
        let found = try tensors.map {
            try tensor(
                "\($0.name).weight",
                dimensions: [columns, $0.rows] + (experts.map { [$0] } ?? []))
        }
        let name = tensors.map(\.name).joined(separator: " ")
        let slices = found.map { experts == nil ? [file.bytes(of: $0)] : file.slices(of: $0) }
        // Packed weights that are there were checked when they were made; another look would read the whole file.
        if !place.holds(name) {
            for (tensor, slices) in zip(found, slices) {
                for (expert, bytes) in slices.enumerated() {
                    try requireFinite(tensor, bytes, expert: experts == nil ? nil : expert)
                }
            }
        }
        let types = try found.map { try file.elementType(of: $0) }
        let result = withExtendedLifetime(slices) {
            let parts = (0..<(experts ?? 1)).flatMap { expert in
                found.indices.map { index in
                    WeightPart(
                        type: types[index], rows: tensors[index].rows,
                        bytes: unsafe slices[index][expert].unsafeBytes)
                }
            }
            return body(parts, name)
        }
        // The model needs the packed form only; the source would count as this process's memory.
        for slice in slices.joined() { slice.release() }
        return result
    }

    package func matrix(_ name: String, rows: Int, columns: Int) throws -> WeightMatrix {
        try matrix([(name, rows)], columns: columns)
    }

    /// A vector as float32, whatever type the file holds it in.
    package func vector(_ name: String, count: Int) throws -> [Float] {
        try floats(try tensor(name, dimensions: [count]))
    }

    /// As ``vector(_:count:)``, or `nil` when the file has no such tensor.
    package func optionalVector(_ name: String, count: Int) throws -> [Float]? {
        file.tensor(named: name) == nil ? nil : try vector(name, count: count)
    }

    /// A matrix as float32, row after row.
    func table(_ name: String, rows: Int, columns: Int) throws -> [Float] {
        try floats(try tensor(name, dimensions: [columns, rows]))
    }

    private func floats(_ tensor: CheckpointTensor) throws -> [Float] {
        let type = try file.elementType(of: tensor)
        try requireFinite(tensor, file.bytes(of: tensor))
        var values = [Float](repeating: 0, count: tensor.elementCount)
        file.withBytes(of: tensor) { bytes in
            var span = values.mutableSpan
            dequantize(bytes, as: type, into: &span)
        }
        return values
    }

    /// Checks that no weight is infinite or undefined: products round such a one to any number without a word.
    ///
    /// - `expert`: whose slice of the tensor `bytes` are.
    func requireFinite(_ tensor: CheckpointTensor, _ bytes: TensorBytes, expert: Int? = nil) throws
    {
        let type = try file.elementType(of: tensor)
        guard let index = bytes.withBytes({ compute.firstNonFinite($0, as: type) }),
            let width = tensor.dimensions.first
        else { return }
        let (row, column) = index.quotientAndRemainder(dividingBy: width)
        throw ModelError(
            code: .invalidWeight, file: file.file(of: tensor), field: tensor.name,
            message: """
                holds a number that is infinite or undefined, in row \(row), column \(column)\
                \(expert.map { " of expert \($0)" } ?? ""): the file is damaged, or training went wrong; fetch it again
                """)
    }

    func tensor(_ name: String, dimensions: [Int]) throws -> CheckpointTensor {
        guard let tensor = file.tensor(named: name) else {
            throw ModelError(
                code: .missingTensor, file: file.path, field: name,
                message: "is missing, but architecture \"\(architecture)\" needs it")
        }
        guard tensor.dimensions == dimensions else {
            throw ModelError(
                code: .wrongShape, file: file.path, field: name,
                message: "has shape \(tensor.dimensions), the metadata ask for \(dimensions)")
        }
        used.insert(name)
        return tensor
    }

    /// Checks that the model has asked for every tensor of the file.
    ///
    /// A bias or a norm that a family does not know would otherwise be left out, and the answers would be wrong
    /// without a word.
    func requireAllUsed() throws {
        guard let stray = file.tensors.first(where: { !used.contains($0.name) }) else { return }
        throw ModelError(
            code: .unsupportedFeature, file: file.path, field: stray.name,
            message: """
                is a tensor that Berth's \(architecture) models do not use; \
                without it the answers would be wrong
                """)
    }
}

/// Takes the tensors of a decoder out of its file.
package final class WeightReader: TensorReader {
    package let configuration: ModelConfiguration

    init(
        file: Checkpoint, family: any ModelFamily.Type, compute: Compute, place: any WeightPlace
    ) throws {
        configuration = try ModelConfiguration(file: file, family: family)
        super.init(
            file: file, architecture: configuration.architecture, compute: compute, place: place)
    }
}
