// A ProxyCommand made of the raw client alone: node raw-proxy-command.ts <identity.json> <proxy> <cluster> <host:port>
import { readFileSync } from "node:fs";
import { type RawIdentity, rawTransport } from "./raw-client.ts";
import { RawSsh } from "./raw-ssh.ts";

const [identityPath = "", address = "", cluster = "", target = ""] = process.argv.slice(2);
const identity = JSON.parse(readFileSync(identityPath, "utf8")) as RawIdentity;
const grpc = await rawTransport({ address }, identity);
const ssh = new RawSsh(grpc);
let written = 0;
const flush = (): void => {
  const { received } = ssh;
  process.stdout.write(received.subarray(written));
  written = received.length;
};
ssh.dial(target, cluster);
await ssh.until(({ answers }) => answers.length > 0);
ssh.stream.on("data", flush);
flush();
process.stdin.on("data", (chunk: Buffer) => ssh.ssh(chunk)).on("end", () => ssh.stream.end());
const { status, message } = await ssh.done;
if (status !== 0) process.stderr.write(`${message}\n`);
process.exit(status === 0 ? 0 : 1);
