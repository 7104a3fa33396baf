export { encodeGrpcHeader, GrpcMessageReader, maxGrpcMessageBytes } from "./grpc-message.ts";
export {
  decodeProxySshResponse,
  encodeDialTarget,
  encodeSshFrame,
  maxSshFrameBytes,
  type ProxySshResponse,
} from "./proxy-ssh.ts";
