internal import SWTBytes

/// A folder as Hugging Face's libraries write it: shards, and an index that names them.
///
/// Such a folder may have more than one form of the same model, so it is a collection for those who convert
/// folders; opened as one file, it is what its index names.
enum IndexedFolder {
  /// The index that transformers looks for first where a folder has several.
  private static let preferred = ["model.safetensors.index.json", "pytorch_model.bin.index.json"]

  /// Path of the index to open in the folder at `path`; nil if `path` is not a folder.
  ///
  /// - Throws: ``ParseFailure`` if the folder has no index, or several of equal rank.
  static func index(in path: String) throws(ParseFailure) -> String? {
    guard Folder.exists(path) else { return nil }
    let names: [String]
    do throws(SystemFailure) {
      names = try Folder.names(in: path)
    } catch {
      throw ParseFailure(.system(error))
    }
    // A variant stands between: model.safetensors.index.fp16.json.
    let indexes = names.filter { name in
      name.hasSuffix(".json") && name.contains(".index.")
        && (try? CheckpointReader.shards(of: Folder.join(path, name)).isEmpty) == false
    }
    if indexes.count == 1 { return Folder.join(path, indexes[0]) }
    if let first = preferred.first(where: { name in indexes.contains { ExactString($0) == ExactString(name) }
    }) {
      return Folder.join(path, first)
    }
    guard indexes.isEmpty else {
      throw ParseFailure(
        .unsupported("a folder with \(indexes.count) indexes of shards"),
        hint: "name one of them: \(indexes.sorted().prefix(3).joined(separator: ", "))")
    }
    throw ParseFailure(
      .unsupported(
        "a directory that is not one checkpoint: it has neither an index of shards nor a .metadata"),
      hint: "name a file in it; convert FOLDER -o FOLDER converts all of them")
  }
}
