/** `liangzheng vectors check tests/vectors --command "node readVector.mjs {format} {at} {key} {dir}"`. */

import { readFileSync } from "node:fs";
import process from "node:process";

import { ProtocolError } from "../src/protocolError.ts";
import { classOf, ground, read } from "./reading.ts";

const [format, at, key, folder] = process.argv.slice(2) as [string, string, string, string];
const input = readFileSync(0, "utf8").replace(/\n$/, "");
try {
  console.log(JSON.stringify({ read: read(format, input, ground(folder), Number(at), key) }));
} catch (error) {
  if (!(error instanceof ProtocolError)) throw error;
  console.log(JSON.stringify({ code: error.code }));
  process.exitCode = classOf(error.code) === "not_read" ? 4 : 1;
}
