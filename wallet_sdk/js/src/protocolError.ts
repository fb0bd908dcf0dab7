/** Why bytes or a text are refused: the protocol's stable codes (docs/verification.md), the same in every language. */

export class ProtocolError extends Error {
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
    this.name = "ProtocolError";
  }
}

export function refuse(code: string, message: string): never {
  throw new ProtocolError(code, message);
}
