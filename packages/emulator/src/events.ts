import type { MatchTrace } from "@bot-join/resources";

/** What the emulator tells its owner; it never holds a secret. */
export type EmulatorEvent =
  | {
      type: "join";
      outcome: "accepted" | "refused";
      /** Safe name: of a token whose name is its secret only the last quarter shows. */
      token: string;
      /** Method of the token; `token` when there is no such token. */
      method: string;
      bot?: string;
      /** How the claims compared with the token's rules, when it came to that. */
      trace?: MatchTrace;
      /** The server's answer to a refused join. */
      message?: string;
      /** Claims of the verified ID token. */
      claims?: Record<string, unknown>;
    }
  | {
      type: "certificates";
      /** Whose certificate authenticated the request. */
      user: string;
      /** The roles of the issued certificates. */
      roles: string[];
      expires: Date;
    }
  | {
      /** A document of the state directory cannot be used; what it said before stays in force. */
      type: "state-problem";
      path: string;
      message: string;
    }
  | {
      type: "lock";
      /** Such as `User:"bot-robot"`. */
      target: string;
      message: string;
    };
