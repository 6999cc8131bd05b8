import SWT
import SWTImages
import Testing

@Suite struct PreprocessingTests {
  @Test func `preprocessing is read from metadata`() throws {
    let stated: [String: SWTValue] = [
      "pre.resize": .integer(235), "pre.size": .integer(200), "pre.interpolation": .text("bicubic"),
      "pre.channels": .text("BGR"), "pre.scale": .double(1), "pre.mean": .doubles([103.53, 116.28, 123.675]),
      "pre.std": .doubles([57.375, 57.12, 58.395]),
    ]
    var expected = ImagePreprocessing()
    (expected.resize, expected.crop, expected.filter) = (235, 200, .bicubic)
    (expected.scale, expected.channels) = (1, [2, 1, 0])
    expected.mean = [103.53, 116.28, 123.675]
    expected.standardDeviation = [57.375, 57.12, 58.395]
    #expect(try ImagePreprocessing { stated[$0] } == expected)
    #expect(try ImagePreprocessing { _ in nil } == ImagePreprocessing())
    #expect(ImagePreprocessing.assumed { stated[$0] } == [])
    #expect(
      ImagePreprocessing.assumed { $0 == "pre.size" ? .integer(64) : nil } == [
        "pre.mean", "pre.std", "pre.resize",
      ])
  }

  @Test(arguments: ["pre.size", "pre.resize"])
  func `a size alone is both the resize's and the crop's`(_ key: String) throws {
    let read = try ImagePreprocessing { $0 == key ? .integer(64) : nil }
    #expect(read.resize == 64 && read.crop == 64)
  }

  @Test(
    arguments: [
      ("pre.resize", .integer(0)), ("pre.resize", .text("256")), ("pre.size", .integer(1 << 40)),
      ("pre.interpolation", .text("lanczos")), ("pre.channels", .text("CMY")), ("pre.scale", .double(.nan)),
      ("pre.mean", .doubles([1, 2])), ("pre.mean", .doubles([1, 2, .infinity])),
      ("pre.std", .doubles([1, 0, 1])), ("pre.crop", .text("random")), ("pre.antialias", .bool(false)),
    ] as [(String, SWTValue)])
  func `an invalid value is refused with its key`(_ key: String, _ value: SWTValue) {
    #expect(throws: ImageFailure.metadata(key: key)) { try ImagePreprocessing { $0 == key ? value : nil } }
  }

  /// detectron2's networks take blue first, on a scale of 0…255.
  @Test func `blue comes first if the network needs it`() throws {
    var preprocessing = ImagePreprocessing()
    (preprocessing.resize, preprocessing.crop, preprocessing.scale) = (1, 1, 1)
    preprocessing.channels = [2, 1, 0]
    preprocessing.mean = [100, 10, 1]
    preprocessing.standardDeviation = [2, 4, 8]
    let input = try preprocessing.input(of: RGBImage(width: 1, height: 1, pixels: [9, 30, 250]))
    #expect(preprocessing.shape == [1, 3, 1, 1])
    #expect(input == [75, 5, 1])
  }
}
