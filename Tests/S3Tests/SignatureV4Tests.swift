import SavePlatform
import SaveS3
import Testing

@Suite struct SignatureV4Tests {
    private let signer = SignatureV4(
        .init(accessKey: "AKIDEXAMPLE0000000", secretKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"), region: "us-east-1")
    private let moment = Timestamp(rfc3339: "2026-01-02T03:04:05.678Z") ?? Timestamp(microseconds: 0)

    // What botocore 1.43 makes of the same requests.
    @Test func `a request is signed as botocore signs it`() {
        let request = SignatureV4.Request(
            method: "PUT", host: "store.example:9000", path: "/bucket/a+b@c=d é/x", query: [("uploads", ""), ("a b", "c/d")],
            headers: [("x-amz-meta-a-c", " two  words "), ("x-amz-meta-a", "1")])
        #expect(request.target == "/bucket/a%2Bb%40c%3Dd%20%C3%A9/x?a%20b=c%2Fd&uploads=")
        let signed = signer.signed(request, payload: SignatureV4.emptyPayload, at: moment)
        #expect(signed.map(\.name) == ["x-amz-meta-a-c", "x-amz-meta-a", "x-amz-content-sha256", "x-amz-date", "Authorization"])
        #expect(signed[3].value == "20260102T030405Z")
        #expect(signed.last?.value == Self.header)
    }

    @Test func `a presigned request is signed as botocore signs it`() {
        let request = SignatureV4.Request(method: "GET", host: "store.example:9000", path: "/bucket/a b")
        #expect(signer.presigned(request, lifetime: 600, at: moment) == Self.presigned)
    }

    @Test func `a secret is in nothing that goes out`() {
        let request = SignatureV4.Request(method: "GET", host: "store.example", path: "/")
        let texts =
            signer.signed(request, payload: SignatureV4.emptyPayload, at: moment).map(\.value) + [
                signer.presigned(request, lifetime: 1, at: moment)
            ]
        #expect(texts.allSatisfy { !$0.contains("wJalrXUtnFEMI") })
    }

    private static let header =
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE0000000/20260102/us-east-1/s3/aws4_request,"
        + " SignedHeaders=host;x-amz-content-sha256;x-amz-date;x-amz-meta-a;x-amz-meta-a-c, Signature=56128402b7bca7cd0843cd37b1faff7f5573acf3e1565d479bf8766fa76e3d68"
    private static let presigned =
        "/bucket/a%20b?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIDEXAMPLE0000000%2F20260102%2Fus-east-1%2Fs3%2Faws4_request"
        + "&X-Amz-Date=20260102T030405Z&X-Amz-Expires=600&X-Amz-SignedHeaders=host&X-Amz-Signature=02cd4b4dbae968e6188a33c73613a246265471cc8644461cf49b2e9ea88a85ff"

    @Test(arguments: [
        ("s3://bucket", "bucket", ""), ("s3://bucket/", "bucket", ""), ("s3://my.bucket-1/a/b", "my.bucket-1", "a/b/"),
        ("s3://bucket/a/", "bucket", "a/"),
    ]) func `an address names a bucket and a prefix`(address: String, bucket: String, prefix: String) throws {
        let place = try #require(S3Configuration.place(address))
        #expect(place == (bucket, prefix))
    }

    @Test(arguments: [
        "", "files", "s3://", "s3:///a", "s3://ab", "s3://Bucket", "s3://-bucket", "s3://bucket//a", "s3://bucket/../a",
        "s3://bucket/a?b",
        "s3://bucket/a b", "s3://bucket/é", "https://bucket", "s3://bucket/.",
    ]) func `what is no such address is refused`(address: String) { #expect(S3Configuration.place(address) == nil) }
}
