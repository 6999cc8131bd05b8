import SWT
import SWTBytes
import SWTConversion
import TestSupport
import Testing

#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#endif

/// What cannot be converted is refused for a reason, and leaves what was there.
@Suite struct ConversionFailureTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let testDescription: String
    var input = Conversion.path("resnext_small")
    let kind: ConversionFailure.Kind
    let says: String
    var change: @Sendable (inout ConversionOptions) -> Void = { _ in }
  }

  static let cases = [
    Case(testDescription: "no such file", input: "/nowhere.pth", kind: .input, says: "No such file"),
    Case(testDescription: "a folder", input: "/", kind: .input, says: "directory"),
    Case(testDescription: "a text", input: Fixtures.path("README.md"), kind: .input, says: "text file"),
    Case(
      testDescription: "no network", input: Conversion.path("views"), kind: .architecture, says: "ResNet"),
    Case(testDescription: "another network", kind: .architecture, says: "do not fit resnet50") {
      $0.architecture = .named("resnet50")
    },
    Case(testDescription: "an unknown network", kind: .architecture, says: "there is no architecture") {
      $0.architecture = .named("resnext50_32x4")
    },
    Case(testDescription: "a key that is not there", kind: .architecture, says: "model_ema") {
      $0.key = "model_ema"
    },
    Case(testDescription: "a layer that is not there", kind: .options, says: "layer9") {
      $0.precision = .i8
      $0.wideLayers = .named(["layer9.0.conv1"])
    },
    Case(testDescription: "too few labels", kind: .architecture, says: "label") { $0.labels = ["one"] },
    Case(testDescription: "a golden of another network", kind: .golden, says: "golden") {
      $0.goldens = [Fixtures.path("goldens/resnext_deep/image-64.golden.safetensors")]
    },
    Case(testDescription: "a golden that is not there", kind: .golden, says: "no such file") {
      $0.goldens = ["/nowhere.golden.safetensors"]
    },
    Case(testDescription: "a limit", kind: .input, says: "limit") { $0.limits[.totalBytes] = 1000 },
  ]

  @Test(arguments: cases)
  func `a conversion that cannot be done says why and changes nothing`(wrong: Case) throws {
    let folder = try TemporaryFolder()
    let output = folder.file("m.swt")
    try writeFile(output, [1, 2, 3])
    let options = Conversion.options {
      wrong.change(&$0)
      $0.replacesExisting = true
    }
    do throws(ConversionFailure) {
      _ = try Converter.convert(wrong.input, to: output, options)
      Issue.record("it was converted")
    } catch {
      #expect(error.kind == wrong.kind && "\(error)".contains(wrong.says), "\(error)")
    }
    #expect(try folder.names() == ["m.swt"])
    #expect(try readFile(output) == [1, 2, 3])
  }

  /// Every place of a cut, by a prime: headers, pickle, values, directory.
  @Test func `a file that was cut anywhere is an error of the input`() throws {
    let whole = try readFile(Conversion.path("resnext_small"))
    let folder = try TemporaryFolder()
    for length in stride(from: 0, to: whole.count, by: 40_009) {
      try writeFile(folder.file("cut.pth"), Array(whole[..<length]))
      do throws(ConversionFailure) {
        _ = try Converter.convert(folder.file("cut.pth"), to: folder.file("m.swt"))
        Issue.record("\(length) bytes were converted")
      } catch {
        #expect(error.kind == .input, "\(length)")
      }
      #expect(try folder.names() == ["cut.pth"])
    }
  }

  // MARK: An output that is there

  private static func node(_ path: String) -> UInt64 {
    var status = stat()
    return unsafe stat(path, &status) == 0 ? UInt64(status.st_ino) : 0
  }

  @Test func `an output that is up to date stays, and is said to be`() throws {
    for change in [{ _ in }, { ($0.precision, $0.foldsBatchNorm) = (.f16, true) }]
      as [(inout ConversionOptions) -> Void]
    {
      let first = try Conversion("resnext_small", change)
      let (node, bytes) = (Self.node(first.output), try first.bytes())
      let again = try Converter.convert(
        Conversion.path("resnext_small"), to: first.output, Conversion.options(change))
      #expect(again.wasUpToDate && !first.summary.wasUpToDate)
      #expect(again.contentID == first.summary.contentID && again.byteCount == first.summary.byteCount)
      #expect(again.tensorCount == first.summary.tensorCount && again.aliasCount == first.summary.aliasCount)
      #expect(again.sourceSHA256 == first.summary.sourceSHA256)
      #expect(Self.node(first.output) == node)
      #expect(try first.bytes() == bytes)
    }
  }

  @Test(
    arguments: [
      { $0.license = "MIT" }, { $0.precision = .f16 }, { $0.foldsBatchNorm = true },
      { $0.metadata = [("x.note", .text("new"))] },
      { $0.goldens = [Fixtures.path("goldens/resnext_small/image-64.golden.safetensors")] },
    ] as [@Sendable (inout ConversionOptions) -> Void])
  func `an output of other options is neither up to date nor replaced, unless that is asked for`(
    change: @Sendable (inout ConversionOptions) -> Void
  ) throws {
    let first = try Conversion("resnext_small")
    let bytes = try first.bytes()
    let source = Conversion.path("resnext_small")
    do throws(ConversionFailure) {
      _ = try Converter.convert(source, to: first.output, Conversion.options(change))
      Issue.record("it was replaced")
    } catch {
      #expect(error.kind == .output)
    }
    #expect(try first.bytes() == bytes)
    #expect(try first.folder.names() == ["model.swt"])
    let replaced = try Converter.convert(
      source, to: first.output,
      Conversion.options {
        change(&$0)
        $0.replacesExisting = true
      })
    #expect(!replaced.wasUpToDate)
    #expect(try first.bytes() != bytes)
    try SWTFile(path: first.output).verifyData()
  }

  @Test func `an output of another source is not up to date`() throws {
    let first = try Conversion("resnext_small")
    // The same tensors, packed in another way: another source.
    #expect(throws: ConversionFailure.self) {
      try Converter.convert(Conversion.path("resnext_small_deflated"), to: first.output)
    }
  }

  @Test(arguments: ["/nowhere/m.swt", "/proc/m.swt", "/dev/null"])
  func `an output that cannot be made is an error of the output`(path: String) throws {
    do throws(ConversionFailure) {
      _ = try Converter.convert(
        Conversion.path("resnext_small"), to: path, Conversion.options { $0.replacesExisting = true })
      Issue.record("it was made")
    } catch {
      #expect(error.kind == .output)
    }
  }
}
