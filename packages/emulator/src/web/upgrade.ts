import type { Socket } from "node:net";

/** The upgrade types that this emulator performs; `alpn-ping` and WebSocket are answered as unknown. */
const supportedUpgrades: readonly string[] = ["alpn"];

/** Collects the offered upgrade types: all of `X-Teleport-Upgrade`, then all of `Upgrade` (proxy-transport.md 2.3). */
export function offeredUpgrades(headers: NodeJS.Dict<string | string[]>): string[] {
  return [headers["x-teleport-upgrade"], headers["upgrade"]]
    .flatMap((value) => value ?? [])
    .flatMap((value) => value.split(","))
    .map((value) => value.trim())
    .filter((value) => value !== "");
}

/** Takes the first offered type that is known, as 14.2.0 does. */
export function chooseUpgrade(offered: readonly string[]): string | undefined {
  return offered.find((type) => supportedUpgrades.includes(type));
}

/**
 * Accepts a legacy connection upgrade. The status line goes out as a record of its own, as 14.2.0 writes it
 * (measured-14.2.0.md section 8), so that clients prove to read up to the empty line.
 */
export async function acceptUpgrade(socket: Socket, type: string): Promise<void> {
  const write = (text: string): Promise<void> =>
    new Promise((resolve, reject) => {
      socket.write(text, (error) => (error ? reject(error) : resolve()));
    });
  await write("HTTP/1.1 101 Switching Protocols\r\n");
  await write(`Connection: Upgrade\r\nUpgrade: ${type}\r\nX-Teleport-Upgrade: ${type}\r\n\r\n`);
}
