internal import PthReader
internal import SWT
internal import SWTBytes
internal import SWTTensorFiles
internal import SWTTensors

/// `convert … -o x.safetensors`: the tensors of a plan in the form that other tools read.
///
/// Metadata becomes text: numbers and lists as JSON. Goldens have no place there.
enum SafetensorsOutput {
  static func isAsked(by output: String) -> Bool { output.hasSuffix(".safetensors") }

  /// Writes the file.
  ///
  /// - Returns: its size in bytes.
  /// - Throws: ``ConversionFailure``; what was there before is then still there.
  static func write(
    _ plan: ConversionPlan, metadata: [String: SWTValue], from input: String, to output: String,
    _ options: ConversionOptions
  ) throws(ConversionFailure) -> Int {
    if let golden = options.goldens.first {
      throw .golden(file: golden, "a safetensors file cannot carry a golden; convert to .swt")
    }
    do {
      let limits = options.limits
      let pairs = metadata.sorted { $0.key < $1.key }.map { ($0.key, $0.value.text) }
      let writer = try SafetensorsWriter(
        metadata: OrderedStrings(pairs),
        tensors: plan.tensors.map { tensor in
          let entry = tensor.entry
          // Quantized tensors as their integers; `tensors.encoding` in the metadata says how to read them.
          return SafetensorsWriter.Tensor(
            name: tensor.name, type: tensor.dtype.scalarType ?? entry.scalarType, shape: tensor.shape
          ) { sink in try entry.forEachWindow(limits: limits) { window in try sink(window) } }
        })
      let file = try AtomicFile(path: output, replaceExisting: options.replacesExisting)
      try writer.write { piece in try file.write(piece) }
      try file.commit()
      return file.position
    } catch let failure as WriteFailure {
      throw .output(
        file: output, "\(failure)", hint: failure.isExisting ? "--force replaces it" : nil)
    } catch let failure as ParseFailure {
      if case .unsupported(let what) = failure.reason {
        throw .architecture(
          file: input, "\((failure.context + [what]).joined(separator: ": "))", hint: "convert to .swt")
      }
      throw .input(file: input, failure)
    } catch {
      throw .input(file: input, ParseFailure(.unsupported("\(error)")))
    }
  }
}
