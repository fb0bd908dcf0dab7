/**
 * The verifier's appraisal, a line of JSON for a code and everything that a verdict on it depends on, and a line for the
 * verdict: `given` as in tests/vectors/README.md ("Acts"), with the signed documents in hexadecimal.
 */

import process from "node:process";
import { createInterface } from "node:readline";

import { fromHex, toHex } from "../src/bytes.ts";
import { decode } from "../src/cbor.ts";
import { VerificationKey } from "../src/keys.ts";
import { webCryptoCurves } from "../src/webCrypto.ts";
import type { Purpose } from "../src/purposes.ts";
import { verifyTrustList } from "../src/trust.ts";
import { appraise } from "../verifier/appraise.ts";
import { verifyCatalogue } from "../verifier/catalogue.ts";
import type { Knowledge, StatusView } from "../verifier/context.ts";
import { builtIn } from "../verifier/gates.ts";
import { verifyPolicy } from "../verifier/policy.ts";
import { TIER, type Verdict } from "../verifier/verdict.ts";

interface Given {
  readonly text: string;
  readonly at: number;
  readonly place: { purpose: Purpose; region: string; attended: boolean; face_compared: boolean };
  readonly clock: { uncertainty: number; plausible: boolean };
  readonly documents: { root: string; trust: string; catalogue: string; policy: string } | null;
  readonly status: Readonly<Record<string, { as_of: number; size: number; values: Readonly<Record<string, number>> }>>;
  readonly used: readonly string[];
  readonly bans?: readonly (readonly [string, string, number])[];
}

// What a page uses, so that what is compared is what is run there.
const curves = webCryptoCurves<CryptoKey>(crypto.subtle as never);
const read = new Map<string, Promise<unknown>>();
const once = <T>(name: string, make: () => Promise<T>) => {
  if (!read.has(name)) read.set(name, make());
  return read.get(name) as Promise<T>;
};

function statusOf(lists: Given["status"]): StatusView {
  return {
    lookUp: (uri, idx) => {
      const held = lists[uri];
      if (held === undefined) return { coverage: Object.keys(lists).length === 0 ? "no data" : "not covered" };
      if (idx >= held.size) return { coverage: "out of range" };
      return { coverage: "covered", value: held.values[idx] ?? 0, asOf: held.as_of };
    },
    oldest: () => Object.values(lists).reduce<number | null>((oldest, { as_of }) => Math.min(oldest ?? as_of, as_of), null),
  };
}

async function knowledgeOf({ documents, status, bans }: Given): Promise<Knowledge | null> {
  if (documents === null) return null;
  const root = VerificationKey.load(decode(fromHex(documents.root)));
  return {
    trust: await once(documents.trust, () => verifyTrustList(fromHex(documents.trust), root, curves)),
    catalogue: await once(documents.catalogue, () => verifyCatalogue(fromHex(documents.catalogue), root, curves)),
    policy: await once(documents.policy, () => verifyPolicy(fromHex(documents.policy), root, curves)),
    status: statusOf(status),
    bans: new Map((bans ?? []).map(([iss, kid, since]) => [`${iss} ${kid}`, since])),
  };
}

const tiers = Object.fromEntries(Object.entries(TIER).map(([name, tier]) => [tier, name]));
for await (const line of createInterface({ input: process.stdin })) {
  const given = JSON.parse(line) as Given | { tiersOf: string[] };
  if ("tiersOf" in given) {
    console.log(JSON.stringify(given.tiersOf.map((code) => builtIn(code)).map((tier) => (tier === null ? null : tiers[tier]))));
    continue;
  }
  const verdict = await appraise(given.text, {
    face: { ...given.place, faceCompared: given.place.face_compared },
    clock: { ...given.clock, at: given.at },
    knowledge: await knowledgeOf(given),
    wasUsed: (key) => given.used.includes(toHex(key)),
    curves,
  });
  console.log(JSON.stringify(stated(verdict)));
}

function stated(verdict: Verdict): object {
  const { licence } = verdict;
  const json = (value: unknown) => (value instanceof Uint8Array ? { hex: toHex(value) } : value);
  return {
    class: verdict.class,
    proceed: verdict.proceed,
    codes: verdict.findings.map(({ code, tier }) => [code, tiers[tier]]),
    established: verdict.established,
    person_check: verdict.personCheck,
    burn_until: verdict.burnUntil,
    replay_key: verdict.replayKey === null ? null : toHex(verdict.replayKey),
    ages: [verdict.ages.trust, verdict.ages.status, verdict.ages.policy],
    members: verdict.members.map(stated),
    licence: licence && {
      vct: licence.vct,
      region: licence.region,
      authority: licence.authority,
      valid_to: licence.validTo,
      claims: licence.claims && [...licence.claims].map(([key, value]) => [key, json(value)]),
      hidden: licence.hiddenItems,
      mandate: licence.mandate && [licence.mandate.level, licence.mandate.until],
    },
  };
}
