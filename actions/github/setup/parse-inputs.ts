import { SetupError } from "./errors.ts";

const toolNames = ["tsh", "tctl", "tbot"] as const;
const editions = ["oss", "enterprise", "cloud"] as const;
const loopback = ["localhost", "127.0.0.1", "[::1]"];

/** A program of Teleport's own that the action can install. */
export type Tool = (typeof toolNames)[number];

/** Which build of Teleport a program is from; a cloud cluster has the Enterprise build. */
export type Edition = (typeof editions)[number];

function refuse(name: string, value: string, hint: string): SetupError {
  const message = `The input ${name} is ${JSON.stringify(value)}, which cannot be used.`;
  return new SetupError({ code: "ERR_SETUP_INPUT", kind: "user", message, hint });
}

/** Reads a list of tools, separated by commas or white space. Throws `ERR_SETUP_INPUT`. */
export function parseTools(text: string): Tool[] {
  const words = new Set(text.split(/[\s,]+/).filter((word) => word !== ""));
  return [...words].map((word) => {
    const tool = toolNames.find((name) => name === word);
    if (tool === undefined) throw refuse("tools", word, `Possible are ${toolNames.join(", ")}.`);
    return tool;
  });
}

/** Reads the edition, also as `enterprise`, which is teleport-actions/setup's way. Throws `ERR_SETUP_INPUT`. */
export function parseEdition(edition: string | undefined, enterprise: string | undefined): Edition {
  if (enterprise !== undefined && !/^(true|false)$/i.test(enterprise))
    throw refuse("enterprise", enterprise, "true or false is expected.");
  const isEnterprise = enterprise?.toLowerCase() === "true";
  if (edition === undefined) return isEnterprise ? "enterprise" : "oss";
  const known = editions.find((name) => name === edition);
  if (known === undefined) throw refuse("edition", edition, `Possible are ${editions.join(", ")}.`);
  if (isEnterprise && known === "oss")
    throw refuse("edition", edition, "The input enterprise says otherwise.");
  return known;
}

/** Reads the address of a mirror: https, or http on this machine. Throws `ERR_SETUP_INPUT`. */
export function parseBaseUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isSafe = url?.protocol === "https:" || (url?.protocol === "http:" && loopback.includes(url.hostname));
  if (url === undefined || !isSafe || url.search !== "" || url.hash !== "" || url.username !== "") {
    const shown = url === undefined ? text : `${url.protocol}//${url.host}${url.pathname}`;
    const wanted =
      "The checksums come from there too, so https:// is expected, without credentials or a query.";
    throw refuse("base-url", shown, wanted);
  }
  return url.href.replace(/\/+$/, "");
}
