import Classification
import Foundation
import Images
import SWTConversion
import Testing

struct TorchvisionTests {
  @Test(arguments: Truth.all.images)
  func `a file is decoded to PIL's pixels`(_ picture: Truth.Picture) throws {
    #expect(try Image(contentsOf: picture.path).summary == picture.decoded)
  }

  @Test(arguments: Truth.all.images)
  func `resize, crop and tensor are bit-identical to torchvision's`(_ picture: Truth.Picture) throws {
    let image = try Image(contentsOf: picture.path)
    for (name, expected) in picture.recipes {
      let recipe = try #require(Truth.all.recipes[name])
      var preprocessing = ImagePreprocessing()
      preprocessing.resize = recipe.resize
      preprocessing.crop = recipe.crop
      preprocessing.filter = try #require(Filter(rawValue: recipe.interpolation))
      let resized = try image.resized(shortSide: recipe.resize, preprocessing.filter)
      #expect(resized.summary == expected.resized, "\(name)")
      #expect(try preprocessing.pixels(of: image).summary == expected.cropped, "\(name)")
      let input = try preprocessing.input(of: image)
      #expect(crc32(input.values.littleEndianBytes) == expected.tensor, "\(name)")
    }
  }

  /// The bound is the one of goldens: `k` times the largest error of PyTorch's own float32 variants.
  @Test func `logits agree with PyTorch's within its own noise`() throws {
    let model = FileManager.default.temporaryDirectory.path + "/\(UUID()).swt"
    defer { try? FileManager.default.removeItem(atPath: model) }
    _ = try Converter.convert(Truth.folder + Truth.all.model, to: model)
    let classifier = try Classifier(model)
    for picture in Truth.all.images {
      let logits = try classifier.logits(Image(contentsOf: picture.path)).map(Double.init)
      let expected = picture.logits
      #expect(logits.count == expected.count)
      let errors = zip(logits, expected).map { $0 - $1 }
      let mean = expected.reduce(0, +) / Double(expected.count)
      let deviation = norm(expected.map { $0 - mean }) / Double(expected.count).squareRoot()
      #expect(norm(errors) / norm(expected) <= picture.k * picture.floorRelL2, "\(picture.file)")
      let largest = errors.map { abs($0) }.max() ?? .infinity
      #expect(largest / deviation <= 1.5 * picture.k * picture.floorMax, "\(picture.file)")
    }
  }

  private func norm(_ values: [Double]) -> Double { values.reduce(0) { $0 + $1 * $1 }.squareRoot() }
}
