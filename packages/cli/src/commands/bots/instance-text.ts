import { formatDuration } from "@bot-join/core";
import { type BotAuthentication, type BotHeartbeat, type BotInstance, writeYaml } from "@bot-join/resources";
import { printable, textTable } from "../../text-table.ts";
import { shortTime } from "./join-token.ts";

type Row = readonly [label: string, value: string];

/** Writes all that is known of a bot instance for a person, in tctl's sections (bot-instance.md section 4). */
export function instanceText(instance: BotInstance): string {
  const { botName, instanceId, previousInstanceId, expires, serviceHealth } = instance;
  const id = `${botName}/${instanceId}`;
  const parts = [
    rows(
      [
        ["Bot", botName],
        ["ID", instanceId],
        ...(previousInstanceId === undefined ? [] : ([["Previous ID", previousInstanceId]] as const)),
        ...(expires === undefined ? [] : ([["Expires", shortTime(expires)]] as const)),
      ],
      "",
    ),
    section("Initial Authentication", authentication(instance.initialAuthentication)),
    section("Latest Authentication", authentication(instance.latestAuthentications.at(-1))),
    section("Latest Heartbeat", heartbeat(instance.latestHeartbeats.at(-1))),
  ];
  if (serviceHealth.length > 0) {
    const services = serviceHealth.map(({ service, status, reason, updatedAt }) => [
      service.type,
      service.name,
      status,
      reason ?? "",
      shortTime(updatedAt),
    ]);
    const table = textTable(["Type", "Name", "Status", "Reason", "Updated At"], services, { indent: "  " });
    parts.push(section("Service Health", table));
  }
  parts.push(
    [
      `bot-join bots instances show ${printable(id)} --format json prints the whole record.`,
      `bot-join bots instances add ${printable(botName)} makes a token for another instance.`,
      "",
    ].join("\n"),
  );
  return parts.join("\n");
}

function section(heading: string, content: string): string {
  return `${heading}:\n${content}`;
}

function authentication(record: BotAuthentication | undefined): string {
  if (record === undefined) return "  No authentication records.\n";
  const { joinAttrs, metadata } = record;
  const attributes = writeYaml(joinAttrs ?? metadata ?? {});
  return (
    rows(
      [
        ["Authenticated At", shortTime(record.authenticatedAt)],
        ["Join Method", joinAttrs?.meta.join_method || record.joinMethod],
        ["Join Token", joinAttrs?.meta.join_token_name || record.joinToken || "n/a"],
        ["Generation", String(record.generation)],
        ["Public Key", `<${Buffer.byteLength(record.publicKey)} bytes>`],
      ],
      "  ",
    ) +
    (joinAttrs === undefined && metadata === undefined
      ? "  Join Metadata:    n/a\n"
      : `  Join Metadata:\n${attributes.replace(/^(?=.)/gm, "    ")}`)
  );
}

function heartbeat(record: BotHeartbeat | undefined): string {
  if (record === undefined) return "  No heartbeat records.\n";
  return rows(
    [
      ["Recorded At", shortTime(record.recordedAt)],
      ["Is Startup", String(record.isStartup)],
      ["Version", record.version],
      ["Hostname", record.hostname],
      ["Uptime", formatDuration(record.uptimeMs)],
      ["Join Method", record.joinMethod],
      ["One Shot", String(record.oneShot)],
      ["Architecture", record.architecture],
      ["OS", record.os],
    ],
    "  ",
  );
}

function rows(list: readonly Row[], indent: string): string {
  const width = Math.max(...list.map(([label]) => label.length)) + 1;
  return list
    .map(([label, value]) => `${indent}${`${label}:`.padEnd(width)} ${printable(value)}`.trimEnd())
    .map((line) => `${line}\n`)
    .join("");
}
