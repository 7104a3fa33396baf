export { formatAuthorizedKey, parseAuthorizedKey } from "./authorized-key.ts";
export { checkCaPins, computeCaPin } from "./ca-pin.ts";
export { FormatError, type FormatErrorCode, formatErrorCodes } from "./errors.ts";
export { certAuthorityLine } from "./known-hosts.ts";
export {
  type OpenSshCertificate,
  type OpenSshCertificateFields,
  parseOpenSshCertificate,
  signOpenSshCertificate,
  verifyOpenSshCertificate,
} from "./openssh-certificate.ts";
export { encodePublicKey, parsePublicKey } from "./openssh-public-key.ts";
export {
  standardAttributes,
  type TeleportAttribute,
  type TeleportAttributeName,
  teleportAttributes,
} from "./teleport-attributes.ts";
export { readTeleportIdentity, type TeleportIdentity } from "./teleport-identity.ts";
export { issuedBy } from "./x509-certificate.ts";
export { readSubject, type SubjectAttribute } from "./x509-subject.ts";
