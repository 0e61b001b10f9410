import CompletionAPI
import Server
import StructuredJSON
import Testing

@Suite("Statistics of the last minutes")
struct StatisticsSeriesTests {
    @Test(
        "Rates are what happened between two samples, and a counter that went back counts as nothing"
    )
    func rates() {
        var series = StatisticsSeries()
        series.add(BackendStatistics(promptTokens: 100), firstTexts: [], at: 10)
        #expect(series.samples.isEmpty)
        series.add(
            BackendStatistics(promptTokens: 300, completionTokens: 50, running: 3, waiting: 2),
            firstTexts: [0.5, 1.5], at: 14)
        series.add(
            BackendStatistics(promptTokens: 0, completionTokens: 60), firstTexts: [], at: 16)
        #expect(series.samples.map(\.promptTokensPerSecond) == [50, 0])
        #expect(series.samples.map(\.completionTokensPerSecond) == [12.5, 5])
        #expect(series.samples.map(\.firstText) == [1, nil])
        #expect(series.samples[0].running == 3 && series.samples[0].waiting == 2)
    }

    @Test("The oldest samples go, and a clock that stands still adds none")
    func bounded() throws {
        var series = StatisticsSeries()
        for second in 0..<2000 {
            series.add(BackendStatistics(promptTokens: second), firstTexts: [], at: Double(second))
            series.add(BackendStatistics(promptTokens: second), firstTexts: [], at: Double(second))
        }
        #expect(series.samples.count == StatisticsSeries.capacity)
        #expect(series.samples.last?.time == 1999)
        #expect(try JSONField(series.json)["time"].array().count == StatisticsSeries.capacity)
    }
}
