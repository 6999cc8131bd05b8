import SWTChecksums
import SWTImages
import TestSupport
import Testing

@Suite struct TorchvisionTests {
  @Test func `the truth has every picture, and recipes`() {
    #expect(Truth.all.pictures.count >= 22 && Truth.all.pictures.allSatisfy { !$0.outcomes.isEmpty })
  }

  @Test(arguments: Truth.all.pictures)
  func `a file is decoded to PIL's pixels`(_ picture: Truth.Picture) throws {
    #expect(try PictureFile(picture.path).decoded().summary == picture.decoded)
  }

  @Test(arguments: Truth.all.pictures)
  func `resize, crop and tensor are bit-identical to torchvision's`(_ picture: Truth.Picture) throws {
    let image = try PictureFile(picture.path).decoded()
    for expected in picture.outcomes {
      let recipe = expected.recipe
      var preprocessing = ImagePreprocessing()
      (preprocessing.resize, preprocessing.crop) = (recipe.resize, recipe.crop)
      preprocessing.filter = recipe.filter
      let resized = try image.resized(shortSide: recipe.resize, recipe.filter)
      #expect(resized.summary == expected.resized, "\(recipe.name)")
      #expect(resized.centerCropped(recipe.crop).summary == expected.cropped, "\(recipe.name)")
      #expect(try preprocessing.pixels(of: image).summary == expected.cropped, "\(recipe.name)")
      let bytes = try preprocessing.input(of: image).flatMap { value in
        (0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> (8 * $0)) }
      }
      #expect(Int(CRC32.checksum(bytes)) == expected.tensor, "\(recipe.name)")
    }
  }
}
