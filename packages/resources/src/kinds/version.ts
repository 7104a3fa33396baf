import type { DocumentProblem } from "../problem.ts";

/** Checks the version of a kind that has one only. */
export function checkVersion(kind: string, version: string, wanted: string): DocumentProblem[] {
  if (version === wanted) return [];
  const message = `${kind} version ${JSON.stringify(version)} is not supported, the version is ${wanted}`;
  return [{ path: ["version"], message }];
}
