/** One PEM block (RFC 7468): its label and its decoded bytes. */
export interface PemBlock {
  label: string;
  der: Uint8Array;
}

/** Reads every PEM block of a text, in order; text outside of blocks is skipped. */
export function parsePem(text: string): PemBlock[] {
  const blocks: PemBlock[] = [];
  for (const match of text.matchAll(/-----BEGIN ([A-Z0-9 ]+)-----([A-Za-z0-9+/=\s]*)-----END \1-----/g)) {
    blocks.push({ label: match[1] ?? "", der: Buffer.from(match[2] ?? "", "base64") });
  }
  return blocks;
}

/** Writes one PEM block: lines of 64 characters, ending in a newline. */
export function encodePem(label: string, der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString("base64")
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join("\n")}\n-----END ${label}-----\n`;
}
