import FoundationEssentials
import Glibc
import SaveServer

exit(await CommandLineTool.run(Array(CommandLine.arguments.dropFirst()), environment: ProcessInfo.processInfo.environment))
