/**
 * The news of a wallet: what issuers told, kept with its content until it is over.
 *
 * `openid4vci.notices` fetches them. Guaranteed: a notice is stored together with the cursor behind it, or neither is.
 */

import type { HeldLicence } from "./heldLicence.ts";
import { heard, isSame, NOBODY, type ToldDevice, type Word } from "./issuerRecords.ts";
import type { Wallet } from "./wallet.ts";

export class News {
  constructor(private readonly wallet: Wallet) {}

  /** How far this issuer has been read; empty: not at all. */
  cursor(issuer: string): string {
    return (this.wallet.records().issuers.get(issuer) ?? NOBODY).cursor;
  }

  /** What happened to the holder's other devices and was not acknowledged, the oldest first; `of`: as to this licence. */
  devices(of: HeldLicence | null = null): readonly ToldDevice[] {
    const all = [...this.wallet.records().issuers].flatMap(([issuer, { devices }]) => devices.filter(this.mayTell(issuer)));
    return all.filter(({ licenceId }) => of === null || licenceId === of.id).sort((a, b) => a.at - b.at);
  }

  /** Keeps what this issuer told after one cursor, and the next one, in one write; false: it has been read further meanwhile. */
  async take(issuer: string, words: readonly Word[], { after, cursor }: { readonly after: string; readonly cursor: string }): Promise<boolean> {
    let isNext = true;
    await this.wallet.record((records) => {
      const before = records.issuers.get(issuer) ?? NOBODY;
      isNext = before.cursor === after;
      if (!isNext || (cursor === after && words.length === 0)) return records;
      const mayTell = this.mayTell(issuer);
      const believed = words.filter((word) => !("device" in word) || mayTell(word));
      return { ...records, issuers: new Map(records.issuers).set(issuer, heard(before, believed, cursor)) };
    });
    return isNext;
  }

  /** The holder has read of this device, of all devices of this licence, or of all (null): they are not shown again. */
  acknowledge(what: HeldLicence | ToldDevice | null = null): Promise<void> {
    const isRead = (each: ToldDevice) =>
      what === null || ("device" in what ? isSame(each, what) : each.licenceId === what.id);
    return this.wallet.record((records) => {
      if (![...records.issuers.values()].some(({ devices }) => devices.some(isRead))) return records;
      const rest = [...records.issuers].map(([issuer, said]) => {
        return [issuer, { ...said, devices: said.devices.filter((each) => !isRead(each)) }] as const;
      });
      return { ...records, issuers: new Map(rest) };
    });
  }

  /** An issuer speaks of its own licences, and of those that another device of the holder has. */
  private mayTell(issuer: string): (told: ToldDevice) => boolean {
    const others = new Set(this.wallet.cards().filter(({ refreshUrl }) => refreshUrl !== issuer).map(({ id }) => id)); // prettier-ignore
    return ({ licenceId }) => !others.has(licenceId);
  }
}
