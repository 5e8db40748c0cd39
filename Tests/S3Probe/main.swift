import SaveBlobs
import SaveCurl
import SavePlatform
import SaveS3
import SaveStorage
import SaveTestKit

// For `Tests/EndToEnd/test_object_store.py`.
//
// `s3-probe sign ACCESS SECRET REGION`: reads a request a line, and says how it is signed; texts are in hexadecimal digits, so that any byte
// of UTF-8 may be in them. Fields with tabs between them: microseconds since 1970, seconds that a presigned URL lasts or `-`, payload, method,
// host, path, pairs of the query, headers; pairs are `name=value` with commas between them.
//
// `s3-probe laws ENDPOINT BUCKET ACCESS SECRET`: runs the laws of blob stores, each below a prefix of its own, and says which are broken.
let arguments = Array(CommandLine.arguments.dropFirst())
switch arguments.first {
case "sign" where arguments.count == 4: sign(arguments[1], arguments[2], region: arguments[3])
case "laws" where arguments.count == 5:
    try await checkLaws(arguments[1], bucket: arguments[2], .init(accessKey: arguments[3], secretKey: arguments[4]))
default: print("s3-probe sign ACCESS SECRET REGION | laws ENDPOINT BUCKET ACCESS SECRET")
}

func sign(_ access: String, _ secret: String, region: String) {
    let signer = SignatureV4(.init(accessKey: access, secretKey: secret), region: region)
    while let line = readLine() {
        let fields = line.utf8.split(separator: UInt8(ascii: "\t"), omittingEmptySubsequences: false).map {
            String(Substring($0))
        }
        guard fields.count == 8, let moment = Int64(fields[0]) else {
            print("malformed")
            continue
        }
        let request = SignatureV4.Request(
            method: text(fields[3]), host: text(fields[4]), path: text(fields[5]), query: pairs(fields[6]),
            headers: pairs(fields[7]))
        let time = Timestamp(microseconds: moment)
        if let lifetime = Int64(fields[1]) {
            print(signer.presigned(request, lifetime: lifetime, at: time))
        } else {
            let signed = signer.signed(request, payload: fields[2], at: time)
            print(request.target, signed.last?.value ?? "")
        }
    }
}

func text(_ hex: String) -> String {
    var bytes: [UInt8] = []
    var rest = hex.utf8[...]
    while rest.count >= 2 {
        bytes.append(UInt8(String(Substring(rest.prefix(2))), radix: 16) ?? 0)
        rest = rest.dropFirst(2)
    }
    return String(decoding: bytes, as: UTF8.self)
}

func pairs(_ field: String) -> [(name: String, value: String)] {
    field.utf8.split(separator: UInt8(ascii: ",")).map { pair in
        let sides = pair.split(separator: UInt8(ascii: "="), omittingEmptySubsequences: false).map { text(String(Substring($0))) }
        return (sides.first ?? "", sides.count > 1 ? sides[1] : "")
    }
}

func checkLaws(_ endpoint: String, bucket: String, _ credentials: SignatureV4.Credentials) async throws {
    guard let origin = URLOrigin(of: endpoint) else { return print("no endpoint") }
    let pool = BlockingPool(name: "files", threads: 4)
    var broken = 0
    for (number, law) in BlobStoreConformance.laws.enumerated() {
        var configuration = S3Configuration(
            endpoint: origin, bucket: bucket, prefix: "law-\(number)/", credentials: credentials)
        // Some files of the laws go up in parts: the least that stores take for one is 5 MiB, but of the last.
        configuration.maxPutBytes = 200_000
        let folder = try TemporaryFolder()
        let client = S3Client(
            configuration, transport: try S3Client.transport(to: configuration),
            downloads: try S3Client.transport(to: configuration))
        let files = try FileBlobStore(root: folder.path + "/cache", durability: .atEnd, pool: pool)
        // With copies and without them, in turn.
        let store = S3BlobStore(client, files: files, cacheSize: number % 2 == 0 ? 1 << 20 : 0, pool: pool)
        do {
            try await store.prepare(for: "laws")
            try await law.check(store)
        } catch {
            broken += 1
            print("broken: \(law.description): \(error)")
        }
    }
    print("\(BlobStoreConformance.laws.count) laws, \(broken) broken")
}
