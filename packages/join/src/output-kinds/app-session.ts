import { Code, ConnectError } from "@connectrpc/connect";
import { type IssueContext, rolesOf } from "../issue-context.ts";
import { majorVersion } from "../server-major.ts";

/** The first release line that makes the session itself, when it issues the certificate (user-certs.md section 2.9). */
const ownSessionsSince = 16;

/** How often a new session is asked for until the Auth Service's cache has it, and the pause between, in milliseconds. */
const lookups = 20;
const pauseMs = 250;

/** A session at an application, which older servers want named in the certificate. */
export interface AppSession {
  id: string;
  /** Resolves when the servers know the session; before, they would turn the certificate away. */
  usable(): Promise<void>;
}

/** Makes a session at an application; undefined on servers that make it themselves. */
export async function createAppSession(
  context: IssueContext,
  output: { roles: string[] },
  publicAddr: string,
): Promise<AppSession | undefined> {
  const { bot, signal, clock, attempt, impersonations } = context;
  if (majorVersion(await context.serverVersion.asked) >= ownSessionsSince) return undefined;
  const { auth } = await impersonations.with(rolesOf(context, output)).session();
  const { username, cluster: clusterName } = bot.identity;
  const { session } = await attempt(
    "making an application session",
    auth.createAppSession({ username, publicAddr, clusterName }, { signal }),
  );
  const id = session?.metadata?.name ?? "";
  const exists = async (): Promise<boolean> => {
    try {
      await auth.getAppSession({ sessionId: id }, { signal });
      return true;
    } catch (error) {
      if (error instanceof ConnectError && error.code === Code.NotFound) return false;
      return attempt("looking for its application session", Promise.reject(error));
    }
  };
  return {
    id,
    async usable() {
      for (let lookup = 1; lookup < lookups; lookup++) {
        if (await exists()) return;
        await clock.sleep(pauseMs, signal);
      }
      await attempt("looking for its application session", auth.getAppSession({ sessionId: id }, { signal }));
    },
  };
}
