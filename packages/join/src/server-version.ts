import { getJson, type ProxyDialer } from "@bot-join/transport";
import * as v from "valibot";
import { parseJson } from "./credentials.ts";

/** The part of discovery that is of use here (join.md section 1.2). */
const discoverySchema = v.object({ server_version: v.string() });

/** Asks the proxy, on a connection of its own, which version of Teleport it is; undefined when it does not say. */
export async function askServerVersion(
  dialer: ProxyDialer,
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    const request = { host: dialer.address, path: "/webapi/find", signal };
    const { body } = await getJson(await dialer.openWeb(), request);
    const found = v.safeParse(discoverySchema, parseJson(body));
    return found.success ? found.output.server_version.replace(/[^\w.+-]/g, "").slice(0, 40) : undefined;
  } catch {
    // It would only have made an error clearer that is thrown anyway.
    return undefined;
  }
}
