/** `liangzheng vectors check tests/vectors --command "node readVector.mjs {format} {at} {key} {dir}"`. */

import process from "node:process";

import { ProtocolError } from "../src/protocolError.ts";
import { classOf, ground, read } from "./reading.ts";

const [format, at, key, folder] = process.argv.slice(2) as [string, string, string, string];
process.stdin.setEncoding("utf8");
let input = "";
for await (const piece of process.stdin) input += piece;
input = input.replace(/\n$/, "");
try {
  console.log(JSON.stringify({ read: await read(format, input, await ground(folder), Number(at), key) }));
} catch (error) {
  if (!(error instanceof ProtocolError)) throw error;
  console.log(JSON.stringify({ code: error.code }));
  process.exitCode = classOf(error.code) === "not_read" ? 4 : 1;
}
