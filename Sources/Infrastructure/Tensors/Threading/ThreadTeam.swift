import Synchronization

/// A team of threads that together run the chunks of one region of work at a time.
///
/// The caller of ``run(chunks:_:)`` is a member and works too. The others spin for some tens of microseconds
/// after a region, because the next one usually follows at once, and then sleep. Chunks are taken one by one,
/// so a member that is held up by the system takes fewer of them; one that sleeps through a region is not
/// waited for.
///
/// Regions of several callers run one after the other. A body must not start a region of its own team.
package final class ThreadTeam: Sendable {
    /// Members, the caller included.
    package let threads: Int
    private let region: Region
    private let members: [Member]
    /// Held while a region runs.
    private let turn = Mutex(())

    /// Makes a team of `threads`, or of as many as the system gives.
    package init(threads: Int) {
        precondition(threads >= 1, "a team of nobody")
        // Spinning on a processor that another member needs helps nobody.
        let region = Region(spins: threads <= System.processors)
        self.region = region
        var members: [Member] = []
        while members.count < threads - 1 {
            let worker = members.count + 1
            guard let member = Member({ region.serve(as: worker) }) else { break }
            members.append(member)
        }
        self.members = members
        self.threads = members.count + 1
    }

    deinit {
        region.end()
        for member in members {
            member.join()
        }
    }

    /// Runs `body(0)` to `body(chunks - 1)`, each once, in any order, on any members; returns when all are done.
    ///
    /// With one chunk no other member is woken.
    package func run(chunks: Int, _ body: (_ chunk: Int) -> Void) {
        run(chunks: chunks) { chunk, _ in body(chunk) }
    }

    /// As ``run(chunks:_:)``, telling the body which member runs it: 0 to `threads - 1`.
    package func run(chunks: Int, _ body: (_ chunk: Int, _ worker: Int) -> Void) {
        guard chunks > 0 else { return }
        turn.withLock { _ in
            guard chunks > 1, threads > 1 else {
                for chunk in 0..<chunks {
                    body(chunk, 0)
                }
                return
            }
            withoutActuallyEscaping(body) { body in
                region.run(chunks: chunks, body)
            }
        }
    }
}
