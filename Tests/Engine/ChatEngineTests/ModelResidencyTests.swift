import ChatEngine
import Testing

@Suite("Models share one memory budget")
struct ModelResidencyTests {
    private typealias Refusal = ModelResidency.Refusal
    private let start = ContinuousClock.now

    private func at(_ seconds: Int) -> ModelResidency.Time {
        start + .seconds(seconds)
    }

    /// Models of 40 bytes each in a budget of 100; those that are `ready` are in memory, used in that order.
    private func residency(
        budget: Int? = 100, ready: [String] = [], pinned: Set<String> = [], idle: Duration? = nil,
        bytes: [String: Int] = [:]
    ) -> ModelResidency {
        var residency = ModelResidency(budget: budget)
        for name in ["a", "b", "c", "d"] {
            residency.add(
                name,
                ModelResidency.Model(
                    bytes: bytes[name] ?? 40, isPinned: pinned.contains(name), idleLimit: idle))
        }
        for (index, name) in ready.enumerated() {
            _ = residency.request(name, waiter: -1, now: at(index))
            _ = residency.loaded(name, bytes: bytes[name] ?? 40, now: at(index))
            _ = residency.release(name, now: at(index))
        }
        return residency
    }

    @Test("Requests for one model share one load, and are admitted in their order")
    func sharing() {
        var residency = residency()
        #expect(residency.request("a", waiter: 1, now: at(0)) == [.load("a")])
        #expect(residency.request("a", waiter: 2, now: at(0)) == [])
        #expect(
            residency.loaded("a", bytes: 38, now: at(1)) == [
                .admit(waiter: 1, to: "a"), .admit(waiter: 2, to: "a"),
            ])
        #expect(residency.request("a", waiter: 3, now: at(2)) == [.admit(waiter: 3, to: "a")])
        #expect(residency["a"]?.users == 3)
        #expect(residency.used == 38)
    }

    @Test("A model that nobody knows is refused by name")
    func unknown() {
        var residency = residency()
        #expect(
            residency.request("x", waiter: 1, now: at(0)) == [
                .refuse(waiter: 1, .unknown("x"))
            ])
    }

    @Test("Without a budget nothing is sent away")
    func noBudget() {
        var residency = residency(budget: nil, ready: ["a", "b", "c"])
        #expect(residency.request("d", waiter: 1, now: at(9)) == [.load("d")])
        #expect(residency.nextDeadline == nil)
    }

    @Test("Room is made by the idle model that was used longest ago, and the load waits for it")
    func leastRecentlyUsed() {
        var residency = residency(ready: ["a", "b"])
        #expect(residency.request("a", waiter: 1, now: at(5)) == [.admit(waiter: 1, to: "a")])
        #expect(residency.release("a", now: at(6)) == [])
        #expect(residency.request("c", waiter: 2, now: at(7)) == [.unload("b")])
        #expect(residency["c"]?.stage == .waitingForRoom)
        #expect(residency.unloaded("b") == [.load("c")])
        #expect(residency.used == 80)
    }

    @Test("A small idle model stays when a larger one must go anyway")
    func nothingUnnecessary() {
        var residency = residency(ready: ["a", "b"], bytes: ["a": 10, "b": 60, "c": 80])
        #expect(residency.request("c", waiter: 1, now: at(9)) == [.unload("b")])
    }

    @Test("Where models in use or pinned hold the memory, the refusal names them")
    func noRoom() {
        var residency = residency(ready: ["a", "b"], pinned: ["b"])
        _ = residency.request("a", waiter: 1, now: at(5))
        #expect(
            residency.request("c", waiter: 2, now: at(6)) == [
                .refuse(
                    waiter: 2,
                    .noRoom(
                        "c", needed: 40, budget: 100,
                        holders: [
                            .init(name: "a", bytes: 40, reason: .used(requests: 1)),
                            .init(name: "b", bytes: 40, reason: .pinned),
                        ]))
            ])
        #expect(residency["c"]?.stage == .unloaded)
        // As soon as the answer is done there is room.
        #expect(residency.release("a", now: at(7)) == [])
        #expect(residency.request("c", waiter: 3, now: at(8)) == [.unload("a")])
    }

    @Test("A model larger than the whole budget is refused, and nothing is sent away for it")
    func tooLarge() {
        var residency = residency(ready: ["a"], bytes: ["c": 101])
        #expect(
            residency.request("c", waiter: 1, now: at(1)) == [
                .refuse(waiter: 1, .tooLarge("c", needed: 101, budget: 100))
            ])
        #expect(residency["a"]?.stage == .ready)
    }

    @Test(
        "Two that wait for room get it in turn, and what is on its way out counts for one of them")
    func queue() {
        var residency = residency(ready: ["a", "b"])
        #expect(residency.request("c", waiter: 1, now: at(5)) == [.unload("a")])
        #expect(residency.request("d", waiter: 2, now: at(6)) == [.unload("b")])
        #expect(residency.unloaded("b") == [.load("c")])
        #expect(residency.unloaded("a") == [.load("d")])
    }

    @Test("A waiter that leaves gives its place up, and a load that nobody else wants is not begun")
    func leaving() {
        var residency = residency(ready: ["a", "b"])
        _ = residency.request("c", waiter: 1, now: at(5))
        #expect(residency.cancel(1) == [])
        #expect(residency["c"]?.stage == .unloaded)
        #expect(residency.unloaded("a") == [])
        _ = residency.request("c", waiter: 2, now: at(6))
        _ = residency.cancel(2)
        // The load is under way and goes on.
        #expect(residency.loaded("c", bytes: 40, now: at(7)) == [])
        #expect(residency["c"]?.stage == .ready)
    }

    @Test("A model that grew while it was loaded does not leave others waiting for ever")
    func surprise() {
        var residency = residency(ready: ["a"])
        _ = residency.request("b", waiter: 1, now: at(1))
        _ = residency.request("c", waiter: 2, now: at(1))
        #expect(residency["c"]?.stage == .waitingForRoom)
        _ = residency.unloaded("a")
        // Loaded meanwhile, b turns out to need 70.
        var other = self.residency(ready: ["a"])
        _ = other.request("b", waiter: 1, now: at(1))
        _ = other.request("c", waiter: 2, now: at(1))
        _ = other.loaded("b", bytes: 70, now: at(2))
        #expect(
            other.unloaded("a") == [
                .refuse(
                    waiter: 2,
                    .noRoom(
                        "c", needed: 40, budget: 100,
                        holders: [.init(name: "b", bytes: 70, reason: .used(requests: 1))]))
            ])
    }

    @Test("An idle model goes after its time, one in use or pinned stays")
    func idle() {
        var residency = residency(
            budget: nil, ready: ["a", "b", "c"], pinned: ["b"], idle: .seconds(60))
        _ = residency.request("c", waiter: 1, now: at(10))
        #expect(residency.nextDeadline == at(60))
        #expect(residency.tick(now: at(59)) == [])
        #expect(residency.tick(now: at(60)) == [.unload("a")])
        #expect(residency.tick(now: at(1000)) == [])
        #expect(residency.release("c", now: at(1000)) == [])
        #expect(residency.nextDeadline == at(1060))
        residency.pin("b", false)
        #expect(residency.tick(now: at(1000)) == [.unload("b")])
    }

    @Test(
        "An unload waits for the last answer; who comes meanwhile waits, and brings the model back")
    func draining() {
        var residency = residency(ready: ["a"])
        _ = residency.request("a", waiter: 1, now: at(1))
        _ = residency.request("a", waiter: 2, now: at(1))
        #expect(residency.unload("a") == [])
        #expect(residency.request("a", waiter: 3, now: at(2)) == [])
        #expect(residency.release("a", now: at(3)) == [])
        #expect(residency.release("a", now: at(4)) == [.unload("a")])
        #expect(residency.unloaded("a") == [.load("a")])
        #expect(residency.loaded("a", bytes: 40, now: at(5)) == [.admit(waiter: 3, to: "a")])
    }

    @Test("An unload of a model that is being loaded happens after the answers that wait for it")
    func unloadWhileLoading() {
        var residency = residency()
        _ = residency.request("a", waiter: 1, now: at(0))
        #expect(residency.unload("a") == [])
        #expect(residency.loaded("a", bytes: 40, now: at(1)) == [.admit(waiter: 1, to: "a")])
        #expect(residency.release("a", now: at(2)) == [.unload("a")])
        #expect(residency.unload("b") == [])
    }

    @Test("A failed load is told to all that wait, remembered for a moment, then tried again")
    func failure() {
        var residency = residency()
        _ = residency.request("a", waiter: 1, now: at(0))
        _ = residency.request("a", waiter: 2, now: at(0))
        let refusal = Refusal.failed("a", message: "no such file")
        #expect(
            residency.failed("a", message: "no such file", now: at(1)) == [
                .refuse(waiter: 1, refusal), .refuse(waiter: 2, refusal),
            ])
        #expect(
            residency.request("a", waiter: 3, now: at(2)) == [.refuse(waiter: 3, refusal)])
        #expect(residency.request("a", waiter: 4, now: at(6)) == [.load("a")])
        _ = residency.loaded("a", bytes: 40, now: at(7))
        #expect(residency["a"]?.failure == nil)
    }

    @Test(
        "Whatever comes in whatever order: the budget holds, no one in use goes, no one waits in vain"
    )
    func anyOrder() {
        var random = SplitMix(state: 42)
        for _ in 0..<300 {
            var residency = residency(
                ready: ["a", "b"], pinned: random.next() % 3 == 0 ? ["b"] : [],
                idle: .seconds(20))
            var loads: [String] = []
            var unloads: [String] = []
            var waiting: Set<Int> = []
            var users: [String] = []
            var id = 0
            func carryOut(_ actions: [ModelResidency.Action]) {
                for action in actions {
                    switch action {
                    case .load(let name): loads.append(name)
                    case .unload(let name):
                        #expect(!users.contains(name), "in use")
                        unloads.append(name)
                    case .admit(let waiter, let name):
                        #expect(waiting.remove(waiter) != nil)
                        users.append(name)
                    case .refuse(let waiter, _): #expect(waiting.remove(waiter) != nil)
                    }
                }
                #expect(residency.used <= 100)
            }
            for second in 0..<60 {
                let now = at(10 + second)
                let names = residency.names
                switch random.next() % 8 {
                case 0...2:
                    id += 1
                    waiting.insert(id)
                    let name = names[Int(random.next() % 4)]
                    carryOut(residency.request(name, waiter: id, now: now))
                case 3 where !users.isEmpty:
                    carryOut(residency.release(users.removeLast(), now: now))
                case 4 where !loads.isEmpty:
                    carryOut(
                        random.next() % 4 == 0
                            ? residency.failed(loads.removeFirst(), message: "x", now: now)
                            : residency.loaded(loads.removeFirst(), bytes: 40, now: now))
                case 5 where !unloads.isEmpty: carryOut(residency.unloaded(unloads.removeFirst()))
                case 6: carryOut(residency.unload(names[Int(random.next() % 4)]))
                default:
                    if let waiter = waiting.first, random.next() % 2 == 0 {
                        waiting.remove(waiter)
                        carryOut(residency.cancel(waiter))
                    } else {
                        carryOut(residency.tick(now: now))
                    }
                }
            }
            // When all is done, everybody has an answer.
            for _ in 0..<50 where !(waiting.isEmpty && loads.isEmpty && unloads.isEmpty) {
                if let name = users.popLast() { carryOut(residency.release(name, now: at(99))) }
                if !unloads.isEmpty { carryOut(residency.unloaded(unloads.removeFirst())) }
                if !loads.isEmpty {
                    carryOut(residency.loaded(loads.removeFirst(), bytes: 40, now: at(99)))
                }
            }
            #expect(waiting.isEmpty, "somebody waits in vain")
        }
    }
}

/// SplitMix64 (Steele 2014).
private struct SplitMix {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
