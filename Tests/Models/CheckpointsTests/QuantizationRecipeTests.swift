import Checkpoints
import Foundation
import Tensors
import Testing

/// The types that llama.cpp gives the tensors of a model; `Tools/fixtures/quantization.py` writes them.
private struct RecipeFixture: Decodable {
    let layers: Int
    let experts: Int
    let sharing: Int
    let isTied: Bool
    let tensors: [String: [Int]]
    let recipes: [String: [String: String]]

    static func load() throws -> [RecipeFixture] {
        let folder = try #require(Bundle.module.url(forResource: "Fixtures", withExtension: nil))
        let data = try Data(contentsOf: folder.appending(path: "recipes.json"))
        return try JSONDecoder().decode([RecipeFixture].self, from: data)
    }
}

@Suite("Which tensor gets which type")
struct QuantizationRecipeTests {
    @Test(
        "Every tensor gets the type that llama.cpp gives it", arguments: QuantizationRecipe.allCases
    )
    func agrees(recipe: QuantizationRecipe) throws {
        for fixture in try RecipeFixture.load() {
            let model = QuantizationRecipe.Model(
                layers: fixture.layers, experts: fixture.experts, sharing: fixture.sharing,
                isTied: fixture.isTied)
            let types = try #require(fixture.recipes[recipe.rawValue])
            for (name, dimensions) in fixture.tensors {
                let type = recipe.type(name: name, dimensions: dimensions, in: model)
                #expect((type ?? .f32).name == types[name], "\(name) of \(fixture.layers) layers")
            }
        }
    }

    @Test("Small matrices that models are sensitive to stay as they are")
    func exceptions() {
        let model = QuantizationRecipe.Model(layers: 4, experts: 8, sharing: 4, isTied: false)
        let type = { (name: String, dimensions: [Int]) in
            QuantizationRecipe.q4_K_M.type(name: name, dimensions: dimensions, in: model)
        }
        #expect(type("blk.0.ffn_gate_inp.weight", [256, 8]) == nil)
        #expect(type("position_embd.weight", [256, 512]) == nil)
        #expect(type("blk.0.attn_q.bias", [256, 2]) == nil)
        #expect(type("output_norm.weight", [256]) == nil)
        // Eight experts share one attention, which may cost more then.
        #expect(type("blk.0.attn_v.weight", [256, 64]) == .q8_0)
        #expect(type("blk.0.attn_k.weight", [256, 64]) == .q8_0)
        #expect(type("blk.0.attn_output.weight", [256, 256]) == .q5_K)
        #expect(type("blk.0.ffn_down_exps.weight", [512, 256, 8]) == .q4_K)
        #expect(type("blk.3.ffn_down_exps.weight", [512, 256, 8]) == .q6_K)
    }
}
