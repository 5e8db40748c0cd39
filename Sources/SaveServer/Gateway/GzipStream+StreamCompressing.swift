internal import SaveCompression
internal import SavePlatform
internal import SaveServing

extension GzipStream: StreamCompressing {}
