import { fileURLToPath } from "node:url";
import { parseDuration } from "@bot-join/core";
import { type JoinFlags, usage } from "./join-flags.ts";

/** What tbot asks for unless told otherwise (outputs.md section 9.2). */
const defaults = { ttl: "1h", renewalInterval: "20m" };

/** Inputs that a tbot.yaml has a place for; `roles` and `allow-reissue` are keys of the output. */
const known = [
  ...["proxy", "token", "join-method", "ca-pin", "ca-file", "data-dir", "directory", "certificate-ttl"],
  ...["debug", "fips", "insecure", "roles", "allow-reissue"],
];

/**
 * Turns flags into a tbot.yaml, its keys in the order that tbot writes them (outputs.md section 9.4). Throws `ERR_CLI_FLAG` for
 * a flag that such a file has no place for, and when there is no destination.
 */
export function tbotConfig(flags: JoinFlags): Record<string, unknown> {
  const { inputs, idle, oneshot = true } = flags;
  for (const name of Object.keys(inputs)) {
    if (!known.includes(name))
      throw usage(`--${name} has no place in a tbot.yaml.`, "Leave it out here, and give it to `start`.");
  }
  const isTrue = (name: string): boolean => /^(true|1)$/i.test(inputs[name] ?? "");
  return {
    version: "v2",
    onboarding: {
      token: inputs["token"],
      ca_pins: inputs["ca-pin"]?.split(","),
      ca_path: inputs["ca-file"],
      join_method: inputs["join-method"],
    },
    storage: destinationOf(inputs["data-dir"] ?? "memory://"),
    outputs: [outputOf(flags)],
    debug: isTrue("debug"),
    proxy_server: inputs["proxy"],
    certificate_ttl: goDuration("certificate-ttl", inputs["certificate-ttl"] ?? defaults.ttl),
    renewal_interval: goDuration(
      "renewal-interval",
      idle.get("renewal-interval") ?? defaults.renewalInterval,
    ),
    oneshot,
    fips: isTrue("fips"),
    diag_addr: idle.get("diag-addr"),
    insecure: isTrue("insecure") || undefined,
  };
}

function outputOf({ inputs, output = { type: "identity" }, destination }: JoinFlags): object {
  if (destination === undefined)
    throw usage("A tbot.yaml needs to say where the files go.", "Give --destination with a directory.");
  const { type, ...keys } = output;
  const roles = inputs["roles"]?.split(",").map((role) => role.trim());
  const allowReissue = inputs["allow-reissue"];
  return {
    type,
    destination: destinationOf(destination),
    ...(roles === undefined ? {} : { roles }),
    ...keys,
    ...(allowReissue === undefined ? {} : { allow_reissue: /^(true|1)$/i.test(allowReissue) }),
  };
}

/** Writes a path or URI as a mapping; whatever else it is stays as it is, for the reader to refuse. */
function destinationOf(text: string): unknown {
  if (/^memory:\/\/$/i.test(text)) return { type: "memory" };
  if (!/^[a-z][a-z0-9+-]*:\/\//i.test(text)) return { type: "directory", path: text };
  try {
    return { type: "directory", path: fileURLToPath(text) };
  } catch {
    return text;
  }
}

/** Writes a duration as Go does: `1h0m0s`, `20m0s`, `90.5s` as `1m30.5s`. */
function goDuration(flag: string, text: string): string {
  const ms = parseDuration(text);
  if (ms === undefined || ms <= 0)
    throw usage(`--${flag} ${text}: this is no duration.`, "Write it with its unit, such as 30m or 1h30m.");
  const seconds = ms / 1000;
  const parts: [number, string][] = [
    [Math.floor(seconds / 3600), "h"],
    [Math.floor((seconds % 3600) / 60), "m"],
    [Number((seconds % 60).toFixed(9)), "s"],
  ];
  const first = parts.findIndex(([amount]) => amount > 0);
  return parts
    .slice(first)
    .map(([amount, unit]) => `${amount}${unit}`)
    .join("");
}
