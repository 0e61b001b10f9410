/// How much of the machine each tenant has had: who has had least is served next.
///
/// Each tenant's account grows by the rows that are computed for it, divided by its weight. A tenant whose prompts begin
/// to wait starts where the least served of those stand whose prompts wait already, or beside the most served where nobody's
/// do: neither a pause nor a trickle saves anything up.
/// After the virtual token counter of Sheng (2024), "Fairness in Serving Large Language Models".
package struct FairShare: Sendable {
    private struct Account: Sendable {
        var served: Double
        var weight: Double
        var sequences = 0
    }

    private var accounts: [String: Account] = [:]
    /// What the last tenant had when it left: where the next one starts.
    private var floor = 0.0

    package init() {}

    /// Notes that a tenant has one more sequence, beside those `tenants` whose prompts wait or are computed now.
    package mutating func join(_ tenant: String, weight: Double, besides tenants: Set<String>) {
        var account = accounts[tenant] ?? Account(served: floor, weight: weight)
        if !tenants.contains(tenant) {
            let others = tenants.compactMap { accounts[$0]?.served }
            let start = others.min() ?? accounts.values.lazy.map(\.served).max() ?? floor
            account.served = max(account.served, start)
        }
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
