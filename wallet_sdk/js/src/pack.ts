/** The card pack as the holder arranges and looks after it: profiles, groups, reminders, offices. All of it offline. */

import { isText } from "./claims.ts";
import { credentialEnd, type HeldLicence, legalEnd } from "./heldLicence.ts";
import type { Office, Place, Point } from "./directory.ts";
import { nearest } from "./nearest.ts";
import { type Purpose, purposeOf } from "./purposes.ts";
import { refusal } from "./showingErrors.ts";
import type { Wallet } from "./wallet.ts";

const [DAY, NINE] = [86_400, 9 * 3_600];
const [NAME, USCC] = [1, 4];
const LEGAL_PERSON = 2;
const MAX_GROUP_CHARACTERS = 24;

/** Whose licence it is; `family`: of a natural person for whom the holder acts. */
export type Profile = "personal" | "legal-person" | "family";
export const PROFILES: readonly Profile[] = ["personal", "legal-person", "family"];

/** What a mandate says. `level` counts the links from the licence: 1 representative, 2 licence manager, 3 agent. */
export interface ActsFor {
  readonly level: number;
  readonly purposes: readonly Purpose[];
  readonly kinds: readonly number[];
  readonly until: number;
  /** The name of the licence's holder, if the licence states one. */
  readonly holder: string | null;
}

/** That a licence ends. `id` is the same for the same reminder, for an app that shows each once. */
export interface Reminder {
  readonly id: string;
  readonly licence: HeldLicence;
  readonly daysLeft: number;
  /** The moment from which on it is due: nine in the morning of its day at UTC+8. */
  readonly at: number;
  /** Where the licence is renewed, as its region's directory says; where the app has said where the holder is, the nearest first. */
  readonly offices: readonly Office[];
}

/** Whose it is, as the issuer says; where it does not say, a company is known by its credit code. */
export function profile({ credentials: [{ issued, items }] }: HeldLicence): Profile {
  const { holderKind, mandate } = issued.claims;
  if (holderKind === LEGAL_PERSON || (holderKind === null && items.has(USCC))) return "legal-person";
  return mandate === null ? "personal" : "family";
}

/** @deprecated `profile`, as Python calls it. */
export const profileOf = profile;

/** Set where the card is a mandate: the licence is somebody else's. */
export function actsFor(licence: HeldLicence): ActsFor | null {
  const [{ issued, items }] = licence.credentials;
  const { mandate } = issued.claims;
  if (mandate === null) return null;
  const holder = items.get(NAME)?.value;
  return {
    level: mandate.level,
    purposes: mandate.purposes.map((each) => purposeOf(each)!),
    kinds: mandate.kinds,
    until: credentialEnd(licence),
    holder: typeof holder === "string" ? holder : null,
  };
}

export class CardPack {
  constructor(private readonly wallet: Wallet) {}

  /** The licences of a profile, of a group, of both, or all; in the order of their kinds and ids. */
  cards(only: { readonly profile?: Profile; readonly group?: string } = {}): readonly HeldLicence[] {
    const { profile: wanted, group } = only;
    return this.wallet
      .cards()
      .filter((each) => (wanted === undefined || profile(each) === wanted) && (group === undefined || each.group === group));
  }

  /** The groups that have a card, in the order of their names. */
  groups(): readonly string[] {
    return [...new Set(this.wallet.cards().flatMap(({ group }) => group ?? []))].sort();
  }

  /** Puts a licence into a group, which exists as long as it has a card; null: into none. */
  async put(licence: HeldLicence, group: string | null): Promise<HeldLicence> {
    if (group !== null && !(isText(group, 4 * MAX_GROUP_CHARACTERS) && [...group].length <= MAX_GROUP_CHARACTERS && group.trim() === group))
      throw refusal("GROUP_NAME");
    return this.wallet.group(licence, group);
  }

  /** What the holder is to be reminded of now, the most urgent first: the last one of each licence that has come. */
  reminders(at: number = this.wallet.ports.now(), near: Place | Point | null = null): readonly Reminder[] {
    const due = this.wallet.cards().flatMap((licence) => {
      const past = remindersOf(licence, near).filter((each) => each.at <= at);
      const last = past.reduce<Reminder | null>((latest, each) => (latest === null || each.at > latest.at ? each : latest), null);
      return last !== null && at < legalEnd(licence)! ? [last] : [];
    });
    return due.sort((a, b) => a.daysLeft - b.daysLeft || inOrder(a.id, b.id));
  }

  /** What is still to come, by its moment, for the notifications of a phone that is asleep then. */
  schedule(at: number = this.wallet.ports.now(), near: Place | Point | null = null): readonly Reminder[] {
    const coming = this.wallet.cards().flatMap((each) => remindersOf(each, near)).filter((each) => each.at > at); // prettier-ignore
    return coming.sort((a, b) => a.at - b.at || inOrder(a.id, b.id));
  }

  /** Where licences are renewed: of a kind (its slug), or with a part of name or address; with `near` the nearest first. */
  offices(kind = "", search = "", near: Place | Point | null = null): readonly (Office & { readonly region: string })[] {
    const directories = [...this.wallet.directories()].sort((a, b) => inOrder(a.iss, b.iss));
    const found = directories.flatMap(({ iss: region, offices, kinds }) =>
      offices
        .filter(({ name, address }) => name.includes(search) || address.includes(search))
        .filter((each) => kind === "" || each.kinds.some((vct) => kinds.get(vct)?.slug === kind))
        .map((each) => ({ ...each, region })),
    );
    return near === null ? found : nearest(found, near);
  }
}

function remindersOf(licence: HeldLicence, near: Place | Point | null): readonly Reminder[] {
  const end = legalEnd(licence);
  if (end === null) return [];
  const { id, kind, directory, credentials: [flexible] } = licence; // prettier-ignore
  const renewing = directory.offices.filter(({ kinds }) => kinds.includes(kind.vct));
  const offices = near === null ? renewing : nearest(renewing, near);
  // The end is the midnight after the last day: on the day before that one, one day is left.
  return kind.reminderDays.map((daysLeft) => ({
    id: `${id}:${String(flexible.items.get(7)!.value)}:${daysLeft}`,
    licence,
    daysLeft,
    at: end - (daysLeft + 1) * DAY + NINE,
    offices,
  }));
}

function inOrder(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
