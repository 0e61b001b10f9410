/// How much of the machine each tenant has had: who has had least is served next.
///
/// Each tenant's account grows by the rows that are computed for it, divided by its weight. A tenant that comes back
/// after a pause starts where the least served of the others stand, so that nobody saves up time.
/// After the virtual token counter of Sheng (2024), "Fairness in Serving Large Language Models".
package struct FairShare: Sendable {
    private struct Account: Sendable {
        var served: Double
        var weight: Double
        var sequences = 0
    }

    private var accounts: [String: Account] = [:]
    /// What the least served tenant had when the last one left: where the next one starts.
    private var floor = 0.0

    package init() {}

    /// Notes that a tenant has one more sequence.
    package mutating func join(_ tenant: String, weight: Double) {
        let least = accounts.values.lazy.map(\.served).min() ?? floor
        var account = accounts[tenant] ?? Account(served: least, weight: weight)
        account.weight = weight
        account.sequences += 1
        accounts[tenant] = account
    }

    /// Notes that one of a tenant's sequences has ended.
    ///
    /// An account without sequences goes: the number of keys must not be what memory grows with. A tenant that was
    /// served more than the others has waited for none of them, so it may start beside them again.
    package mutating func leave(_ tenant: String) {
        guard var account = accounts[tenant] else { return }
        account.sequences -= 1
        accounts[tenant] = account.sequences > 0 ? account : nil
        if accounts.isEmpty { floor = account.served }
    }

    /// Notes rows computed for a tenant.
    package mutating func charge(_ tenant: String, rows: Int) {
        guard let account = accounts[tenant] else { return }
        accounts[tenant]?.served += Double(rows) / account.weight
    }

    /// What a tenant has had, in rows for each unit of weight.
    package func served(_ tenant: String) -> Double {
        accounts[tenant]?.served ?? floor
    }

    package func weight(_ tenant: String) -> Double {
        accounts[tenant]?.weight ?? 1
    }
}
