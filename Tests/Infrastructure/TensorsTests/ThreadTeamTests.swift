import Synchronization
import Tensors
import Testing

@Suite("Thread team")
struct ThreadTeamTests {
    @Test("Every chunk runs once, whatever their number", arguments: [1, 2, 3, 8])
    func everyChunkOnce(threads: Int) {
        let team = ThreadTeam(threads: threads)
        for chunks in [0, 1, 2, 3, 7, 64, 1000] {
            let counts = (0..<chunks).map { _ in Counter() }
            team.run(chunks: chunks) { chunk in counts[chunk].add(1) }
            #expect(counts.allSatisfy { $0.value == 1 }, "\(chunks) chunks")
        }
    }

    @Test("Thousands of short regions lose nothing", arguments: [2, 4])
    func manyRegions(threads: Int) {
        let team = ThreadTeam(threads: threads)
        let sum = Counter()
        var expected = 0
        for region in 0..<5000 {
            let chunks = region % 5
            team.run(chunks: chunks) { chunk in sum.add(chunk + 1) }
            expected += chunks * (chunks + 1) / 2
            #expect(sum.value == expected)
        }
    }

    @Test("A region's writes are seen when it returns, and by the next region")
    func visibility() {
        let team = ThreadTeam(threads: 3)
        let matrix = Matrix(rows: 64, columns: 16)
        for round in 1...200 {
            team.run(chunks: 64) { row in
                matrix.withMutableRow(row) { span in span[0] += 1 }
            }
            for row in 0..<64 {
                #expect(matrix.values(row)[0] == Float(round))
            }
        }
    }

    @Test("Sleeping members come back")
    func sleeping() async throws {
        let team = ThreadTeam(threads: 2)
        for _ in 0..<20 {
            try await Task.sleep(for: .milliseconds(2))
            let workers = Counter()
            // Two chunks that wait for each other need two members.
            team.run(chunks: 2) { _ in
                workers.add(1)
                while workers.value < 2 {}
            }
            #expect(workers.value == 2)
        }
    }

    @Test("Several callers take turns")
    func severalCallers() async {
        let team = ThreadTeam(threads: 2)
        let sum = Counter()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<4 {
                group.addTask { @concurrent in
                    for _ in 0..<200 {
                        team.run(chunks: 5) { chunk in sum.add(chunk) }
                    }
                }
            }
        }
        #expect(sum.value == 4 * 200 * 10)
    }

    @Test("Teams come and go")
    func teardown() {
        for round in 0..<100 {
            let team = ThreadTeam(threads: 1 + round % 4)
            let sum = Counter()
            if round % 3 > 0 {
                team.run(chunks: 4) { chunk in sum.add(chunk) }
                #expect(sum.value == 6)
            }
        }
    }
}

private final class Counter: Sendable {
    private let count = Atomic(0)

    var value: Int {
        count.load(ordering: .sequentiallyConsistent)
    }

    func add(_ amount: Int) {
        count.wrappingAdd(amount, ordering: .sequentiallyConsistent)
    }
}
