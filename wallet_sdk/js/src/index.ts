/** The wallet SDK: what an app imports. */

export type { Item, Kind, Language, Names } from "./catalogue.ts";
export { type ConsentRequest, Decision } from "./consent.ts";
export type { Use, UsedLicence } from "./history.ts";
export type { DeviceEvent, Status, ToldDevice, ToldStatus, Word } from "./issuerRecords.ts";
export type { HeldLicence } from "./heldLicence.ts";
export type { Curves } from "./curves.ts";
export { ED25519, ESP256, type Alg, type Authorisation, type Signer, VerificationKey } from "./keys.ts";
export type { News } from "./news.ts";
export { ProtocolError } from "./protocolError.ts";
export { type Purpose, PURPOSES } from "./purposes.ts";
export type { Frame, Picture, Showing } from "./showing.ts";
export { type CardItem, type CardState, type Ports, type Storage, Wallet } from "./wallet.ts";
export { WalletError } from "./walletError.ts";
export { type KeyPair, makeKeyPair, type Subtle, webCryptoCurves, webCryptoSigner } from "./webCrypto.ts";
