internal import SWTBytes
internal import SWTConsole
internal import SWTVerification

/// JUnit XML, limited to what Jenkins, GitLab and GitHub's actions agree on.
///
/// From the Jenkins xunit plugin's junit-10.xsd: `time` is in seconds with a decimal point, `timestamp` has
/// no zone, `properties` come first, and the numbers of tests and failures count test cases. A failed check
/// is a `failure`; what could not be tested is an `error`.
enum JUnitReport {
  private static let declaration = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"

  static func text(_ document: ReportDocument) -> String {
    let report = document.report
    let checks = report.checks
    let failures = checks.count { !$0.passes }
    let name = "pth2swt.\(report.command).\(stem(report.model))"
    let time = document.seconds.map { " time=\"\(Text.fixed($0, 3))\"" } ?? ""
    let stamp = document.timestamp.map { " timestamp=\"\(Timestamp.text($0))\"" } ?? ""
    let counts = "tests=\"\(checks.count)\" failures=\"\(failures)\" errors=\"0\""
    var xml = declaration + "<testsuites name=\"pth2swt \(report.command)\" \(counts)\(time)>\n"
    xml += "  <testsuite name=\"\(XMLText.escaped(name))\" \(counts) skipped=\"0\"\(time)\(stamp)>\n"
    xml += properties(
      [
        ("model", report.model), ("architecture", report.architecture), ("engine", report.engine),
        ("verdict", report.passes ? "pass" : "fail"), ("class", report.className),
        ("content_id", report.contentID ?? ""), ("pth2swt", document.version),
      ], indent: "    ")
    for check in checks { xml += testCase(check, classname: name) }
    xml += "    <system-out>\(XMLText.lines(TextReport.text(document)))</system-out>\n"
    return xml + "  </testsuite>\n</testsuites>\n"
  }

  static func text(_ failure: ReportFailure) -> String {
    let name = XMLText.escaped("pth2swt.verify.\(stem(failure.model))")
    let counts = "tests=\"1\" failures=\"0\" errors=\"1\""
    return declaration + """
      <testsuites name="pth2swt verify" \(counts)>
        <testsuite name="\(name)" \(counts) skipped="0">
          <testcase classname="\(name)" name="verify">
            <error type="exit \(failure.code)" message="\(XMLText.escaped(failure.message))"></error>
          </testcase>
        </testsuite>
      </testsuites>

      """
  }

  private static func testCase(_ check: ReportCheck, classname: String) -> String {
    var xml =
      "    <testcase classname=\"\(XMLText.escaped(classname))\" name=\"\(XMLText.escaped(check.name))\">\n"
    if !check.passes {
      xml += "      <failure type=\"\(check.golden == nil ? "weights" : "wrong")\" "
      xml += "message=\"\(XMLText.escaped(check.message))\"></failure>\n"
    }
    let numbers = check.properties.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
    xml += "      <system-out>\(XMLText.lines("\(check.message)\n\(numbers)"))</system-out>\n"
    return xml + "    </testcase>\n"
  }

  private static func properties(_ pairs: [(String, String)], indent: String) -> String {
    var xml = "\(indent)<properties>\n"
    for (name, value) in pairs {
      xml += "\(indent)  <property name=\"\(name)\" value=\"\(XMLText.escaped(value))\"/>\n"
    }
    return xml + "\(indent)</properties>\n"
  }

  /// The file name without folders and extension.
  private static func stem(_ path: String) -> String {
    let name = path.split(separator: "/").last.map(String.init) ?? path
    return name.hasSuffix(".swt") ? String(name.dropLast(4)) : name
  }
}

extension XMLText {
  /// Like ``escaped(_:)``, but keeps line breaks: for text between tags.
  static func lines(_ text: String) -> String {
    text.split(separator: "\n", omittingEmptySubsequences: false).map { escaped(String($0)) }
      .joined(separator: "\n")
  }
}
