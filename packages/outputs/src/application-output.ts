import { authorityFiles, keyFiles, tlsFiles } from "./common-files.ts";
import type { OutputFiles } from "./output-files.ts";
import type { OutputIdentity } from "./output-identity.ts";

/**
 * Renders the files of an `application` output from a certificate that is routed to the application. With
 * `specificTlsNaming`, key, certificate and host authorities stand once more under the names `tls.*` (outputs.md section 7).
 * Throws `ERR_OUTPUT_NAME_UNSAFE`.
 */
export function renderApplicationOutput(
  identity: OutputIdentity,
  { specificTlsNaming }: { specificTlsNaming: boolean },
): OutputFiles {
  return new Map([
    ...keyFiles(identity),
    ...(specificTlsNaming ? tlsFiles(identity) : []),
    ...authorityFiles(identity),
  ]);
}
