/** The signed catalogue with each kind's risk class, which a wallet has no use for. */

import { type CborMap, isArray } from "../src/cbor.ts";
import { kindsOf } from "../src/catalogue.ts";
import type { Curves } from "../src/curves.ts";
import type { VerificationKey } from "../src/keys.ts";
import { refuse } from "../src/protocolError.ts";
import * as signedDocument from "../src/signedDocument.ts";
import type { SignedDocument } from "../src/signedDocument.ts";
import type { Catalogue, Risk } from "./context.ts";

const KINDS = -70_032;
const RISK = 5;
const RISKS: readonly unknown[] = ["L", "M", "G", "X"] satisfies readonly Risk[];

export async function verifyCatalogue(
  encoded: Uint8Array,
  root: VerificationKey,
  curves: Curves,
): Promise<Catalogue & SignedDocument> {
  const document = await signedDocument.verify(encoded, "lz-catalogue", KINDS, root, curves);
  const kinds = kindsOf(document.body);
  if (!isArray(document.body)) refuse("E_SCHEMA", "a catalogue without kinds");
  const risks = document.body.map((each) => (each as CborMap).get(RISK));
  if (!risks.every((risk) => RISKS.includes(risk))) refuse("E_SCHEMA", "a kind without a risk class");
  return { ...document, kinds, risks: new Map([...kinds.keys()].map((vct, at) => [vct, risks[at] as Risk])) };
}
