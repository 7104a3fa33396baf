import { Refusal } from "../refusal.ts";

/** The request of a join, `types.RegisterUsingTokenRequest` of join.md section 2.1, as far as it is used. */
export interface JoinRequest {
  hostId: string;
  nodeName: string;
  role: string;
  /** For method `token` this is the secret itself. */
  token: string;
  publicTlsKey: Uint8Array;
  publicSshKey: Uint8Array;
  idToken: string;
  expires?: Date;
}

type Decoder = (value: unknown, key: string) => unknown;

/** Every key of the message that the server decodes, in lower case, since Go does not look at the case. */
const decoders: ReadonlyMap<string, { key: string; decode: Decoder }> = new Map(
  Object.entries({
    hostID: decodeText,
    node_name: decodeText,
    role: decodeText,
    token: decodeText,
    additional_principals: decodeTexts,
    dns_names: decodeTexts,
    public_tls_key: decodeBytes,
    public_ssh_key: decodeBytes,
    remote_addr: decodeText,
    ec2_id: decodeBytes,
    id_token: decodeText,
    expires: decodeTime,
  }).map(([key, decode]) => [key.toLowerCase(), { key, decode }]),
);

/**
 * Reads a join request from decoded JSON as Go does: keys in any case, the last one wins, unknown ones are ignored,
 * and null means absent. Throws a Refusal `request: …` for a value of the wrong type.
 */
export function decodeJoinRequest(body: unknown): JoinRequest {
  const found = new Map<string, unknown>();
  for (const [written, value] of Object.entries(asObject(body))) {
    const known = decoders.get(written.toLowerCase());
    if (known !== undefined && value !== null) found.set(known.key, known.decode(value, known.key));
  }
  const text = (key: string): string => (found.get(key) as string | undefined) ?? "";
  const bytes = (key: string): Uint8Array => (found.get(key) as Uint8Array | undefined) ?? new Uint8Array();
  const expires = found.get("expires") as Date | undefined;
  return {
    hostId: text("hostID"),
    nodeName: text("node_name"),
    role: text("role"),
    token: text("token"),
    publicTlsKey: bytes("public_tls_key"),
    publicSshKey: bytes("public_ssh_key"),
    idToken: text("id_token"),
    ...(expires !== undefined && { expires }),
  };
}

function asObject(body: unknown): object {
  if (body === null) return {};
  if (typeof body === "object" && !Array.isArray(body)) return body;
  throw malformed(
    `json: cannot unmarshal ${goTypeOf(body)} into Go value of type types.RegisterUsingTokenRequest`,
  );
}

function decodeText(value: unknown, key: string): string {
  if (typeof value === "string") return value;
  throw wrongType(value, key, "string");
}

function decodeTexts(value: unknown, key: string): string[] {
  if (!Array.isArray(value)) throw wrongType(value, key, "[]string");
  return value.map((member) => (member === null ? "" : decodeText(member, key)));
}

function decodeBytes(value: unknown, key: string): Uint8Array {
  if (typeof value !== "string") throw wrongType(value, key, "[]uint8");
  // Go's decoder skips line breaks and insists on the padding.
  const base64 = value.replace(/[\r\n]/g, "");
  if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(base64)) {
    const wrong = /[^A-Za-z0-9+/]/.exec(base64)?.index ?? base64.length;
    throw malformed(`illegal base64 data at input byte ${wrong}`);
  }
  return Buffer.from(base64, "base64");
}

/** RFC 3339 with up to nanoseconds and any offset, as Go's time.Time takes it. */
function decodeTime(value: unknown): Date {
  const text = typeof value === "string" ? value : undefined;
  if (text === undefined) throw malformed("Time.UnmarshalJSON: input is not a JSON string");
  const match = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:\.(\d{1,9})\d*)?(Z|[+-]\d{2}:\d{2})$/.exec(text);
  const [, seconds = "", fraction = "", offset = ""] = match ?? [];
  const date = new Date(`${seconds}.${fraction.padEnd(3, "0").slice(0, 3)}${offset}`);
  if (match === null || Number.isNaN(date.getTime())) {
    throw malformed(`parsing time ${JSON.stringify(text)} as "2006-01-02T15:04:05Z07:00": cannot parse`);
  }
  return date;
}

function wrongType(value: unknown, key: string, goType: string): Refusal {
  return malformed(
    `json: cannot unmarshal ${goTypeOf(value)} into Go struct field RegisterUsingTokenRequest.${key} of type ${goType}`,
  );
}

function goTypeOf(value: unknown): string {
  if (Array.isArray(value)) return "array";
  return typeof value === "boolean" ? "bool" : typeof value;
}

function malformed(text: string): Refusal {
  return new Refusal("bad-parameter", `request: ${text}`);
}
