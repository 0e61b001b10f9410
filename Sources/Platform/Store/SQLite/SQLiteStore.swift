import Foundation
import GRDB

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// The store in one file of SQLite.
///
/// Write-ahead logging lets a running server read while `berth keys` writes; who finds the file locked waits up to
/// five seconds. A change is seen by every process with its next read.
package struct SQLiteStore: PlatformStore {
    package let path: String
    let pool: DatabasePool

    /// Opens the file, makes it where it is absent, and brings its tables up to date.
    ///
    /// A folder and a file made here are for their owner only: the hashes of keys are nobody else's business.
    package init(path: String) throws(StoreError) {
        self.path = path
        do {
            try Self.makeFile(path)
            var configuration = Configuration()
            configuration.label = "store"
            configuration.busyMode = .timeout(5)
            configuration.maximumReaderCount = 4
            configuration.prepareDatabase { database in
                // A crash of the machine may cost the last counts, never the file.
                try database.execute(sql: "PRAGMA synchronous = NORMAL")
            }
            pool = try DatabasePool(path: path, configuration: configuration)
            let migrator = Migrations.all
            if try pool.read(migrator.hasBeenSuperseded) {
                throw StoreError(
                    .tooNew,
                    "\(path) was written by a later version of Berth; run that one, or name another store"
                )
            }
            try migrator.migrate(pool)
        } catch let error as StoreError {
            throw error
        } catch {
            throw StoreError(error, path: path)
        }
    }

    private static func makeFile(_ path: String) throws {
        let folder = URL(filePath: path).deletingLastPathComponent().path(percentEncoded: false)
        if !FileManager.default.fileExists(atPath: folder) {
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700])
        }
        // SQLite gives its side files the mode of this one.
        let descriptor = unsafe open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            let reason = unsafe String(cString: strerror(errno))
            throw StoreError(
                .unavailable,
                "the store \(path) cannot be opened (\(reason)); name another with --store")
        }
        close(descriptor)
    }

    func read<Value: Sendable>(
        _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws -> Value {
        do {
            return try await pool.read(body)
        } catch let error as DatabaseError {
            throw StoreError(error, path: path)
        }
    }

    func write<Value: Sendable>(
        _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws -> Value {
        do {
            return try await pool.write(body)
        } catch let error as DatabaseError {
            throw StoreError(error, path: path)
        }
    }
}

extension StoreError {
    fileprivate init(_ cause: any Error, path: String) {
        switch (cause as? DatabaseError)?.resultCode {
        case .SQLITE_BUSY, .SQLITE_LOCKED:
            self.init(.busy, "another program holds the store \(path); try again shortly")
        case .SQLITE_NOTADB, .SQLITE_CORRUPT:
            self.init(
                .damaged,
                "\(path) is no database of SQLite, or damaged; restore a copy or move it away")
        case .some:
            self.init(
                .unavailable,
                "the store \(path) cannot be used: \((cause as? DatabaseError)?.message ?? "\(cause)")"
            )
        case nil:
            self.init(.unavailable, "the store \(path) cannot be used: \(cause)")
        }
    }
}
