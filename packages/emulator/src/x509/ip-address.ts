import { isIPv4, isIPv6 } from "node:net";

/** Gives the 4 or 16 bytes of an IP address; a wrong address is a TypeError. */
export function ipAddressBytes(address: string): Uint8Array {
  if (isIPv4(address)) return Uint8Array.from(address.split("."), Number);
  if (!isIPv6(address)) throw new TypeError(`not an IP address: ${JSON.stringify(address)}`);
  const dotted = /\d+\.\d+\.\d+\.\d+$/.exec(address)?.[0];
  const tail = dotted === undefined ? undefined : Buffer.from(dotted.split(".").map(Number)).toString("hex");
  const plain =
    dotted === undefined || tail === undefined
      ? address
      : `${address.slice(0, -dotted.length)}${tail.slice(0, 4)}:${tail.slice(4)}`;
  const [head = "", rest] = plain.split("::");
  const before = groups(head);
  const after = rest === undefined ? [] : groups(rest);
  const zeros = Array<string>(8 - before.length - after.length).fill("0000");
  return Buffer.from([...before, ...zeros, ...after].join(""), "hex");
}

function groups(text: string): string[] {
  return text === "" ? [] : text.split(":").map((group) => group.padStart(4, "0"));
}
