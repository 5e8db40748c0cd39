internal import SaveHTTP
internal import SavePlatform
internal import Synchronization

/// What every connection and every exchange of one server shares.
final class ServerCore: Sendable {
    let configuration: HTTPServerConfiguration
    let limits: RequestHead.Limits
    let responder: any Responder
    let log: Log
    let registry = ConnectionRegistry()
    let lingering: LingeringSockets
    /// Requests that were accepted and have not been answered to the end.
    let activeRequests = Atomic<Int>(0)
    /// Tasks that answer or have answered, and still run.
    let runningTasks = Atomic<Int>(0)
    /// What new TLS connections are shown; nil without TLS.
    let identity = Mutex<TLSIdentity?>(nil)
    /// The server is about to shut down: every answer closes its connection.
    let isEnding = Atomic<Bool>(false)
    /// It shuts down: no connection is taken any more, and idle ones are closed.
    let isDraining = Atomic<Bool>(false)
    /// Nobody wants to wait for what still runs.
    let isHurried = Atomic<Bool>(false)
    /// The library's threads are about to end: no connection may be suspended any more.
    let isStopping = Atomic<Bool>(false)

    init(configuration: HTTPServerConfiguration, responder: any Responder, log: Log) {
        self.configuration = configuration
        lingering = LingeringSockets(maxSockets: configuration.maxLingering)
        limits = RequestHead.Limits(
            header: configuration.maxHeaderBytes, target: configuration.maxTargetBytes, body: configuration.maxBodySize)
        self.responder = responder
        self.log = log
    }
}
