/** What this library reads in a test vector, as the JSON that a good vector expects (tests/vectors/README.md). */

import { readFileSync } from "node:fs";

import { fromHex, toHex } from "../src/bytes.ts";
import * as bundle from "../src/bundle.ts";
import { type CborMap, decode, isArray, isBytes, isMap, type Value } from "../src/cbor.ts";
import * as challenge from "../src/challenge.ts";
import * as envelope from "../src/envelope.ts";
import { VerificationKey } from "../src/keys.ts";
import { oversteps } from "../src/mandate.ts";
import { nobleCurves } from "../src/noble.ts";
import * as presentation from "../src/presentation.ts";
import { audienceOf, purposeNumber, PURPOSES, purposeOf } from "../src/purposes.ts";
import * as sealing from "../src/sealing.ts";
import type { Items } from "../src/terminalCertificate.ts";
import { findCredentialAnchor, type TrustList, verifyTrustList } from "../src/trust.ts";

/** What every vector of a folder is read under. */
export interface Ground {
  readonly root: VerificationKey;
  readonly trust: TrustList;
}

/** What a wallet and an offline verifier read. The other formats are terminals', officers' and issuers'. */
export const FORMATS = ["presentation", "mandate", "sealed", "bundle", "trust-list", "challenge"];
const NOT_READ = ["E_PREFIX", "E_SIZE", "E_B45", "E_CBOR"];

export async function ground(folder: string): Promise<Ground> {
  const file = (name: string) => Uint8Array.from(readFileSync(`${folder}/documents/${name}`));
  const root = VerificationKey.load(decode(file("root-key.cbor")));
  return { root, trust: await verifyTrustList(file("trust-list.cbor"), root, nobleCurves) };
}

/** The class of an answer with this code. */
export function classOf(code: string): "not_read" | "refuse" {
  return NOT_READ.includes(code) ? "not_read" : "refuse";
}

function plain(value: Value): unknown {
  if (isBytes(value)) return { hex: toHex(value) };
  if (isMap(value)) return items(value);
  if (isArray(value)) return value.map(plain);
  return value;
}

function items(map: CborMap): Record<string, unknown> {
  return Object.fromEntries([...map].map(([name, value]) => [String(name), plain(value)]));
}

async function verified(
  unverified: presentation.UnverifiedPresentation,
  { trust }: Ground,
  at: number,
): Promise<presentation.Presentation> {
  const anchor = findCredentialAnchor(trust.anchors, unverified.credential, at);
  const found = await presentation.verify(unverified, anchor.key, nobleCurves);
  presentation.checkTimeRelations(found);
  return found;
}

function asExpected(found: presentation.Presentation, at: number): Record<string, unknown> {
  const { credential: issued, keyBinding: shown } = found;
  const { mandate } = issued;
  const purpose = PURPOSES.find((each) => audienceOf(each) === shown.aud);
  const region = issued.iss.slice(0, 6);
  return {
    iss: issued.iss,
    vct: issued.vct,
    status: { uri: issued.status.uri, idx: issued.status.idx },
    aud: shown.aud,
    key_binding: { iat: shown.iat, exp: shown.exp, cnonce: shown.cnonce === null ? null : toHex(shown.cnonce) },
    items: items(found.items),
    hidden_items: found.hiddenItems,
    confirmation_key_thumbprint: found.confirmationKey.id,
    replay_key: toHex(found.replayKey),
    ...(mandate !== null && {
      mandate: {
        level: mandate.level,
        kinds: mandate.kinds,
        purposes: mandate.purposes.map((each) => audienceOf(purposeOf(each)!)).sort(),
        parent_region: mandate.parentRegion,
        parent_kind: mandate.parentKind,
      },
      ...(purpose !== undefined && {
        oversteps: oversteps(mandate, {
          region,
          vct: issued.vct,
          exp: issued.exp,
          purpose: purposeNumber(purpose),
          at,
        }),
      }),
    }),
  };
}

function inKinds(kinds: Items): Record<string, readonly number[]> {
  return Object.fromEntries([...kinds].map(([vct, keys]) => [String(vct), keys]));
}

/** What stands in a vector's input: its text, or hexadecimal. */
export async function read(format: string, input: string, ground: Ground, at: number, key: string): Promise<unknown> {
  const check = (unverified: presentation.UnverifiedPresentation) => verified(unverified, ground, at);
  switch (format) {
    case "presentation":
    case "mandate":
      return asExpected(await check(presentation.parse(envelope.unwrap(input, envelope.PRESENTATION))), at);
    case "sealed": {
      const sealed = sealing.parse(envelope.unwrap(input, envelope.SEALED));
      const plaintext = sealing.unseal(sealed, fromHex(key));
      const inside = asExpected(await check(presentation.parse(plaintext)), at);
      return { kid: toHex(sealed.kid), plaintext: toHex(plaintext), presentation: inside };
    }
    case "bundle": {
      const encoded = /^[0-9a-f]*$/.test(input) ? fromHex(input) : envelope.unwrap(input, envelope.BUNDLE);
      const members: presentation.Presentation[] = [];
      for (const each of bundle.parse(encoded)) members.push(await check(each));
      return { members: members.map((each) => asExpected(each, at)), link: bundle.link(members) };
    }
    case "challenge": {
      const found = await challenge.verify(envelope.unwrap(input, envelope.CHALLENGE), ground.trust.anchors, at, nobleCurves);
      const { certificate, request } = found;
      return {
        certificate: {
          iss: certificate.iss,
          terminal: certificate.terminal,
          place: certificate.place,
          relying_party: certificate.relyingParty,
          maxima: Object.fromEntries(
            [...certificate.maxima].map(([purpose, kinds]) => [audienceOf(purposeOf(purpose)!), inKinds(kinds)]),
          ),
          key_thumbprint: certificate.key.id,
          iat: certificate.iat,
          exp: certificate.exp,
        },
        purpose: audienceOf(purposeOf(request.purpose)!),
        reason: request.reason,
        wanted: inKinds(request.wanted),
        nonce: toHex(request.nonce),
        sealing_key: toHex(request.sealingKey),
        sealing_kid: toHex(sealing.kidOf(request.sealingKey)),
        iat: request.iat,
        exp: request.exp,
        cnonce: toHex(found.cnonce),
      };
    }
    case "trust-list": {
      const found = await verifyTrustList(fromHex(input), ground.root, nobleCurves);
      return {
        iss: found.iss,
        seq: found.seq,
        iat: found.iat,
        exp: found.exp,
        anchors: [...found.anchors.values()]
          .map((anchor) => ({
            iss: anchor.iss,
            kid: toHex(anchor.key.kid),
            alg: anchor.key.alg,
            thumbprint: anchor.key.id,
            use: anchor.use,
            kinds: [...anchor.kinds].sort((a, b) => a - b),
            status_prefixes: anchor.statusPrefixes,
            sign_until: anchor.signUntil,
            verify_until: anchor.verifyUntil,
          }))
          .sort((a, b) => (a.iss + a.kid < b.iss + b.kid ? -1 : 1)),
        ...(found.withdrawn.length > 0 && { withdrawn: found.withdrawn.map(toHex).sort() }),
      };
    }
    default:
      throw new Error(`no reader of ${format}`);
  }
}
