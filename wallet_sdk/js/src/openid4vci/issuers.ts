/** What an issuer says of itself: where its endpoints are (sections 12.2 and 12.3), all of them on its own host. */

import type { Language } from "../catalogue.ts";
import { isText } from "../claims.ts";
import { OfferError } from "./offerError.ts";
import { ask, checked, isObject, malformed, type Members, own, type Transport } from "./transport.ts";

/** The only credential format that this wallet reads (docs/spec/issuing.md). */
export const FORMAT = "lz1-package";
const MAX_NAME_BYTES = 120;

/** The checked document of one issuer. */
export class IssuerMetadata {
  constructor(
    readonly issuer: string,
    private readonly document: Members,
  ) {}

  has(name: string): boolean {
    return own(this.document, name) !== undefined;
  }

  /** Whether there is a list of that name that is not empty. */
  lists(name: string, within: string): boolean {
    const members = own(this.document, within);
    const found = isObject(members) ? own(members, name) : undefined;
    return Array.isArray(found) && found.length > 0;
  }

  /** The address of this endpoint. */
  endpoint(name: string, within: string | null = null): string {
    const members = within === null ? this.document : own(this.document, within);
    const address = isObject(members) ? own(members, name) : undefined;
    if (typeof address !== "string") malformed(`no ${name}`);
    checked(address, checked(this.issuer).authority);
    return address;
  }

  /** Returns if this wallet can receive this kind. */
  demandKind(kind: string): void {
    if (this.configuration(kind)["format"] !== FORMAT) throw new OfferError("OFFER_UNSUPPORTED", "a licence in another format");
  }

  /** How the issuer calls this kind; null in a language that it does not say it in. Nothing of this is signed. */
  nameOf(kind: string, language: Language): string | null {
    const { credential_metadata: metadata } = this.configuration(kind);
    const display = isObject(metadata) ? own(metadata, "display") : undefined;
    const names = Array.isArray(display) ? display.filter(isObject) : [];
    const { name } = names.find(({ locale }) => locale === language) ?? {};
    return typeof name === "string" && isText(name, MAX_NAME_BYTES) ? name : null;
  }

  private configuration(kind: string): Members {
    const kinds = own(this.document, "credential_configurations_supported");
    const found = isObject(kinds) ? own(kinds, kind) : undefined;
    return isObject(found) ? found : {};
  }
}

/** What this issuer says of itself. */
export async function issuerMetadata(issuer: string, transport: Transport): Promise<IssuerMetadata> {
  return document(issuer, "openid-credential-issuer", "credential_issuer", transport);
}

/** Where this issuer gives access tokens. */
export async function tokenEndpoint(issuer: string, transport: Transport): Promise<string> {
  return (await document(issuer, "oauth-authorization-server", "issuer", transport)).endpoint("token_endpoint");
}

async function document(issuer: string, name: string, member: string, transport: Transport): Promise<IssuerMetadata> {
  // Section 12.2.2 and RFC 8414 section 3.1: between the host and the path, if there is one.
  const { scheme, authority, path } = checked(issuer);
  const url = `${scheme}://${authority}/.well-known/${name}${path}`;
  const { members } = await ask(transport, { url, headers: { Accept: "application/json" }, body: null });
  if (own(members, member) !== issuer) malformed("it is another issuer's document");
  return new IssuerMetadata(issuer, members);
}
