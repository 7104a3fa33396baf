/** The files of one output by name; a name may lie in a sub-folder, as in `cockroach/node.key`. */
export type OutputFiles = Map<string, string | Uint8Array>;
