export { defaultProxyPort, formatHostPort, type HostPort, parseProxyAddress } from "./address.ts";
export { apiDomain, authAlpn, encodeClusterName } from "./cluster-name.ts";
export {
  type ClientCertificate,
  type ClusterTlsOptions,
  type DialerOptions,
  ProxyDialer,
  type WebTrust,
} from "./dialer.ts";
export { TransportError, type TransportErrorCode, transportErrorCodes } from "./errors.ts";
export type { GrpcChannel } from "./grpc-channel.ts";
export { httpProxyFor, openTunnel, type ProxyEnvironment } from "./http-proxy.ts";
export { getJson, maxAnswerBytes, postJson, type WebAnswer } from "./web-api.ts";
