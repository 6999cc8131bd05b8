import SWTConversion
import Testing

@Suite struct ImageNetLabelTests {
  /// Numbers that every user of ImageNet knows.
  @Test(arguments: [
    (0, "tench"), (207, "golden retriever"), (281, "tabby"), (409, "analog clock"), (948, "Granny Smith"),
    (999, "toilet tissue"),
  ])
  func `a class has its name`(_ number: Int, _ name: String) { #expect(ImageNetLabels.all[number] == name) }

  @Test func `there are a thousand names, all different`() {
    #expect(ImageNetLabels.all.count == 1000 && Set(ImageNetLabels.all).count == 1000)
    #expect(ImageNetLabels.all.allSatisfy { !$0.isEmpty && !$0.contains("\n") })
  }
}
