import { readFileSync } from "node:fs";

/** One recorded answer of `POST host/credentials` and its neighbours, without its date. */
export interface RecordedHttp {
  status: number;
  headers: Record<string, string>;
  /** Absent where the body held certificates; then their keys are in `bodyKeys`. */
  body?: string;
  bodyKeys?: string[];
}

/** One recorded gRPC call: request bytes, status, and headers (trailers-only) or trailers. */
export interface RecordedRpc {
  path: string;
  request_hex: string;
  grpc_status: string;
  grpc_message: string;
  trailers: Record<string, string | number>;
}

function read<Value>(name: string): Record<string, Value> {
  const url = new URL(`../vectors/contract/${name}.json`, import.meta.url);
  return JSON.parse(readFileSync(url, "utf8")) as Record<string, Value>;
}

/** Answers of Teleport 14.2.0 over HTTP, by case. */
export const recordedJoins: Readonly<Record<string, RecordedHttp>> = read<RecordedHttp>("join-answers");

/** Answers of Teleport 14.2.0 over gRPC, by case. */
export const recordedRpcs: Readonly<Record<string, RecordedRpc>> = read<RecordedRpc>("rpc-answers");

/** The recorded answer of a case; a missing one is a mistake of the test. */
export function recorded<Value>(answers: Readonly<Record<string, Value>>, name: string): Value {
  const answer = answers[name];
  if (answer === undefined) throw new Error(`no recorded answer ${name}`);
  return answer;
}
