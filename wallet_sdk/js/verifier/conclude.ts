/**
 * One verified presentation to its verdict: steps 9 (the items) to 14 of docs/verification.md, all findings collected.
 *
 * A member of a bundle goes through them as if it stood alone.
 */

import { toHex } from "../src/bytes.ts";
import { absenceIsStated } from "../src/catalogue.ts";
import type { UnverifiedCredential } from "../src/credential.ts";
import { oversteps } from "../src/mandate.ts";
import * as presentation from "../src/presentation.ts";
import type { Presentation } from "../src/presentation.ts";
import { audienceOf, purposeNumber } from "../src/purposes.ts";
import type { Clock, Context, Face, Knowledge, Risk, StatusAnswer } from "./context.ts";
import { agesOf, codeOf } from "./deadEnds.ts";
import {
  assuranceSuffices, challengeRequired, decide, doubtful, finding, grade, rank, statusTier, trustTier,
} from "./gates.ts";
import { check, flatten, isIdentifierLegacy, isUnder, type Items, LIC, shown } from "./items.ts";
import { maximumOf, type PolicyRow, recognises, rowFor } from "./policy.ts";
import {
  ageOf, againstSignedMoments, CHALLENGED_SKEW, CLOCK_SKEW, isTrusted, legalDates, presentationWindow, technicalDates,
} from "./validity.ts";
import { type Fact, FACTS, type Finding, type Licence, TIER, type Verdict } from "./verdict.ts";

const SHOWN_UNDER_REFUSAL = ["E_SUSPENDED", "E_REVOKED", "E_LIC_EXPIRED"];
const NOT_VALID = ["E_REVOKED", "E_SUSPENDED", "E_DEVICE_LOST", "W_SUPERSEDED"];
const GUARDIAN_LEVEL = 1;
const LEGAL_PERSON = 2;

/** Both signatures hold and every disclosure has its place (steps 5 to 9). */
export interface Verified {
  readonly presentation: Presentation;
  readonly parts: UnverifiedCredential;
}

/** `holders`: how many different holders of this licence show it in this act. */
export function conclude(verified: Verified, context: Context, knowledge: Knowledge, holders = 1): Verdict {
  return verdictOf(new Case(verified.presentation, verified.parts, context, knowledge, holders));
}

/** Before the ban's moment it may be honest; who holds the key chooses that moment (ADR 0014). */
export function ban({ bans }: Knowledge, { claims, kid }: UnverifiedCredential): Finding | null {
  const since = bans.get(`${claims.iss} ${toHex(kid)}`);
  return since === undefined ? null : finding(claims.iat >= since ? "E_ISSUER_BANNED" : "W_ISSUER_BANNED");
}

/** A verified presentation with everything that steps 10 to 13 look at. */
class Case {
  readonly items: Items;
  readonly isFormed: boolean;
  readonly clock: Clock;
  readonly face: Face;
  readonly status: StatusAnswer;
  readonly row: PolicyRow | null;
  readonly broken: readonly string[];

  constructor(
    readonly shown: Presentation,
    readonly parts: UnverifiedCredential,
    readonly context: Context,
    readonly knowledge: Knowledge,
    readonly holders: number,
  ) {
    const { credential: issued } = shown;
    const { uri, idx } = issued.status;
    [this.items, this.isFormed] = this.#itemsOf();
    this.status = knowledge.status.lookUp(uri, idx);
    const asOf = this.status.coverage === "covered" ? this.status.asOf : 0;
    const signed = [knowledge.trust.iat, knowledge.catalogue.iat, knowledge.policy.iat, asOf];
    this.clock = againstSignedMoments(context.clock, Math.max(...signed));
    const { at } = this.clock;
    // An agent's face can be compared with nothing: no row of the matrix that rests on that comparison counts.
    this.face = issued.mandate === null ? context.face : { ...context.face, faceCompared: false };
    const { purpose } = context.face;
    this.row = at < knowledge.policy.exp ? rowFor(knowledge.policy, issued.vct, purpose, this.region) : null;
    const facts = { region: this.region, vct: issued.vct, exp: issued.exp, purpose: purposeNumber(purpose), at };
    this.broken = issued.mandate === null ? [] : oversteps(issued.mandate, facts);
  }

  get region(): string {
    return this.shown.credential.iss.slice(0, 6);
  }

  get kind() {
    return this.knowledge.catalogue.kinds.get(this.shown.credential.vct) ?? null;
  }

  /** X for an irreversible act, and for a kind of which nothing is known. */
  get risk(): Risk {
    if (this.kind === null || this.row?.irreversible) return "X";
    return this.knowledge.catalogue.risks.get(this.kind.vct) ?? "X";
  }

  get statusAge(): number | null {
    return this.status.coverage === "covered" ? ageOf(this.clock.at, this.status.asOf) : null;
  }

  get personCheck(): boolean {
    return this.row !== null && this.row.personCheck && this.context.face.attended;
  }

  /** Step 9, the items: they have the forms that the catalogue gives them. */
  #itemsOf(): [Items, boolean] {
    try {
      const flat = flatten(this.shown.items);
      if (this.kind !== null) check(this.kind, flat);
      return [flat, true];
    } catch (error) {
      codeOf(error);
      return [new Map(), false];
    }
  }
}

function verdictOf(its: Case): Verdict {
  const { clock, context, shown: presented } = its;
  const moments = momentsOf(its);
  const form = its.isFormed ? [] : [finding("E_SCHEMA")];
  const findings = rank([...form, ...moments, ...bindingOf(its), ...statusOf(its), ...policyOf(its)]);
  const established: Fact[] = ["issuer_signature", "holder_key"];
  if (its.isFormed) established.push("disclosures");
  if (its.isFormed && isTrusted(clock) && moments.every((each) => each.tier === TIER.information))
    established.push("validity_dates");
  if (its.status.coverage === "covered" && its.status.value === 0 && grade(its.statusAge) < 5) established.push("status");
  // Step 14.
  const [verdictClass, proceed] = decide(findings, its.personCheck);
  if (verdictClass === "accept" && established.length !== FACTS.length)
    throw new Error("accepted without everything established");
  const isUsedUp = verdictClass === "accept" || verdictClass === "check";
  const { cnonce, exp } = presented.keyBinding;
  return {
    class: verdictClass,
    proceed,
    established,
    findings,
    licence: licenceOf(its, findings),
    purpose: context.face.purpose,
    personCheck: its.personCheck && isUsedUp,
    ages: agesOf(context, its.status.coverage === "covered" ? its.status.asOf : null),
    replayKey: presented.replayKey,
    burnUntil: isUsedUp ? exp + (cnonce === null ? CLOCK_SKEW : CHALLENGED_SKEW) : null,
    members: [],
  };
}

/** Step 10. */
function momentsOf({ shown: presented, clock, items, broken, face }: Case): readonly Finding[] {
  const findings: Finding[] = [];
  try {
    // SD-CWT section 9 step 7: relations between both tokens.
    presentation.checkTimeRelations(presented);
  } catch (error) {
    findings.push(finding(codeOf(error)));
  }
  findings.push(...presentationWindow(presented.keyBinding, clock));
  if (broken.includes("expired") && isTrusted(clock)) findings.push(finding("E_MANDATE_EXPIRED"));
  else findings.push(...technicalDates(presented.credential, clock));
  findings.push(...legalDates(items, clock));
  if (!isTrusted(clock)) findings.push({ code: "W_CLOCK", tier: doubtful(face) });
  return findings;
}

/** Step 11. Nothing was asked here, so that no nonce is an answer. */
function bindingOf({ shown: presented, row, risk, face, context }: Case): readonly Finding[] {
  const { aud, cnonce } = presented.keyBinding;
  const codes: string[] = [];
  if (aud !== audienceOf(face.purpose)) codes.push("E_AUD");
  if (cnonce !== null) codes.push("E_CNONCE");
  else codes.push(row?.challengeRequired || challengeRequired(risk, face) ? "E_CHALLENGE_REQUIRED" : "W_OPEN_MODE");
  if (row?.sealRequired) codes.push("E_SEAL_REQUIRED");
  if (context.wasUsed(presented.replayKey)) codes.push("E_REPLAY");
  return codes.map(finding);
}

/** Step 12: a non-valid answer is final at any age; "valid" is worth what its age leaves of it. */
function statusOf(its: Case): readonly Finding[] {
  const found = statusCode(its);
  if (found === null) return [];
  const isMandate = its.shown.credential.mandate !== null;
  return [isMandate && NOT_VALID.includes(found.code) ? finding("E_MANDATE_REVOKED") : found];
}

function statusCode({ status, risk, face, row, region, clock }: Case): Finding | null {
  if (status.coverage === "out of range") return finding("E_STATUS_RANGE");
  if (status.coverage !== "covered") return finding("W_STATUS_MISSING");
  if (status.value !== 0) return finding({ 2: "E_SUSPENDED", 3: "E_DEVICE_LOST", 15: "W_SUPERSEDED" }[status.value] ?? "E_REVOKED");
  const facts = { age: ageOf(clock.at, status.asOf), isForeign: region !== face.region, maxAge: row?.maxStatusAge ?? null };
  const tier = statusTier(risk, face, facts);
  return tier === TIER.affirming ? null : { code: "W_STATUS_STALE", tier };
}

/** Step 13. */
function policyOf(its: Case): readonly Finding[] {
  const { knowledge, clock, face, items, kind, row, broken, personCheck, shown: presented } = its;
  const { credential: issued } = presented;
  const findings: Finding[] = [];
  if (broken.some((each) => each !== "expired")) findings.push(finding("E_MANDATE_SCOPE"));
  const trust = trustTier(clock.at - knowledge.trust.exp, face);
  if (trust !== TIER.affirming) findings.push({ code: "W_TRUST_STALE", tier: trust });
  const banned = ban(knowledge, its.parts);
  if (banned !== null) findings.push(banned);
  if (isIdentifierLegacy(items)) findings.push(finding("W_ID_CHECK_LEGACY"));
  if (row === null || kind === null) return [...findings, finding("W_POLICY_MISSING")];
  if (!recognises(row, its.region)) findings.push({ code: "W_REGION", tier: doubtful(face) });
  const byAgent = issued.mandate !== null;
  if (!assuranceSuffices(its.risk, face, issued.keyAssurance, row.minAssurance, !(personCheck && byAgent)))
    findings.push(finding("W_ASSURANCE"));
  // Where a person compares, an irreversible act needs the portrait; an agent has none that could be compared.
  const portrait = personCheck && its.risk === "X" && !byAgent ? [LIC.portraitSha256] : [];
  // What the issuer itself left out of the clear items is nothing that a holder withheld.
  const needed = [...[...row.mandatory].filter((key) => !absenceIsStated(kind).includes(key)), ...portrait];
  if (!needed.every((key) => items.has(key))) findings.push(finding("W_CLAIM_MISSING"));
  if (issued.holderKind !== LEGAL_PERSON) findings.push(...guardian(its, row));
  if (its.holders < row.holdersRequired) findings.push(finding("W_HOLDERS_MISSING"));
  if (personCheck) findings.push(finding("W_PERSON_CHECK"));
  return findings;
}

function guardian({ shown: presented, items, clock, face }: Case, row: PolicyRow): readonly Finding[] {
  if (row.guardianBelow === null || presented.credential.mandate?.level === GUARDIAN_LEVEL) return [];
  // The holder is as young as the clock allows.
  const isChild = isUnder(row.guardianBelow, items, clock.at - clock.uncertainty);
  if (isChild === false) return [];
  return [{ code: isChild === null ? "W_AGE_UNKNOWN" : "W_GUARDIAN", tier: doubtful(face) }];
}

/** Kind and place always, items only where nothing forbids. */
function licenceOf(its: Case, findings: readonly Finding[]): Licence {
  const { shown: presented, kind, row, items } = its;
  const { credential: issued } = presented;
  const refusals = findings.filter((each) => each.tier >= TIER.contraindicated).map((each) => each.code);
  const mayShow =
    refusals.length === 0 || (row?.showUnderRefusal && refusals.every((each) => SHOWN_UNDER_REFUSAL.includes(each)));
  const claims = kind !== null && row !== null && mayShow ? shown(kind, maximumOf(row), row.masked, items) : null;
  const [named, validTo] = [claims?.get(LIC.authority), items.get(LIC.validTo)];
  return {
    vct: issued.vct,
    region: its.region,
    authority: typeof named === "string" ? named : issued.iss.slice(7),
    validTo: claims !== null && typeof validTo === "number" ? validTo : null,
    claims,
    hiddenItems: presented.hiddenItems,
    mandate: issued.mandate === null ? null : { level: issued.mandate.level, until: issued.exp },
  };
}

