export { type HostPort, parseProxyAddress } from "../address.ts";
export { ProxyDialer } from "../dialer.ts";
export { TransportError } from "../errors.ts";
export { openSshRoute, type SshRoute } from "./ssh-route.ts";
export { pipeSsh, type SshPipeOptions } from "./ssh-stream.ts";
export { sshTargetHost } from "./ssh-target.ts";
