internal import SWTConsole

/// The manual page, in roff with `man` macros, which every man(1) supports.
enum ManualPage {
  static func text(_ specs: [CommandSpec]) -> String {
    var page =
      #".TH PTH2SWT 1 "\#(CommandLineTool.released)" "pth2swt \#(CommandLineTool.version)" "User Commands""#
      + "\n"
    func section(_ name: String) { page += ".SH \(name)\n" }
    func item(_ term: String, _ text: String) { page += ".TP\n\(term)\n\(escaped(text))\n" }

    section("NAME")
    page += "pth2swt \\- PyTorch ResNet and ResNeXt checkpoints for other engines\n"
    section("SYNOPSIS")
    page += specs.map { ".B pth2swt\n\(escaped($0.usage))\n" }.joined(separator: ".br\n")
    section("DESCRIPTION")
    let description = [
      "pth2swt converts PyTorch checkpoints to .swt weight files, without Python and without executing "
        + "anything in them, and verifies that the result computes the same function.",
      "Inputs are recognized by content, never by name. Results go to standard output, everything "
        + "else to standard error. Options may come before or after operands; -- ends options.",
    ]
    page += description.map { escaped($0) + "\n" }.joined(separator: ".PP\n")

    section("COMMANDS")
    for spec in specs {
      page += ".SS \(escaped(spec.usage))\n\(escaped(spec.summary))\n"
      for operand in spec.operands { item("\\fI\(escaped(operand.name))\\fR", operand.help) }
      for option in spec.options { item("\\fB\(escaped(option.usage))\\fR", option.help) }
      for example in spec.examples {
        page += ".PP\n\(escaped(example.help))\n.PP\n.nf\n.RS\n\(escaped(example.line))\n.RE\n.fi\n"
      }
    }
    section("OPTIONS OF EVERY COMMAND")
    for option in CommandSpec.common { item("\\fB\(escaped(option.usage))\\fR", option.help) }
    section("EXIT STATUS")
    for status in ExitStatus.allCases.sorted() {
      item("\\fB\(status.rawValue)\\fR", status.meaning)
    }
    section("ENVIRONMENT")
    item("\\fBNO_COLOR\\fR", "If set, output has no color.")
    item("\\fBCOLUMNS\\fR", "Line width of inspect, instead of the terminal's width.")
    item("\\fBCI\\fR", "If set, verify makes and changes no goldens.")
    item("\\fBSOURCE_DATE_EPOCH\\fR", "Timestamp for reports that have one, in seconds since 1970.")
    return page
  }

  /// Text that roff prints unchanged, as ASCII: groff reads a page byte by byte unless man(1) tells it the
  /// encoding, and replaces some ASCII characters by typographic ones, which a shell would not understand.
  private static func escaped(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\\": result += "\\e"
      case "-": result += "\\-"
      case "'": result += "\\(aq"
      case "`": result += "\\(ga"
      case "^": result += "\\(ha"
      case "~": result += "\\(ti"
      case "…": result += "..."
      case "×": result += "\\(mu"
      case _ where scalar.isASCII: result.unicodeScalars.append(scalar)
      default: result += "\\[u\(hexadecimal(scalar.value))]"
      }
    }
    return result.hasPrefix(".") ? "\\&" + result : result
  }

  /// At least four digits, as roff's character names require.
  private static func hexadecimal(_ value: UInt32) -> String {
    let digits = String(value, radix: 16, uppercase: true)
    return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
  }
}
