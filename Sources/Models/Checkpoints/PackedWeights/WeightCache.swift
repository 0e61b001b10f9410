import Synchronization
package import Tensors

/// A folder of packed weights, so that a model is packed once and mapped at every later start.
///
/// What an earlier start left is used only where size, time, header and samples of the model's files are still the same.
/// Whatever goes wrong (a full disk, a folder that cannot be written, a damaged file) costs the next start its speed, never
/// an answer: it is told to `report` in a line, and weights are packed into memory.
package struct WeightCache: Sendable {
    package let folder: String
    private let report: @Sendable (String) -> Void

    /// Models of fewer bytes are packed anew at every start: that takes a fraction of a second.
    package static let leastBytes = 128 << 20

    private static let suffix = ".packed"

    /// - `report`: gets a line for people when something is wrong.
    package init(folder: String, report: @escaping @Sendable (String) -> Void) {
        self.folder = folder
        self.report = report
    }

    /// Where a model's packed weights are found, or are kept once they are made.
    package func place(
        for file: Checkpoint, as form: PackedForm, leastBytes: Int = WeightCache.leastBytes
    ) -> any WeightPlace {
        guard file.fileSize >= leastBytes, let source = PackedSource(file, as: form) else {
            return WeightMemory()
        }
        do throws(CheckpointError) {
            try makeFolder(folder)
        } catch {
            report(Self.line(error))
            return WeightMemory()
        }
        let path = path(of: source)
        if fileStatus(path) != nil {
            do throws(CheckpointError) {
                let found = try PackedFile(path: path)
                if found.source.digest == source.digest {
                    return FoundWeights(found, report: report)
                }
            } catch {
                report("\(error); it is packed again")
            }
        }
        do throws(CheckpointError) {
            let writer = try PackedFileWriter(
                path: path, room: PackedFile.headerBytes + Self.mostBytes(of: file, as: form))
            return NewWeights(writer, source, self)
        } catch {
            // Another process that starts with the same model does the work for both.
            if error.code != .busy { report(Self.line(error)) }
            return WeightMemory()
        }
    }

    private static func line(_ error: CheckpointError) -> String {
        "\(error); weights are packed into memory, and again at the next start"
    }

    /// The name tells people which model it is; the digest finds it, also when the model has another name now.
    private func path(of source: PackedSource) -> String {
        let digits = String(source.digest, radix: 16)
        let ending = "-\(String(repeating: "0", count: 16 - digits.count))\(digits)\(Self.suffix)"
        if let known = names(in: folder).first(where: { $0.hasSuffix(ending) }) {
            return "\(folder)/\(known)"
        }
        let file = source.files[0].path
        let parts = file.split(separator: "/")
        // Of shards the folder's name says more.
        let isShard = file.hasSuffix(".safetensors")
        let name = parts.dropLast(isShard ? 1 : 0).last ?? "model"
        let plain = String(
            name.unicodeScalars.prefix(80).map { scalar -> Character in
                switch scalar {
                case "a"..."z", "A"..."Z", "0"..."9", ".", "_", "-": Character(scalar)
                default: "-"
                }
            })
        return "\(folder)/\(plain)\(ending)"
    }

    /// Most bytes that the packed matrices of a model and its table of tokens can have.
    package static func mostBytes(of file: Checkpoint, as form: PackedForm) -> Int {
        let table = file.tensor(named: "token_embd.weight")
        // Only where it is also the product with the vocabulary is the table packed a second time.
        let isTied = file.tensor(named: "output.weight") == nil
        return file.tensors.reduce((table?.byteCount ?? 0) + 64) { sum, tensor in
            guard tensor.dimensions.count > 1, isTied || tensor.name != table?.name,
                let type = ElementType(rawValue: tensor.type.rawValue)
            else { return sum }
            let columns = tensor.dimensions[0]
            // Matrices of three dimensions are padded each.
            let matrices = tensor.dimensions.dropFirst(2).reduce(1, *)
            let bytes = PackedLayout.mostBytes(
                rows: tensor.dimensions[1], columns: columns, type: type,
                isRounded: form == .rounded)
            let (all, overflow) = matrices.multipliedReportingOverflow(by: bytes)
            return overflow ? .max >> 1 : sum &+ all
        }
    }

    // MARK: What is there

    /// A file of packed weights that can be read, or what is wrong with it.
    package struct Entry: Sendable {
        package let path: String
        package let byteCount: Int
        /// `nil` for a file that is damaged or unfinished.
        package let source: PackedSource?

        /// Whether its model is where it was when it was packed, and as it was.
        package var isUsable: Bool {
            source?.isPresent ?? false
        }
    }

    /// Everything in the folder that is the cache's, by name.
    package func entries() -> [Entry] {
        names(in: folder).compactMap { name in
            guard name.hasSuffix(Self.suffix) || name.hasSuffix(Self.suffix + ".partial"),
                let status = fileStatus("\(folder)/\(name)")
            else { return nil }
            let path = "\(folder)/\(name)"
            let isWhole = name.hasSuffix(Self.suffix)
            let source = isWhole ? try? PackedFile(path: path).source : nil
            return Entry(path: path, byteCount: status.size, source: source)
        }
    }

    /// The packed copies that a start with a model would use, in any form.
    package func entries(for file: Checkpoint) -> [Entry] {
        PackedForm.allCases.compactMap { form in
            guard let source = PackedSource(file, as: form) else { return nil }
            let path = path(of: source)
            guard let status = fileStatus(path) else { return nil }
            return Entry(path: path, byteCount: status.size, source: source)
        }
    }

    /// The packed copies of models that lie in a folder, or are it.
    package func entries(ofModelsIn folder: String) -> [Entry] {
        let prefix = absolutePath(folder) + "/"
        return entries().filter { entry in
            entry.source?.files.allSatisfy { $0.path.hasPrefix(prefix) } ?? false
        }
    }

    /// Removes files of the cache; processes that use them go on, and one that writes a file keeps it.
    ///
    /// - Returns: the bytes that were freed.
    /// - Throws: ``CheckpointError`` where the system refuses.
    @discardableResult
    package func remove(_ entries: [Entry]) throws(CheckpointError) -> Int {
        var freed = 0
        for entry in entries where !isBeingWritten(entry.path) {
            try removeFile(entry.path)
            freed += entry.byteCount
        }
        return freed
    }

    // MARK: Saving

    /// Threads that wait for a disk, and how many of them still do.
    private static let saving = Mutex<[Member]>([])
    private static let unsaved = Atomic(0)

    /// Whether some packed weights are not on the disk yet.
    package static var isSaving: Bool {
        unsaved.load(ordering: .relaxed) > 0
    }

    /// Saves what a writer has in the background, and removes what the same files were packed to before.
    fileprivate func save(_ writer: PackedFileWriter, _ source: PackedSource) {
        Self.unsaved.add(1, ordering: .relaxed)
        let member = Member {
            defer { Self.unsaved.subtract(1, ordering: .relaxed) }
            do throws(CheckpointError) {
                try writer.save(source)
                removeOthers(than: source)
            } catch {
                report(Self.line(error))
            }
        }
        guard let member else {
            Self.unsaved.subtract(1, ordering: .relaxed)
            return report("\(folder): no thread is left to save packed weights")
        }
        Self.saving.withLock { $0.append(member) }
    }

    /// Waits until all packed weights are on the disk; a process that ends earlier leaves none.
    package static func waitForSaving() {
        let members = saving.withLock { saving in
            defer { saving = [] }
            return saving
        }
        for member in members { member.join() }
    }

    /// A model that was changed leaves a copy that nobody can use any more.
    private func removeOthers(than source: PackedSource) {
        let paths = source.files.map(\.path)
        let outdated = entries().filter { entry in
            entry.source?.form == source.form && entry.source?.files.map(\.path) == paths
                && entry.source?.digest != source.digest
        }
        do throws(CheckpointError) {
            try remove(outdated)
        } catch {
            report("\(error)")
        }
    }
}

extension WeightCache? {
    /// As of the cache that is there; memory without one.
    package func place(for file: Checkpoint, as form: PackedForm) -> any WeightPlace {
        self?.place(for: file, as: form) ?? WeightMemory()
    }
}

/// The packed weights that an earlier start left.
private final class FoundWeights: WeightPlace {
    private let file: PackedFile
    private let report: @Sendable (String) -> Void
    private let isIncomplete = Mutex(false)

    init(_ file: PackedFile, report: @escaping @Sendable (String) -> Void) {
        self.file = file
        self.report = report
    }

    func bytes(of packing: Packing, on team: ThreadTeam) -> PackedBytes {
        if let bytes = file.bytes(named: packing.name, count: packing.byteCount) { return bytes }
        isIncomplete.withLock { $0 = true }
        return WeightMemory().bytes(of: packing, on: team)
    }

    func holds(_ tensors: String) -> Bool {
        file.holds(tensors)
    }

    /// A file of another version of the program, which stacks matrices otherwise, is packed anew by the next start.
    func finish() {
        guard isIncomplete.withLock({ $0 }) else { return }
        do throws(CheckpointError) {
            try removeFile(file.path)
        } catch {
            report("\(error)")
        }
    }
}

/// A file of packed weights that is being made.
private final class NewWeights: WeightPlace {
    private let source: PackedSource
    private let cache: WeightCache
    private let writer: Mutex<PackedFileWriter?>

    init(_ writer: PackedFileWriter, _ source: PackedSource, _ cache: WeightCache) {
        self.source = source
        self.cache = cache
        self.writer = Mutex(writer)
    }

    func bytes(of packing: Packing, on team: ThreadTeam) -> PackedBytes {
        let bytes = writer.withLock { $0?.append(packing, on: team) }
        return bytes ?? WeightMemory().bytes(of: packing, on: team)
    }

    func holds(_ tensors: String) -> Bool {
        false
    }

    func finish() {
        guard let writer = writer.withLock({ $0.take() }) else { return }
        writer.flush()
        cache.save(writer, source)
    }
}
