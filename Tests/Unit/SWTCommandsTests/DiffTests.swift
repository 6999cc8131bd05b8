import SWTCommands
internal import SWTConsole
import SWTTensorFiles
import TestSupport
import Testing

/// `diff` of pairs with known differences.
@Suite struct DiffTests {
  @Test(arguments: ["resnext_small", "resnext_wrapped", "resnext_compiled", "resnet_basic"])
  func `a conversion has the values of its checkpoint, regardless of names`(name: String) throws {
    let folder = try TemporaryFolder()
    let model = folder.file("m.swt")
    Tool("convert", Fixture.checkpoint(name), "-o", model)
    for pair in [[Fixture.checkpoint(name), model], [model, Fixture.checkpoint(name)], [model, model]] {
      let compared = Tool(["diff"] + pair + ["--json"])
      #expect(compared.status == .success, "\(compared.output.prefix(2000))")
      let document = try compared.json()
      #expect(document["verdict"]?.string == "same")
      #expect(document["tensors"]?.array?.allSatisfy { $0["verdict"]?.string == "identical" } == true)
      #expect((document["tensors"]?.array?.count ?? 0) > 70)
    }
  }

  @Test func `an embedded golden test is not a difference from a file without one`() throws {
    let folder = try TemporaryFolder()
    let (model, other) = (folder.file("m.swt"), folder.file("o.swt"))
    let golden = Fixture.golden("resnext_small", "image-64")
    Tool("convert", Fixture.checkpoint("resnext_small"), "-o", model, "--golden", golden)
    let compared = Tool("diff", Fixture.checkpoint("resnext_small"), model)
    #expect(compared.status == .success)
    #expect(compared.output.contains("its golden tests"))

    // If both files have golden tests, these are compared.
    let odd = Fixture.golden("resnext_small", "odd-65x63")
    Tool("convert", Fixture.checkpoint("resnext_small"), "-o", other, "--golden", odd)
    #expect(Tool("diff", model, other).status == .verificationFailed)
  }

  @Test func `one changed weight is found, with its place and size`() throws {
    let folder = try TemporaryFolder()
    let values: [Float] = [1, -2, 3, 0.5, .nan, 0]
    var other = values
    other[3] = 0.75
    other[5] = -0.0
    var paths: [String] = []
    for (name, values) in [("a", values), ("b", other)] {
      let data = TensorData(shape: [2, 3], floats: values)
      let writer = try SafetensorsWriter(
        tensors: [.init(name: "w", data), .init(name: name, data)])
      paths.append(folder.file("\(name).safetensors"))
      try writeFile(paths[paths.count - 1], writer.bytes())
    }
    let compared = Tool("diff", paths[0], paths[1], "--json")
    #expect(compared.status == .verificationFailed)
    let document = try compared.json()
    #expect(document["missing"]?.array?.compactMap(\.string) == ["a"])
    #expect(document["extra"]?.array?.compactMap(\.string) == ["b"])
    let tensor = try #require(document["tensors"]?.array?.first { $0["name"]?.string == "w" })
    #expect(tensor["verdict"]?.string == "values")
    #expect(tensor["differing"]?.int == 1)
    #expect(tensor["worst"]?.int == 3)
    #expect(tensor["max_error"]?.double == 0.25)
    let text = Tool("diff", paths[0], paths[1])
    #expect(text.output.contains("1/6") && text.output.contains("only in \(paths[0]): a"))
  }

  @Test func `differences in types and shapes are distinguished from those in values`() throws {
    let folder = try TemporaryFolder()
    let input = Fixture.checkpoint("resnext_small")
    let (wide, half, deep) = (folder.file("w.swt"), folder.file("h.swt"), folder.file("i.swt"))
    Tool("convert", input, "-o", wide)
    Tool("convert", input, "-o", half, "--precision", "f16")
    Tool("convert", input, "-o", deep, "--precision", "i8")
    let rounded = try Tool("diff", wide, half, "--json").json()
    let weight = try #require(rounded["tensors"]?.array?.first { $0["name"]?.string == "fc.weight" })
    #expect(weight["dtypes"]?.array?.compactMap(\.string) == ["float32", "float16"])
    #expect((1e-5...1e-3).contains(weight["rel_l2"]?.double ?? 0))
    // The relative error of the quantized layer is that of its receipt: the scales were applied.
    let quantized = try Tool("diff", wide, deep, "--json").json()
    let errors = quantized["tensors"]?.array?.compactMap { $0["rel_l2"]?.double } ?? []
    #expect((1e-3...2e-2).contains(errors.max() ?? 0))
    let other = Tool("diff", wide, Fixture.checkpoint("resnext_deep"), "--json")
    #expect(other.status == .verificationFailed)
  }

  @Test func `a file that cannot be read is not a difference`() throws {
    let folder = try TemporaryFolder()
    let model = folder.file("m.swt")
    Tool("convert", Fixture.checkpoint("resnext_small"), "-o", model)
    var bytes = try readFile(model)
    bytes[bytes.count - 4000] ^= 1
    try writeFile(folder.file("d.swt"), bytes)
    #expect(Tool("diff", model, folder.file("d.swt")).status == .inputUnreadable)
    #expect(Tool("diff", model, folder.file("none.pth")).status == .inputUnreadable)
    #expect(Tool("diff", model).status == .usage)
  }
}
