internal import SaveCompression
internal import SavePlatform

extension GzipStream: StreamCompressing {}
