/** The version of bot-join, as heartbeats tell it. */
export const clientVersion = "1.0.0";
