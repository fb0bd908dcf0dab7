/** What a region's root signs (docs/spec/signed-documents.md): payload {iss, seq, iat, exp, body} under a pinned root. */

import { equal } from "./bytes.ts";
import { decode, isBytes, isMap, MAX_DOCUMENT_ITEMS, type Value } from "./cbor.ts";
import { moment, text } from "./claims.ts";
import * as coseSign1 from "./coseSign1.ts";
import type { Curves } from "./curves.ts";
import type { VerificationKey } from "./keys.ts";
import { refuse } from "./protocolError.ts";

const MAX_BYTES = 4 * 1_048_576;
const [ISS, EXP, IAT, SEQ] = [1, 4, 6, -70_030] as const;

export interface SignedDocument {
  readonly iss: string;
  readonly seq: number;
  readonly iat: number;
  readonly exp: number;
  readonly body: Value;
}

export async function verify(
  encoded: Uint8Array,
  typ: string,
  bodyLabel: number,
  root: VerificationKey,
  curves: Curves,
): Promise<SignedDocument> {
  if (encoded.length > MAX_BYTES) refuse("E_SIZE", `a document of ${encoded.length} bytes`);
  const sign1 = coseSign1.parse(decode(encoded, MAX_DOCUMENT_ITEMS), {
    typ,
    protectedLabels: [coseSign1.ALG, coseSign1.KID, coseSign1.TYP],
  });
  const kid = sign1.protected.get(coseSign1.KID);
  if (!isBytes(kid) || !equal(kid, root.kid)) refuse("E_ISSUER_UNKNOWN", "signed by another key than the root");
  if (!(await coseSign1.verify(sign1, root, curves))) refuse("E_SIG_ISSUER", "the root's signature does not fit");
  const payload = decode(sign1.payload, MAX_DOCUMENT_ITEMS);
  const labels = [ISS, SEQ, IAT, EXP, bodyLabel];
  if (!isMap(payload) || payload.size !== labels.length || !labels.every((label) => payload.has(label)))
    refuse("E_SHAPE", "the payload is not {iss, seq, iat, exp, body}");
  const seq = payload.get(SEQ);
  if (typeof seq !== "number" || seq < 1) refuse("E_SCHEMA", "seq is not a positive integer");
  const [iat, exp] = [moment(payload, IAT), moment(payload, EXP)];
  if (!(iat < exp)) refuse("E_TIME_ORDER", "not iat < exp");
  return { iss: text(payload, ISS, 32), seq, iat, exp, body: payload.get(bodyLabel)! };
}
