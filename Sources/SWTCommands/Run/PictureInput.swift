internal import ResNetEngine
internal import ResNetModel
internal import SWTBytes
internal import SWTConsole
internal import SWTImages

/// Turns pictures into a network's input, as its metadata says.
struct PictureInput {
  let preprocessing: ImagePreprocessing
  /// What is assumed because the model does not state it, and how to state it; nil if all is stated.
  let assumption: String?
  private let shape: [Int]

  /// The preprocessing of the network in `path`.
  ///
  /// - Throws: ``CommandFailure`` with exit 5 for invalid metadata, and for a network that takes no pictures.
  init(_ network: Model, file path: String) throws(CommandFailure) {
    let file = network.file
    do throws(ImageFailure) {
      preprocessing = try ImagePreprocessing { file.metadata($0) }
    } catch {
      throw CommandFailure(
        .inputUnreadable, file: path, "\(error), so pictures cannot be prepared",
        hint: "pth2swt set-meta corrects it")
    }
    let channels = network.tree.stem.inputChannels
    guard channels == 3 else {
      throw CommandFailure(
        .inputUnreadable, file: path, "the network expects \(channels) channels; a picture has 3",
        hint: "prepare a tensor instead")
    }
    guard network.tree.accepts(imageSize: preprocessing.crop) else {
      throw CommandFailure(
        .inputUnreadable, file: path,
        "images of \(preprocessing.crop) × \(preprocessing.crop) pixels, as its metadata says, do not fit the network"
      )
    }
    shape = preprocessing.shape
    let missing = ImagePreprocessing.assumed { file.metadata($0) }
    assumption = missing.isEmpty ? nil : Self.assumption(path, missing, preprocessing)
  }

  private static func assumption(
    _ path: String, _ missing: [String], _ preprocessing: ImagePreprocessing
  ) -> String {
    func list(_ values: [Double]) -> String { values.map { "\($0)" }.joined(separator: ",") }
    let settings = missing.map { key in
      switch key {
      case "pre.mean": "\(key)=\(list(preprocessing.mean))"
      case "pre.std": "\(key)=\(list(preprocessing.standardDeviation))"
      case "pre.resize": "\(key)=\(preprocessing.resize)"
      default: "\(key)=\(preprocessing.crop)"
      }
    }
    return """
      \(path) does not state \(missing.joined(separator: ", ")); torchvision's usual values for ImageNet are assumed. \
      To state them, or your own: pth2swt set-meta \(path) \(settings.joined(separator: " ")) -o OUT.swt
      """
  }

  /// Whether a file is a JPEG or PNG picture, or one of a format that is not decoded but known by name.
  static func isPicture(_ path: String) throws(CommandFailure) -> Bool {
    do throws(ParseFailure) {
      let source = try FileSource(path: path)
      let start = try source.bytes(at: 0, count: min(16, source.byteCount))
      return PictureFormat(startingWith: start) != nil || PictureFormat.isKnownOther(start)
    } catch {
      throw CommandFailure(reading: path, error)
    }
  }

  /// The input of the network, and what should be said about the picture.
  ///
  /// - Throws: ``CommandFailure`` with exit 5.
  func input(_ path: String) throws(CommandFailure) -> (image: FeatureMap<Float>, note: String?) {
    do throws(ImageFailure) {
      let file = try PictureFile(path)
      let values = try preprocessing.input(of: file.decoded())
      let note =
        file.orientation == 1
        ? nil
        : "its Exif orientation (\(file.orientation)) is not applied, as in PIL and torchvision: rotate it first"
      return (FeatureMap(shape: shape, values: values), note)
    } catch {
      throw CommandFailure(picture: path, error)
    }
  }
}

extension CommandFailure {
  /// A picture that cannot be read: exit 5.
  init(picture path: String, _ failure: ImageFailure) {
    switch failure {
    case .file(let cause): self.init(reading: path, cause)
    case .unknownFormat:
      self.init(.inputUnreadable, file: path, "\(failure)", hint: "save it as JPEG or PNG first")
    case .damaged(_, let reason):
      let what = reason.contains("16-bit") ? "" : "damaged: "
      self.init(.inputUnreadable, file: path, "\(what)\(failure)")
    case .tooLarge, .metadata: self.init(.inputUnreadable, file: path, "\(failure)")
    }
  }
}
