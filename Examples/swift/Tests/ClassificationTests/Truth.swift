import Foundation
import Testing

/// The results of PIL, torchvision and PyTorch for Fixtures/images; made by
/// Tools/fixtures/make_image_fixtures.py.
struct Truth: Decodable {
  struct Recipe: Decodable {
    let resize: Int
    let crop: Int
    let interpolation: String
  }

  /// Size and CRC-32 of the RGB bytes: `[width, height, crc]`.
  typealias Pixels = [Int]

  struct Outcome: Decodable {
    let resized: Pixels
    let cropped: Pixels
    /// CRC-32 of the little-endian float32 values.
    let tensor: UInt32
  }

  struct Picture: Decodable, CustomTestStringConvertible {
    let file: String
    let decoded: Pixels
    let recipes: [String: Outcome]
    /// With the first recipe, in float64.
    let logits: [Double]
    let floorRelL2: Double
    let floorMax: Double
    let k: Double

    var path: String { Truth.folder + "images/" + file }
    var testDescription: String { file }
  }

  let model: String
  let recipes: [String: Recipe]
  let images: [Picture]

  /// The repository's fixtures, five folders above this file.
  static let folder =
    URL(filePath: #filePath).pathComponents.dropFirst().dropLast(5).map { "/" + $0 }.joined() + "/Fixtures/"

  static let all: Truth = {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    do {
      let json = try Data(contentsOf: URL(filePath: folder + "images/truth.json"))
      return try decoder.decode(Truth.self, from: json)
    } catch {
      fatalError("Fixtures/images/truth.json: \(error)")
    }
  }()
}
