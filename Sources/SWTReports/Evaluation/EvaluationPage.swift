internal import SWTBytes
internal import SWTConsole
internal import SWTEvaluation
package import SWTImages
internal import SWTTensorFiles

/// The page of an evaluation: the numbers, and the pictures whose label changed.
package enum EvaluationPage {
  /// Pictures on the page; a page of thousands would be slow and is not looked at.
  private static let greatestCount = 200
  /// Height and width of a picture on the page, in pixels.
  private static let side = 112

  /// - Parameters:
  ///   - document: The evaluation.
  ///   - preprocessing: How the network takes pictures: the page shows what it saw.
  /// - Returns: The text of the file.
  package static func text(_ document: EvaluationDocument, _ preprocessing: ImagePreprocessing) -> String {
    let evaluation = document.evaluation
    let one = document.networks[0]
    var body = "<div class=\"verdict\">\n<p class=\"eyebrow\">pth2swt evaluate</p>\n"
    body += "<h1>\(HTMLText.untrusted(HTMLText.name(one.path)))</h1>\n"
    body += "<p class=\"lead\">\(lead(document))</p>\n"
    body += HTMLText.facts([
      ("Pictures", Text.grouped(evaluation.items.count)),
      ("Folder or list", HTMLText.untrusted(document.source)),
      ("Not readable", Text.grouped(evaluation.unreadable.count)),
    ])
    body += "</div>\n" + accuracy(document)
    if document.networks.count > 1 { body += changes(document, preprocessing) }
    if !evaluation.unreadable.isEmpty { body += unreadable(evaluation) }
    return HTMLPage.text(
      title: "Evaluation of \(HTMLText.name(one.path))", body: body, data: document.json.text(), style: style)
  }

  private static func lead(_ document: EvaluationDocument) -> String {
    let evaluation = document.evaluation
    let top1 = HTMLText.percent(document.share(evaluation.correct(1)))
    guard document.networks.count > 1 else { return "\(top1) of the pictures are given their class." }
    let changed = evaluation.changed.count
    let other = HTMLText.percent(document.share(evaluation.correct(1, network: 1)))
    let name = HTMLText.untrusted(HTMLText.name(document.networks[1].path))
    let share = HTMLText.percent(document.share(changed))
    return """
      \(top1) of the pictures are given their class, \(other) by \(name) (\(document.networks[1].compute)). \
      The label of \(Text.grouped(changed)) pictures differs (\(share)).
      """
  }

  private static func accuracy(_ document: EvaluationDocument) -> String {
    let evaluation = document.evaluation
    let rows = document.networks.enumerated().map { number, network in
      [
        HTMLText.untrusted(HTMLText.name(network.path)), network.compute,
        HTMLText.percent(document.share(evaluation.correct(1, network: number))),
        HTMLText.percent(document.share(evaluation.correct(5, network: number))),
      ]
    }
    return HTMLText.section(
      id: "accuracy", "Accuracy",
      HTMLText.table("Accuracy", ["File", "Computed in", "Top-1", "Top-5"], rows, numeric: [2, 3]))
  }

  private static func changes(
    _ document: EvaluationDocument, _ preprocessing: ImagePreprocessing
  ) -> String {
    let changed = document.evaluation.changed
    // The surest answers first: those that rounding alone explains least.
    let shown = changed.sorted { sureness($0) > sureness($1) }.prefix(greatestCount)
    let items = shown.map { item -> String in
      let names = zip(item.answers, document.networks).map { answer, network in
        let number = answer.classes[0]
        let name = HTMLText.untrusted(network.name(number), 40)
        return number == item.picture.label ? "<span class=\"good\">\(name)</span>" : name
      }
      // The picture and its folder, which often is the class; the data of the page has whole paths.
      let folder = Folder.name(of: Folder.parent(of: item.picture.path))
      let caption = "\(folder)/\(Folder.name(of: item.picture.path))"
      return """
        <figure class="picture">\(thumbnail(item.picture.path, preprocessing))<figcaption>\
        <bdi>\(XMLText.escaped(Text.fitted(caption, 40)))</bdi><br>\(names[1]) → \(names[0])<br>\
        <span class="soft">margin \(Text.fixed(Double(item.answers[1].margin), 3)) → \
        \(Text.fixed(Double(item.answers[0].margin), 3))</span></figcaption></figure>

        """
    }
    let hidden = changed.count - shown.count
    let sub =
      changed.isEmpty
      ? "No picture changed its label."
      : "As the network sees them, the clearest first; the picture's own class is green."
        + (hidden > 0 ? " \(Text.grouped(hidden)) more are in the data of this page." : "")
    return HTMLText.section(
      id: "changed", "Pictures whose label changed", sub: sub,
      items.isEmpty ? "" : "<div class=\"pictures\">\n\(items.joined())</div>\n")
  }

  private static func sureness(_ item: Evaluation.Item) -> Float {
    item.answers.map(\.margin).min() ?? 0
  }

  /// The part of the picture that the network sees, as a data URL.
  private static func thumbnail(_ path: String, _ preprocessing: ImagePreprocessing) -> String {
    guard let image = try? PictureFile(path).decoded(), let seen = try? preprocessing.pixels(of: image) else {
      return ""
    }
    let bytes = seen.resized(width: side, height: side, .bilinear).png
    return """
      <img alt="" width="\(side)" height="\(side)" src="data:image/png;base64,\(Base64Text.encode(bytes))">
      """
  }

  private static func unreadable(_ evaluation: Evaluation) -> String {
    let rows = evaluation.unreadable.prefix(greatestCount).map { path, reason in
      [HTMLText.untrusted(path), XMLText.escaped(Text.printable(reason, limit: 200))]
    }
    return HTMLText.section(
      id: "unreadable", "Pictures that cannot be read",
      HTMLText.table("Unreadable", ["File", "Reason"], rows))
  }

  private static let style = """
    .pictures { display: grid; grid-template-columns: repeat(auto-fill, minmax(190px, 1fr)); gap: 18px; \
    margin-top: 18px; }
    .picture { margin: 0; padding: 12px; } .picture img { display: block; border-radius: 6px; \
    margin-bottom: 8px; }
    .picture figcaption { font-size: 13px; overflow-wrap: anywhere; }
    """
}
