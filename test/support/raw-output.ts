import type { Emulator } from "@bot-join/emulator";
import { CertsSchema, type UserCertsRequest, UserCertsRequestSchema } from "@bot-join/proto";
import { create, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { type RawGrpcAnswer, type RawIdentity, rawAuth, rawKey } from "./raw-client.ts";

const hourMs = 3_600_000;

/** What a certificate request may say besides the keys. */
export type OutputRequest = MessageInitShape<typeof UserCertsRequestSchema>;

function requestOf(key: ReturnType<typeof rawKey>, changes: OutputRequest): UserCertsRequest {
  const line = Buffer.from(key.publicKeyLine);
  return create(UserCertsRequestSchema, {
    publicKey: line,
    sshPublicKey: line,
    tlsPublicKey: Buffer.from(key.publicKeyPem),
    username: "bot-robot",
    expires: timestampFromDate(new Date(Date.now() + hourMs)),
    useRoleRequests: true,
    ...changes,
  });
}

/** Asks for an output's certificates as the bot, and gives the answer as it came. */
export async function askForOutput(
  emulator: Emulator,
  bot: RawIdentity,
  changes: OutputRequest,
): Promise<{ answer: RawGrpcAnswer; key: ReturnType<typeof rawKey> }> {
  const key = rawKey();
  using auth = await rawAuth(
    { address: emulator.proxyAddress, ca: emulator.webCaPem },
    emulator.clusterName,
    bot,
  );
  const message = toBinary(UserCertsRequestSchema, requestOf(key, changes));
  return { answer: await auth.unary("/proto.AuthService/GenerateUserCerts", message), key };
}

/** Gets an output's certificates for a key of its own; a refusal is an error. */
export async function rawOutput(
  emulator: Emulator,
  bot: RawIdentity,
  changes: OutputRequest,
): Promise<RawIdentity> {
  const { answer, key } = await askForOutput(emulator, bot, changes);
  if (answer.status !== 0) throw new Error(`refused with ${answer.status}: ${answer.message}`);
  const certs = fromBinary(CertsSchema, answer.messages[0] ?? new Uint8Array());
  const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();
  return { ...bot, key, ssh: text(certs.ssh), tls: text(certs.tls) };
}
