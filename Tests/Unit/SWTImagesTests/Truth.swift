import SWTChecksums
import SWTImages
import SWTTensorFiles
import TestSupport
import Testing

/// The results of PIL and torchvision for Fixtures/images; made by Tools/fixtures/make_image_fixtures.py.
struct Truth: Sendable {
  struct Recipe: Sendable {
    let name: String
    let resize: Int
    let crop: Int
    let filter: ResamplingFilter
  }

  struct Outcome: Sendable {
    let recipe: Recipe
    /// Size and CRC-32 of the RGB bytes: `[width, height, crc]`.
    let resized: [Int]
    let cropped: [Int]
    /// CRC-32 of the little-endian float32 values.
    let tensor: Int
  }

  struct Picture: Sendable, CustomTestStringConvertible {
    let file: String
    let decoded: [Int]
    let outcomes: [Outcome]

    var path: String { Fixtures.path("images/" + file) }
    var testDescription: String { file }
  }

  let pictures: [Picture]

  static let all = Truth()

  private init() {
    do {
      let root = try JSONValue.parse(readFile(Fixtures.path("images/truth.json")))
      let recipes = (root["recipes"]?.members ?? []).compactMap { member -> Recipe? in
        guard let filter = member.value["interpolation"]?.string.flatMap(ResamplingFilter.init) else {
          return nil
        }
        return Recipe(
          name: member.key, resize: member.value["resize"]?.int ?? 0, crop: member.value["crop"]?.int ?? 0,
          filter: filter)
      }
      pictures = (root["images"]?.array ?? []).map { item in
        let outcomes = (item["recipes"]?.members ?? []).compactMap { member in
          recipes.first { $0.name == member.key }.map { recipe in
            Outcome(
              recipe: recipe, resized: member.value["resized"]?.integers ?? [],
              cropped: member.value["cropped"]?.integers ?? [], tensor: member.value["tensor"]?.int ?? -1)
          }
        }
        return Picture(
          file: item["file"]?.string ?? "", decoded: item["decoded"]?.integers ?? [], outcomes: outcomes)
      }
    } catch {
      Issue.record("Fixtures/images/truth.json: \(error)")
      pictures = []
    }
  }
}

extension JSONValue {
  fileprivate var integers: [Int]? { array?.compactMap(\.int) }
}

extension RGBImage {
  /// The description used in the fixtures.
  var summary: [Int] { [width, height, Int(CRC32.checksum(pixels))] }
}
